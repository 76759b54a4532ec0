"""The portals that whoever asks may know of."""

from app.access import visible
from app.desk import Desk


def seen_portals(desk: Desk, only: str | None = None) -> list[str]:
    """Return them, or the one that was asked for. Raises Missing if that is none of them."""
    portals = visible(desk.portals)
    return portals if only is None else [desk.portal(only, portals=portals)]
