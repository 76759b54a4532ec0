"""/api/v1/events: the events, and one with all that is known of it."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields

from app.access import note, require
from app.api.asking import Asked, EventsAsked, query
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import seen_portals
from app.desk import Desk
from app.desk.events import EventDetail, EventPage, event_detail, list_events


class Shown(Asked):
    """How an event is to be shown."""

    reveal = fields.Boolean(
        load_default=False,
        metadata={"description": "show what the configuration hides; takes the role operator"},
    )
    whole_calls = fields.Boolean(
        load_default=False,
        metadata={"description": "show the calls with the inputs of other events too"},
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("events", __name__, description="Events that were accepted")
    handle(routes)

    @routes.get("/events")
    @require("viewer")
    @query(routes, EventsAsked)
    @routes.response(200, schema_of(EventPage))
    def events(asked: dict[str, Any]) -> EventPage:
        """List events, the newest first; `next` is the cursor of the next page."""
        return list_events(
            desk,
            asked["query"],
            portals=seen_portals(desk, asked["portal"]),
            limit=asked["limit"],
            cursor=asked["cursor"],
        )

    @routes.get("/events/<string:id>")
    @require("viewer")
    @query(routes, Shown)
    @routes.response(200, schema_of(EventDetail))
    def event(asked: dict[str, Any], id: str) -> EventDetail | Response:
        """Show an event: its body, timeline, steps, and each call with its answer."""
        if not asked["reveal"]:
            return event_detail(
                desk, id, portals=seen_portals(desk), whole_calls=asked["whole_calls"]
            )
        return revealed(id, whole_calls=asked["whole_calls"])

    @require("operator")
    def revealed(id: str, *, whole_calls: bool) -> EventDetail:
        found = event_detail(
            desk, id, portals=seen_portals(desk), reveal=True, whole_calls=whole_calls
        )
        note("reveal", on=id)
        return found

    return routes
