"""/api/v1/mappings: what they say, and what a changed one would do. Nothing is ever sent."""

from datetime import timedelta
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app.access import require
from app.api.asking import NAME, Asked, body
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import seen_portals
from app.desk import Desk, mappings
from app.desk.mappings import Checks, MappingDetail, MappingPage, Rehearsed
from app.desk.refusals import Misasked
from app.desk.trials import Sample, Trial

LARGEST_TEXT = 200_000
LARGEST_PAYLOAD = 200_000
WEEK_S = 7 * 86_400


class Text(Asked):
    """A mapping's text."""

    text = fields.String(required=True, validate=validate.Length(max=LARGEST_TEXT))


class Tried(Asked):
    """A sample, and the mapping to try on it."""

    text = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=LARGEST_TEXT),
        metadata={"description": "in place of the mapping's own; null: as it is"},
    )
    event = fields.String(
        load_default=None,
        allow_none=True,
        validate=NAME,
        metadata={"description": "the id of an event that was accepted"},
    )
    payload = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=LARGEST_PAYLOAD),
        metadata={"description": "a body as its sender would send it"},
    )
    headers = fields.Dict(
        keys=fields.String(validate=NAME),
        values=fields.String(validate=validate.Length(max=2_000)),
        load_default=dict,
    )


class Past(Text):
    """A mapping's text, and how far back."""

    since_s = fields.Integer(load_default=WEEK_S, validate=validate.Range(1, 10 * WEEK_S))
    limit = fields.Integer(
        load_default=mappings.MOST_REHEARSED,
        validate=validate.Range(1, mappings.MOST_REHEARSED),
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("mappings", __name__, description="Mappings, and trying them")
    handle(routes)

    @routes.get("/mappings")
    @require("viewer")
    @routes.response(200, schema_of(MappingPage))
    def all_mappings() -> MappingPage:
        """List the mapping of each endpoint."""
        return mappings.list_mappings(desk, portals=seen_portals(desk))

    @routes.get("/mappings/<string:endpoint>")
    @require("viewer")
    @routes.response(200, schema_of(MappingDetail))
    def one(endpoint: str) -> MappingDetail:
        """Show the text of an endpoint's mapping, and what is wrong with it."""
        return mappings.mapping_detail(desk, endpoint, portals=seen_portals(desk))

    @routes.post("/mappings/<string:endpoint>/check")
    @require("operator")
    @body(routes, Text)
    @routes.response(200, schema_of(Checks))
    def check(asked: dict[str, Any], endpoint: str) -> Checks:
        """Tell what is wrong with a text as the endpoint's mapping."""
        return mappings.check_mapping(desk, endpoint, asked["text"], portals=seen_portals(desk))

    @routes.post("/mappings/<string:endpoint>/preview")
    @require("operator")
    @body(routes, Tried)
    @routes.response(200, schema_of(Trial))
    def preview(asked: dict[str, Any], endpoint: str) -> Trial:
        """Tell the exact calls that an event or a payload would lead to; nothing is sent."""
        if (asked["event"] is None) is (asked["payload"] is None):
            raise Misasked("event: give either an event's id or a payload")
        sample = Sample(
            event=asked["event"], payload=asked["payload"] or "", headers=asked["headers"]
        )
        return mappings.preview(
            desk, endpoint, sample, text=asked["text"], portals=seen_portals(desk)
        )

    @routes.post("/mappings/<string:endpoint>/rehearsal")
    @require("operator")
    @body(routes, Past)
    @routes.response(200, schema_of(Rehearsed))
    def rehearse(asked: dict[str, Any], endpoint: str) -> Rehearsed:
        """Tell what past events would leave otherwise under a changed text; nothing is sent."""
        return mappings.rehearsal(
            desk,
            endpoint,
            asked["text"],
            since=timedelta(seconds=asked["since_s"]),
            portals=seen_portals(desk),
            limit=asked["limit"],
        )

    return routes
