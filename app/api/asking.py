"""What may be asked for in a request: the schemas of queries and bodies."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, post_load, validate

from app.desk.events import MOST_ROWS
from workers.outcomes import EventState
from workers.store import Query

NAME = validate.Length(max=200)
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Asked(Schema):
    """A query or body; what is not known is refused."""


def query(routes: Blueprint, schema: type[Schema]) -> Decorator:
    """Let a view take the URL's parameters as `schema` says, and no other."""
    found: Decorator = routes.arguments(schema, location="query", unknown=RAISE)
    return found


def body(routes: Blueprint, schema: type[Schema]) -> Decorator:
    """Let a view take the request's body, JSON, as `schema` says."""
    found: Decorator = routes.arguments(schema, location="json", unknown=RAISE)
    return found


def moment(**options: Any) -> fields.Field[Any]:
    """Return the field of a moment: ISO 8601; without a zone it is UTC."""
    return fields.AwareDateTime(
        format="iso",
        default_timezone=UTC,
        validate=validate.Range(EARLIEST, LATEST),
        **options,
    )


class EventFilter(Asked):
    """Which events are meant; what is not said does not matter."""

    endpoint = fields.String(validate=NAME)
    type = fields.String(validate=NAME)
    state = fields.Enum(EventState, by_value=True)
    since = moment(metadata={"description": "accepted at this moment or later"})
    until = moment(metadata={"description": "accepted before this moment"})
    text = fields.String(
        validate=NAME, metadata={"description": "in our id of the event or in the sender's"}
    )
    key = fields.String(
        validate=NAME,
        metadata={
            "description": "a key of a record that the event is about, an e-mail address say; "
            "an event is found by it once it was looked at"
        },
    )
    group = fields.String(
        validate=NAME, metadata={"description": "of those that ended alike; goes with `state`"}
    )
    reason = fields.String(
        validate=NAME, metadata={"description": "in what is said of the event's end"}
    )


class EventsAsked(EventFilter):
    """A page of events."""

    portal = fields.String(validate=NAME)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST_ROWS))
    cursor = fields.String(validate=validate.Length(max=500))

    @post_load
    def _query(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        paging = {name: data.pop(name, None) for name in ("portal", "limit", "cursor")}
        return {**paging, "query": Query(**data)}
