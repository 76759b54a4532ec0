"""Dead letters and unknowns: grouped by what ended them, replayed, discarded, resolved."""

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from app.access import Role, named, note, require
from app.console.site import Site
from app.desk import letters as desks
from app.desk.events import list_events
from app.desk.letters import ChoreRow, DidPage, Which
from app.desk.refusals import Misasked
from workers.outcomes import EventState
from workers.store import Query

ROWS = 50
NUMBER = re.compile(r"[0-9]{1,30}")


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the groups, one group's events, and what can be done with them."""
    desk = site.desk

    @pages.get("/letters")
    @require(Role.VIEWER)
    def letters() -> str:
        return render_template("letters.html", **_all())

    @pages.get("/letters/work")
    @require(Role.VIEWER)
    def letters_work() -> str:
        return render_template("work.html", **_all())

    @pages.get("/letters/<portal>/<state>/<group>")
    @require(Role.VIEWER)
    def letters_group(portal: str, state: str, group: str) -> str:
        seen = site.portals(portal)
        found = desks.list_groups(desk, portals=seen).groups
        shown = [each for each in found if (each.id, each.state.value) == (group, state)]
        cursor = request.args.get("cursor") or None
        query = Query(state=_state(state), group=group)
        page = list_events(desk, query, portals=seen, limit=ROWS, cursor=cursor)
        return render_template(
            "group.html",
            group=shown[0] if shown else None,
            name={"portal": portal, "state": state, "group": group},
            page=page,
            later=cursor is not None,
        )

    @pages.post("/letters/<portal>/<state>/<group>")
    @require(Role.OPERATOR)
    def letters_do(portal: str, state: str, group: str) -> Response:
        form = request.form
        does, ids = form.get("do", ""), form.getlist("id")
        if does == "replay":
            done = desks.replay(desk, ids, portals=site.portals(portal))
            _note_each(done, "replay")
            _tell(done, "put back to work")
        elif does == "discard":
            reason = form.get("reason", "")
            done = desks.discard(desk, ids, reason=reason, portals=site.portals(portal))
            _note_each(done, "discard", reason=reason)
            _tell(done, "discarded")
        else:
            _begin(portal, Which(state=_state(state), group=group), does)
            return redirect(url_for("console.letters"))
        return redirect(url_for("console.letters_group", portal=portal, state=state, group=group))

    @pages.post("/letters/<portal>/work/<id>/stop")
    @require(Role.OPERATOR)
    def letters_stop(portal: str, id: str) -> Response:
        desks.stop_chore(desk, portal, id, portals=site.portals(portal))
        note("stop chore", on=portal, chore=id)
        return redirect(url_for("console.letters"))

    @pages.post("/events/<id>/replay")
    @require(Role.OPERATOR)
    def events_replay(id: str) -> Response:
        desks.replay_one(desk, id, portals=site.portals())
        note("replay", on=id)
        flash("The event is back at work; load this page again in a moment.", "success")
        return redirect(url_for("console.events_one", id=id))

    @pages.post("/events/<id>/discard")
    @require(Role.OPERATOR)
    def events_discard(id: str) -> Response:
        reason = request.form.get("reason", "")
        done = desks.discard(desk, [id], reason=reason, portals=site.portals())
        _note_each(done, "discard", reason=reason)
        _tell(done, "discarded")
        return redirect(url_for("console.events_one", id=id))

    @pages.post("/events/<id>/resolve")
    @require(Role.OPERATOR)
    def events_resolve(id: str) -> Response:
        made = request.form.get("made", "").strip() or None
        again = request.form.get("do") == "again"
        if again is (made is not None):
            raise Misasked("record: write the id of the record that was made, or say none was")
        if made is not None and not NUMBER.fullmatch(made):
            raise Misasked(f"record: {made[:40]!r} is no id; it is a number of HubSpot's")
        desks.resolve(desk, id, made=made, portals=site.portals())
        note("resolve", on=id, made=made or "nothing")
        flash("Settled; the event goes on from there.", "success")
        return redirect(url_for("console.events_one", id=id))

    def _all() -> dict[str, object]:
        seen = site.portals()
        return {
            "groups": desks.list_groups(desk, portals=seen).groups,
            "chores": desks.list_chores(desk, portals=seen).chores,
        }

    def _begin(portal: str, which: Which, does: str) -> None:
        by, seen = named(), site.portals(portal)
        chore: ChoreRow
        if does == "replay all":
            chore = desks.replay_all(desk, portal, which, by=by, portals=seen)
        elif does == "discard all":
            reason = request.form.get("reason", "")
            chore = desks.discard_all(desk, portal, which, reason=reason, by=by, portals=seen)
        else:
            raise Misasked("do: there is replay, discard, replay all, and discard all")
        note(does, on=portal, chore=chore.id, group=which.group or "", state=which.state.value)
        flash("It has begun; this page shows how far it is.", "success")


def _state(name: str) -> EventState:
    if name not in (EventState.DEAD, EventState.UNKNOWN):
        raise Misasked(f"state: {name[:40]!r} is neither dead nor unknown")
    return EventState(name)


def _note_each(done: DidPage, what: str, **detail: str) -> None:
    for each in done.events:
        if each.done:
            note(what, on=each.id, **detail)


def _tell(done: DidPage, what: str) -> None:
    refused = [each.why_not for each in done.events if not each.done]
    if not done.events:
        flash("Choose at least one event.", "danger")
    if done.done:
        flash(f"{done.done} {'event was' if done.done == 1 else 'events were'} {what}.", "success")
    for why_not in refused[:5]:
        flash(why_not, "danger")
