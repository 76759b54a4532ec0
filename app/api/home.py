"""/api/v1/overview: how everything stands."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app.access import require
from app.api.asking import query
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import OfPortal, seen_portals
from app.desk import Desk
from app.desk.home import MOST_MINUTES, Overview, overview


class Glance(OfPortal):
    """How far to look back."""

    minutes = fields.Integer(load_default=60, validate=validate.Range(1, MOST_MINUTES))


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("overview", __name__, description="How everything stands")
    handle(routes)

    @routes.get("/overview")
    @require("viewer")
    @query(routes, Glance)
    @routes.response(200, schema_of(Overview))
    def glance(asked: dict[str, Any]) -> Overview:
        """Tell of each portal what waits, its quota, and what happened in each of the minutes."""
        portals = seen_portals(desk, asked.get("portal"))
        return overview(desk, portals=portals, last=asked["minutes"])

    return routes
