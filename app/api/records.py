"""/api/v1/records: who wrote each property of a record."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields

from app.access import require
from app.api.asking import NAME, Asked, query
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import seen_portals
from app.desk import Desk
from app.desk.records import RecordDetail, record_detail


class RecordAsked(Asked):
    """How the record is named."""

    by = fields.String(
        validate=NAME,
        metadata={"description": "the property that RECORD is a value of, if it is no id"},
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("records", __name__, description="What Hookline wrote")
    handle(routes)

    @routes.get("/portals/<string:portal>/records/<string:object_type>/<string:record>")
    @require("viewer")
    @query(routes, RecordAsked)
    @routes.response(200, schema_of(RecordDetail))
    def one(asked: dict[str, Any], portal: str, object_type: str, record: str) -> RecordDetail:
        """Tell of each property of a record which event wrote it, when, and by which line."""
        return record_detail(
            desk,
            portal,
            object_type,
            record,
            by=asked.get("by"),
            portals=seen_portals(desk),
        )

    return routes
