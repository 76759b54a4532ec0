"""What Hookline wrote to a record: each property with its event, and the history of its writers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.desk.links import Links
from app.desk.masking import masked
from app.desk.refusals import Misasked, Missing
from app.desk.steps import changes_of, properties_of
from workers.changes import Change, Keyed
from workers.events import Event
from workers.knowledge import PINNED, identity
from workers.objects import canonical
from workers.outcomes import State
from workers.plan.jobs import own_identity, targets
from workers.stamps import Clock, moment
from workers.store import Query, Standing

KEYS = {"contacts": "email", "companies": "domain"}
MOST_WRITERS = 100  # events that the history is made of
NOT_KEPT = "(not kept any more)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRow:
    """Who wrote a property last, and who before."""

    property: str
    pinned: bool  # it is the record's pinned activity
    event: str
    source: str
    source_id: str
    type: str
    time: datetime
    where: str  # FILE:LINE of the mapping
    previous_event: str | None
    previous_where: str | None
    previous_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """An association that Hookline made or took away."""

    to: str
    event: str
    time: datetime
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRow:
    """A write of one property, by an event that is still kept."""

    property: str
    value: str  # by today's mapping
    event: str
    type: str
    time: datetime
    where: str
    state: str  # applied, or unchanged because a newer event or the CRM had it already
    stands: bool  # it is the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDetail:
    """What is known of a record."""

    portal: str
    record: str  # "contacts/9001"
    object_type: str
    id: str
    url: str | None
    properties: tuple[PropertyRow, ...]
    associations: tuple[LinkRow, ...]
    history: tuple[WriteRow, ...]  # the newest first


def record_detail(
    desk: Desk,
    portal: str,
    object_type: str,
    record: str,
    *,
    by: str | None = None,
    portals: Sequence[str],
) -> RecordDetail:
    """Return what Hookline wrote to a record, given by its id or by the value of a key.

    `by` is the property that `record` is a value of, if it is neither an id nor a contact's e-mail
    address or a company's domain. Raises Missing, and Misasked if a key is needed.
    """
    portal = desk.portal(portal, portals=portals)
    kind = canonical(object_type)
    id = record_id(desk, portal, kind, record, by=by)
    clocks = desk.store.clocks(portal, [(kind, id)])[kind, id]
    if not clocks:
        raise Missing(f"{kind}/{id}: Hookline has not written it, as far as is kept")
    events = _events(desk, clocks.values())
    named = () if record == id else (record,)
    return RecordDetail(
        portal=portal,
        record=f"{kind}/{id}",
        object_type=kind,
        id=id,
        url=Links(desk=desk).url(portal, f"{kind}/{id}"),
        properties=tuple(
            _property(name, clock, events.get(clock.event_id))
            for name, clock in sorted(clocks.items())
            if not name.startswith("~")
        ),
        associations=tuple(
            LinkRow(
                to=name[1:],
                event=clock.event_id,
                time=moment(clock.stamp.time_us),
                where=clock.where,
            )
            for name, clock in sorted(clocks.items())
            if name.startswith("~")
        ),
        history=_history(desk, portal, f"{kind}/{id}", clocks, events, named),
    )


def record_id(desk: Desk, portal: str, kind: str, record: str, *, by: str | None) -> str:
    """Return the id of a record that is given by its id or a key. Raises Missing, Misasked."""
    if by is None and record.isdigit():
        return record
    by = by or KEYS.get(kind)
    if by is None:
        raise Misasked(f"{record!r} is no record id; say which property it is a value of")
    key = identity(Keyed(object_type=kind, property=by, value=record))
    ids, _ = desk.store.ids(portal, [key])
    if key not in ids:
        raise Missing(f"no {kind} with {by} {record!r} was written by Hookline, as far as is kept")
    return ids[key]


def _events(desk: Desk, clocks: Iterable[Clock]) -> dict[str, Event]:
    ids = {id for clock in clocks for id in _writers(clock)}
    found = [desk.store.event(id) for id in sorted(ids)[-MOST_WRITERS:]]
    return {event.id: event for event in found if event is not None}


def _writers(clock: Clock) -> list[str]:
    before = clock.previous
    return [clock.event_id] if before is None else [clock.event_id, before.event_id]


def _property(name: str, clock: Clock, event: Event | None) -> PropertyRow:
    before = clock.previous
    return PropertyRow(
        property=name,
        pinned=name == PINNED,
        event=clock.event_id,
        source=event.source if event else "",
        source_id=clock.stamp.event_key.partition("/")[2],
        type=event.type if event else NOT_KEPT,
        time=moment(clock.stamp.time_us),
        where=clock.where,
        previous_event=before.event_id if before else None,
        previous_where=before.where if before else None,
        previous_time=moment(before.stamp.time_us) if before else None,
    )


def _history(
    desk: Desk,
    portal: str,
    record: str,
    clocks: Mapping[str, Clock],
    events: Mapping[str, Event],
    named: Sequence[str],
) -> tuple[WriteRow, ...]:
    """Return the writes of the events that are kept: those of the clocks, and of the same keys."""
    found = dict(events)
    for key in (*named, *_keys(desk, record, found)):
        page = desk.store.browse([portal], Query(key=key), limit=MOST_WRITERS)
        found |= {row.event.id: row.event for row in page.rows}
    standings = desk.store.standings(list(found.values()))
    rows = [
        row
        for event in found.values()
        for row in _writes(desk, event, standings.get(event.id), record, clocks)
    ]
    rows.sort(key=lambda row: (row.time, row.event), reverse=True)
    return tuple(rows)


def _keys(desk: Desk, record: str, events: Mapping[str, Event]) -> set[str]:
    """Return the keys by which these events knew the record."""
    standings = desk.store.standings(list(events.values()))
    return {
        key.value
        for event in events.values()
        for change in _of(desk, event, standings.get(event.id), record)
        if (key := _key(change)) is not None
    }


def _key(change: Change) -> Keyed | None:
    own = own_identity(change)
    if own is not None:
        return own
    return next((each for each in targets(change) if isinstance(each, Keyed)), None)


def _of(desk: Desk, event: Event, standing: Standing | None, record: str) -> list[Change]:
    """Return those changes of an event that were about the record."""
    steps = {o.step for o in (standing.outcomes if standing else ()) if o.record == record}
    return [change for change in changes_of(desk, event) if change.name in steps]


def _writes(
    desk: Desk, event: Event, standing: Standing | None, record: str, clocks: Mapping[str, Clock]
) -> Iterable[WriteRow]:
    states = {o.step: o.state for o in (standing.outcomes if standing else ())}
    for change in _of(desk, event, standing, record):
        shown = masked(dict(properties_of(change)), desk.mask)
        for name, value in shown.items() if isinstance(shown, dict) else ():
            clock = clocks.get(name)
            yield WriteRow(
                property=name,
                value=value,
                event=event.id,
                type=event.type,
                time=event.time,
                where=change.where,
                state=states.get(change.name, State.UNKNOWN).value,
                stands=clock is not None and clock.event_id == event.id,
            )
