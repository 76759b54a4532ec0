"""The portals that whoever asks may know of."""

from marshmallow import fields

from app.access import visible
from app.api.asking import NAME, Asked
from app.desk import Desk


def seen_portals(desk: Desk, only: str | None = None) -> list[str]:
    """Return them, or the one that was asked for. Raises Missing if that is none of them."""
    portals = visible(desk.portals)
    return portals if only is None else [desk.portal(only, portals=portals)]


class OfPortal(Asked):
    """Of one portal alone; of all, if it is not said."""

    portal = fields.String(validate=NAME)
