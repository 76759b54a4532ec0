"""What is counted of each delivery: in this process, without asking the store."""

from app.ingest.problems import Told
from workers import measures
from workers.store.counters import Tally

UNKNOWN = "unknown"  # every name that is no endpoint's: a stranger may not make up labels
KEPT = frozenset({"accepted", "duplicate"})
SIGNATURE = "signature_"


def count_delivery(tally: Tally, endpoint: str, told: Told, *, took_s: float) -> None:
    """Count one answer of the door."""
    reason = str(told.about.get("reason", "none"))
    tally.count(measures.DELIVERIES, "", endpoint, str(told.status), reason)
    if reason in KEPT:
        tally.observe(measures.ACCEPT_S, "", endpoint, seconds=took_s)
    elif reason.startswith(SIGNATURE):
        tally.count(measures.SIGNATURES, "", endpoint, reason.removeprefix(SIGNATURE))
