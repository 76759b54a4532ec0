"""The line of an event says where it came from, what became of it and how long that took."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

SCRIPT = """
from datetime import UTC, datetime
from workers.events import Event
from workers.logs import configure, log
from workers.outcomes import EventState, Outcome, State, Verdict

configure()
moment = datetime(2026, 9, 21, tzinfo=UTC)
event = Event(
    id="acme.shop-1-0", portal="acme", endpoint="shop", source="shopify",
    source_id="zoe@acme.example", type="order.paid", time=moment, received=moment,
    headers={"x-mail": "zoe@acme.example"}, body=b'{"email": "zoe@acme.example"}',
)
outcome = Outcome(step="buyer", state=State.REJECTED, where="shop.yaml:7", calls=("1-1", "1-2"))
reason = "shop.yaml:7: buyer: Email address zoe@acme.example is invalid"
verdict = Verdict(state=EventState.DEAD, reason=reason, outcomes=[outcome])
log.event(event, verdict, waited_s=0.25, applied_s=None, attempts=3)
"""


def test_the_line_of_an_event_names_nobody(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=project, capture_output=True, text=True, check=True
    )
    assert "zoe" not in done.stderr
    line = json.loads(done.stderr)
    written = datetime.fromisoformat(line.pop("timestamp"))
    assert written.tzinfo == UTC
    assert line == {
        "event": "event handled",
        "level": "info",
        "id": "acme.shop-1-0",
        "portal": "acme",
        "endpoint": "shop",
        "source": "shopify",
        "type": "order.paid",
        "state": "dead",
        "reason": "invalid_value",
        "at": "shop.yaml:7",
        "wait_s": 0.25,
        "apply_s": None,
        "attempts": 3,
        "changes": {"rejected": 1},
        "calls": 2,
        "due": None,
    }
