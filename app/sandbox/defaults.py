"""The pipelines that a new account has."""

from collections.abc import Iterable, Mapping

from app.sandbox.catalogue import DEAL_STAGES, TICKET_STAGES

MOMENT = "2026-01-01T00:00:00Z"
CERTAIN = ("1.0", "0.0")  # a deal of such a chance is closed
SERVICE_STAGES = (("service_new", "New"), ("service_active", "Active"), ("service_done", "Done"))


def first_pipelines() -> dict[str, dict[str, dict[str, object]]]:
    """Return the pipelines by object type and id; HubSpot does not publish those of services."""
    deals = [
        (each, each, {"isClosed": str(chance in CERTAIN).lower(), "probability": chance})
        for each, chance in DEAL_STAGES
    ]
    tickets = [(each, label, {"ticketState": state}) for each, label, state in TICKET_STAGES]
    services = [(each, label, {"state": "OPEN"}) for each, label in SERVICE_STAGES]
    return {
        "0-3": {"default": _pipeline("default", "Deal pipeline", deals)},
        "0-5": {"0": _pipeline("0", "Ticket pipeline", tickets)},
        "0-162": {"services": _pipeline("services", "Service pipeline", services)},
    }


def _pipeline(
    own_id: str, label: str, stages: Iterable[tuple[str, str, Mapping[str, str]]]
) -> dict[str, object]:
    moments = {"createdAt": MOMENT, "updatedAt": MOMENT, "archived": False}
    listed = [
        {"id": each, "label": name, "displayOrder": number, "metadata": dict(metadata), **moments}
        for number, (each, name, metadata) in enumerate(stages)
    ]
    return {"id": own_id, "label": label, "displayOrder": 0, "stages": listed, **moments}
