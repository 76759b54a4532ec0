"""/api/v1: what ended badly by groups; replay, discard, resolve; and the work in the background."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields, validate

from app.access import named, note, require
from app.api.asking import NAME, Asked, body, query
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import OfPortal, seen_portals
from app.desk import Desk, letters
from app.desk.letters import ChorePage, ChoreRow, Did, DidPage, GroupPage, Which
from workers.outcomes import EventState

IDS = validate.Length(1, letters.MOST_NAMED)
REASON = validate.Length(1, letters.LONGEST_REASON)


class Named(Asked):
    """Events by their ids."""

    ids = fields.List(fields.String(validate=NAME), required=True, validate=IDS)


class Discarded(Named):
    """Events to give up, and why."""

    reason = fields.String(required=True, validate=REASON)


class Meant(Asked):
    """Which dead or unknown events of a portal; what is not said does not matter."""

    portal = fields.String(required=True, validate=NAME)
    state = fields.Enum(
        EventState,
        by_value=True,
        load_default=EventState.DEAD,
        validate=validate.OneOf([EventState.DEAD, EventState.UNKNOWN]),
        metadata={"enum": ["dead", "unknown"]},
    )
    endpoint = fields.String(validate=NAME)
    type = fields.String(validate=NAME)
    group = fields.String(validate=NAME)
    words = fields.String(validate=NAME, metadata={"description": "in the reason of their end"})


class MeantToDiscard(Meant):
    """Which events to give up, and why."""

    reason = fields.String(required=True, validate=REASON)


class Word(Asked):
    """A person's word on a create whose answer was lost."""

    made = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"[0-9]{1,30}$"),
        metadata={"description": "the id of the record that it made; null: it made none"},
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("dead letters", __name__, description="Events that ended badly")
    handle(routes)

    @routes.get("/groups")
    @require("viewer")
    @query(routes, OfPortal)
    @routes.response(200, schema_of(GroupPage))
    def groups(asked: dict[str, Any]) -> GroupPage:
        """List dead and unknown events by what ended them; `/events?state=…&group=…` shows one."""
        return letters.list_groups(desk, portals=seen_portals(desk, asked.get("portal")))

    @routes.post("/events/<string:id>/replay")
    @require("operator")
    @routes.response(200, schema_of(Did))
    def replay_one(id: str) -> Did:
        """Put a dead or unknown event back to work."""
        did = letters.replay_one(desk, id, portals=seen_portals(desk))
        note("replay", on=id)
        return did

    @routes.post("/events/<string:id>/resolve")
    @require("operator")
    @body(routes, Word)
    @routes.response(200, schema_of(Did))
    def resolve(asked: dict[str, Any], id: str) -> Did:
        """Settle an unknown event by your word: what its lost create made, or that it made none."""
        letters.resolve(desk, id, made=asked["made"], portals=seen_portals(desk))
        note("resolve", on=id, made=asked["made"] or "nothing")
        return Did(id=id, done=True)

    @routes.post("/replays")
    @require("operator")
    @body(routes, Named)
    @routes.response(200, schema_of(DidPage))
    def replay(asked: dict[str, Any]) -> DidPage:
        """Put some events back to work."""
        did = letters.replay(desk, asked["ids"], portals=seen_portals(desk))
        for each in did.events:
            if each.done:
                note("replay", on=each.id)
        return did

    @routes.post("/discards")
    @require("operator")
    @body(routes, Discarded)
    @routes.response(200, schema_of(DidPage))
    def discard(asked: dict[str, Any]) -> DidPage:
        """Give some events up, for a reason."""
        did = letters.discard(
            desk, asked["ids"], reason=asked["reason"], portals=seen_portals(desk)
        )
        for each in did.events:
            if each.done:
                note("discard", on=each.id, reason=asked["reason"])
        return did

    @routes.post("/chores/replay")
    @require("operator")
    @body(routes, Meant)
    @routes.response(202, schema_of(ChoreRow))
    def replay_all(asked: dict[str, Any]) -> ChoreRow:
        """Begin to replay every event that is meant, in the background."""
        portal = asked.pop("portal")
        chore = letters.replay_all(
            desk, portal, Which(**asked), by=named(), portals=seen_portals(desk)
        )
        note("replay all", on=portal, chore=chore.id, **_plain(asked))
        return chore

    @routes.post("/chores/discard")
    @require("operator")
    @body(routes, MeantToDiscard)
    @routes.response(202, schema_of(ChoreRow))
    def discard_all(asked: dict[str, Any]) -> ChoreRow:
        """Begin to give up every event that is meant, in the background."""
        portal, reason = asked.pop("portal"), asked.pop("reason")
        chore = letters.discard_all(
            desk, portal, Which(**asked), reason=reason, by=named(), portals=seen_portals(desk)
        )
        note("discard all", on=portal, chore=chore.id, reason=reason, **_plain(asked))
        return chore

    @routes.get("/chores")
    @require("viewer")
    @query(routes, OfPortal)
    @routes.response(200, schema_of(ChorePage))
    def chores(asked: dict[str, Any]) -> ChorePage:
        """List the work in the background, the newest first."""
        return letters.list_chores(desk, portals=seen_portals(desk, asked.get("portal")))

    @routes.get("/portals/<string:portal>/chores/<string:id>")
    @require("viewer")
    @routes.response(200, schema_of(ChoreRow))
    def chore(portal: str, id: str) -> ChoreRow:
        """Tell how far a piece of work is."""
        return letters.chore(desk, portal, id, portals=seen_portals(desk))

    @routes.post("/portals/<string:portal>/chores/<string:id>/stop")
    @require("operator")
    @routes.response(200, schema_of(ChoreRow))
    def stop(portal: str, id: str) -> ChoreRow | Response:
        """End a piece of work after the step under way."""
        stopped = letters.stop_chore(desk, portal, id, portals=seen_portals(desk))
        note("stop chore", on=portal, chore=id)
        return stopped

    return routes


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in asked.items()}
