"""The events: found by whatever is known of them, and one with all that became of it."""

from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict

from app.access import Role, note, require, visible
from app.console.site import Site
from app.desk.events import EventDetail, event_detail, list_events
from app.desk.refusals import Misasked
from workers.outcomes import EventState
from workers.store import Query

ROWS = 50
LONGEST = 200  # characters of what is looked for


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the list, and the page of one event."""
    desk = site.desk

    @pages.get("/events")
    @require(Role.VIEWER)
    def events() -> str:
        asked = request.args
        portals = site.portals(asked.get("portal"))
        page = list_events(
            desk, asked_for(asked), portals=portals, limit=ROWS, cursor=asked.get("cursor") or None
        )
        filters = {k: v for k, v in asked.items() if v and k != "cursor"}
        return render_template(
            "events.html",
            page=page,
            filters=filters,
            later="cursor" in asked,
            endpoints=sorted(site.settings.endpoints),
            portals=visible(desk.portals),
            states=list(EventState),
        )

    @pages.get("/events/<id>")
    @require(Role.VIEWER)
    def events_one(id: str) -> str:
        return _event(event_detail(desk, id, portals=visible(desk.portals)))

    @pages.post("/events/<id>/reveal")
    @require(Role.OPERATOR)
    def events_reveal(id: str) -> str:
        found = event_detail(desk, id, portals=visible(desk.portals), reveal=True)
        note("reveal", on=id)
        return _event(found)

    def _event(detail: EventDetail) -> str:
        shared = {step.step: step.calls for step in detail.steps}
        return render_template("event.html", detail=detail, event=detail.event, shared=shared)


def asked_for(asked: MultiDict[str, str]) -> Query:
    """Return which events a form asks for. Raises Misasked."""
    state = asked.get("state", "")
    if state and state not in list(EventState):
        raise Misasked(f"state: {state[:40]!r} is none; known are {', '.join(EventState)}")
    return Query(
        endpoint=_text(asked, "endpoint") or None,
        type=_text(asked, "type") or None,
        state=EventState(state) if state else None,
        since=_moment(asked, "since"),
        until=_moment(asked, "until"),
        text=_text(asked, "text"),
        key=_text(asked, "key"),
    )


def _text(asked: MultiDict[str, str], name: str) -> str:
    return asked.get(name, "").strip()[:LONGEST]


def _moment(asked: MultiDict[str, str], name: str) -> datetime | None:
    """Return the moment of a field; the page's script sends UTC, and so it is without a zone."""
    text = _text(asked, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misasked(
            f"{name}: {text[:40]!r} is no time; write it like 2026-01-31T12:00"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not 1970 < moment.year < 9000:
        raise Misasked(f"{name}: {text[:40]!r} is too far away; take a year from 1971 to 8999")
    return moment
