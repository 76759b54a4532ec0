"""The events: which there are, and all that is known of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from app.desk import Desk
from app.desk.became import calls_of
from app.desk.calls import CallRow, calls_of_event
from app.desk.links import Links
from app.desk.masking import masked
from app.desk.refusals import Misasked
from app.desk.steps import StepRow, changes_of, steps_of
from workers.events import Event
from workers.outcomes import EventState, State
from workers.store import Found, Query, Standing

MOST_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record that an event wrote, or found as it should be."""

    step: str
    record: str  # "contacts/9001"
    changed: bool
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event in a list."""

    id: str
    portal: str
    endpoint: str
    source: str
    source_id: str
    type: str
    time: datetime  # when it happened, by the sender
    received: datetime
    state: EventState
    reason: str
    attempts: int
    due: datetime | None
    settled: datetime | None
    records: tuple[RecordRow, ...]
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """A page of events, the newest first."""

    events: tuple[EventRow, ...]
    next: str | None  # the cursor of the next page
    searched_to: datetime | None  # so far was looked for more; `next` goes on from there


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened to an event."""

    at: datetime
    what: str
    call: str | None = None  # the id of the call that it was


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetail:
    """All that is known of one event."""

    event: EventRow
    headers: Mapping[str, str]
    body: object
    revealed: bool  # nothing of the body is hidden
    hidden: bool  # something of it is
    timeline: tuple[Moment, ...]
    steps: tuple[StepRow, ...]
    calls: tuple[CallRow, ...]
    replayable: bool
    resolvable: bool


def list_events(
    desk: Desk,
    query: Query,
    *,
    portals: Sequence[str],
    limit: int = 50,
    cursor: str | None = None,
) -> EventPage:
    """Return a page of the events that `query` means. Raises Misasked for a cursor of nobody's."""
    try:
        shelf = desk.store.browse(portals, query, limit=min(limit, MOST_ROWS), cursor=cursor)
    except ValueError as error:
        raise Misasked("cursor: it is none that a page gave; begin without one") from error
    links = Links(desk=desk)
    return EventPage(
        events=tuple(event_row(links, found) for found in shelf.rows),
        next=shelf.next,
        searched_to=shelf.searched_to,
    )


def event_row(links: Links, found: Found) -> EventRow:
    """Return what a list shows of an event."""
    event, standing = found.event, found.standing
    waits = found.state in (EventState.WAITING, EventState.RETRYING)
    return EventRow(
        id=event.id,
        portal=event.portal,
        endpoint=event.endpoint,
        source=event.source,
        source_id=event.source_id,
        type=event.type,
        time=event.time,
        received=event.received,
        state=found.state,
        reason=standing.reason if standing else "",
        attempts=standing.attempts if standing else 0,
        due=standing.due if standing and waits else None,
        settled=standing.settled if standing else None,
        records=_records(links, event, standing),
        calls=len(calls_of(standing.outcomes)) if standing else 0,
    )


def _records(links: Links, event: Event, standing: Standing | None) -> tuple[RecordRow, ...]:
    rows: dict[str, RecordRow] = {}
    for outcome in standing.outcomes if standing else ():
        done = outcome.state in (State.APPLIED, State.UNCHANGED)
        if done and outcome.record and outcome.record not in rows:
            rows[outcome.record] = RecordRow(
                step=outcome.step,
                record=outcome.record,
                changed=outcome.state is State.APPLIED,
                url=links.url(event.portal, outcome.record),
            )
    return tuple(rows.values())


def event_detail(
    desk: Desk,
    id: str,
    *,
    portals: Sequence[str],
    reveal: bool = False,
    whole_calls: bool = False,
) -> EventDetail:
    """Return all that is known of an event. Raises Missing.

    What the configuration hides of the bodies is hidden, unless `reveal`: then the caller has
    made sure that whoever asks may see it, and keeps a record of it. A call has the event's own
    inputs alone, unless `whole_calls`.
    """
    event = desk.event(id, portals=portals)
    (found,) = desk.store.found([event])
    standing = found.standing
    hidden = () if reveal else desk.mask
    calls = calls_of_event(
        desk, event, standing, changes_of(desk, event), hidden=hidden, whole=whole_calls
    )
    links = Links(desk=desk)
    body = _read(event.body)
    shown = masked(body, hidden)
    return EventDetail(
        event=event_row(links, found),
        headers={name: str(value) for name, value in _headers(event, hidden).items()},
        body=shown,
        revealed=reveal,
        hidden=shown != body,
        timeline=_timeline(event, found, calls),
        steps=steps_of(desk, event, standing, links=links, hidden=hidden),
        calls=calls,
        replayable=found.state in (EventState.DEAD, EventState.UNKNOWN),
        resolvable=found.state is EventState.UNKNOWN,
    )


def _headers(event: Event, hidden: Sequence[str]) -> Mapping[str, object]:
    shown = masked(dict(event.headers), hidden)
    return shown if isinstance(shown, dict) else {}


def _read(body: bytes) -> object:
    try:
        found: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
    return found


def _timeline(event: Event, found: Found, calls: Sequence[CallRow]) -> tuple[Moment, ...]:
    moments = [
        Moment(at=event.time, what="happened, by the sender"),
        Moment(at=event.received, what="accepted"),
    ]
    for call in calls:
        if call.at is not None:
            told = call.error or f"{call.status}"
            moments.append(Moment(at=call.at, what=f"{call.name} → {told}", call=call.id))
    standing = found.standing
    if standing is not None and standing.settled is not None:
        tries = f" at try {standing.attempts}" if standing.attempts > 1 else ""
        reason = f": {standing.reason}" if standing.reason else ""
        moments.append(Moment(at=standing.settled, what=f"{standing.state.value}{tries}{reason}"))
        if standing.due is not None:
            moments.append(Moment(at=standing.due, what="to be tried again"))
    return tuple(sorted(moments, key=lambda moment: moment.at))
