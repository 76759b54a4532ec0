"""Looking through the events: the newest first, page by page, however many there are.

A page reads what it shows and little more. Where there is no list of what is asked for (a type, a
part of an id, the handled), it looks through a bounded number of events and says how far it came.
"""

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from workers.events import Event
from workers.outcomes import EventState
from workers.stamps import microseconds, moment
from workers.store.connection import GROUP, our_errors
from workers.store.groups import ENDED, group_key
from workers.store.history import LISTS, History
from workers.store.inbox import decode
from workers.store.keys import (
    about_key,
    endpoint_of,
    lanes_of,
    portal_key,
    seen_key,
    seen_member,
    split_event_id,
    stream_key,
)
from workers.store.ledger import Ledger, Standing, standing_text
from workers.store.positions import Position

NOTHING = "0-0"  # before the first entry of a stream
LOOKS = 2_000  # events that are looked at for one page, at most
CHUNK = 64  # read at first; twice as many each time after
LARGEST_CHUNK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which events are meant; None, or an empty text, for what does not matter."""

    endpoint: str | None = None
    type: str | None = None
    state: EventState | None = None
    since: datetime | None = None  # by arrival
    until: datetime | None = None  # not itself
    text: str = ""  # in our id or the sender's
    key: str = ""  # of a record that the event is about: an e-mail address, a domain, …
    group: str | None = None  # of those that ended alike; goes with `state`
    reason: str = ""  # in what is said of its end

    def takes(self, event: Event) -> bool:
        """Return True if `event` is meant, whatever its state and keys."""
        return (
            self.endpoint in (None, event.endpoint)
            and self.type in (None, event.type)
            and (self.since is None or event.received >= self.since)
            and (self.until is None or event.received < self.until)
            and (not self.text or _holds(event, self.text.casefold()))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event, where it stands, and its standing if it was ever looked at."""

    event: Event
    state: EventState
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A page: its rows, the cursor of the next (None on the last), and how far back was looked."""

    rows: tuple[Found, ...]
    looked: int = 0  # at so many events
    next: str | None = None
    searched_to: datetime | None = None  # set if the page ended before it was full, and goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """What a list holds: a row, before it is known whether it is asked for."""

    position: Position
    portal: str
    member: str
    event: Event | None = None


class Browsing(History, Ledger):
    """Pages of events."""

    def browse(
        self, portals: Sequence[str], query: Query, *, limit: int, cursor: str | None = None
    ) -> Shelf:
        """Return the newest events that `query` means, or those after the last page's cursor.

        Whatever arrives meanwhile, the pages hold every event that was there at the first of them,
        once. Raises ValueError for a cursor that is none.
        """
        before = None if cursor is None else Position.of(cursor)
        if query.text and before is None:
            exact = self._named(portals, query.text)
            if exact:
                return Shelf(rows=tuple(f for f in self.found(exact) if _right(f, query)))
        with our_errors():
            return self._page(self._merged(portals, query, before, limit), query, limit=limit)

    def found(self, events: Iterable[Event]) -> list[Found]:
        """Return where each of the events stands, in their order."""
        events = list(events)
        standings: dict[str, Standing] = {}
        for portal in dict.fromkeys(event.portal for event in events):
            standings |= self.standings([each for each in events if each.portal == portal])
        settled = self._still_there(standings)
        rows: list[Found] = []
        for event in events:
            standing = standings.get(event.id)
            state = EventState.WAITING if standing is None else standing.state
            if event.id in settled and not settled[event.id]:
                state = EventState.RETRYING  # replayed, and not looked at again yet
            rows.append(Found(event=event, state=state, standing=standing))
        return rows

    def _still_there(self, standings: dict[str, Standing]) -> dict[str, bool]:
        """Return, of those that were dead or unknown at last, which were not replayed since."""
        ended = [
            (id, each.state)
            for id, each in standings.items()
            if each.state in (EventState.DEAD, EventState.UNKNOWN)
        ]
        if not ended:
            return {}
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for id, state in ended:
                portal, member = split_event_id(id)
                pipe.zscore(portal_key(portal, state.value), member)
            scores = pipe.execute()
        return {id: score is not None for (id, _), score in zip(ended, scores, strict=True)}

    def _page(self, candidates: Iterator[_Candidate], query: Query, *, limit: int) -> Shelf:
        rows: list[Found] = []
        places: dict[str, tuple[Position, int]] = {}  # and how many were looked at till there
        looked = 0
        while looked < LOOKS:
            size = limit + 1 if looked == 0 else LARGEST_CHUNK
            chunk = list(islice(candidates, min(size, LOOKS - looked)))
            if not chunk:
                return Shelf(rows=tuple(rows), looked=looked)
            last = chunk[-1].position
            found = self._read_chunk(chunk, query, places, looked)
            looked += len(chunk)
            for each in found:
                rows.append(each)
                if len(rows) > limit:  # there is a row for the next page
                    end, till = places[rows[limit - 1].event.id]
                    return Shelf(rows=tuple(rows[:limit]), looked=till, next=end.cursor())
        searched = moment(last.at_ms * 1_000)
        return Shelf(rows=tuple(rows), looked=looked, next=last.cursor(), searched_to=searched)

    def _read_chunk(
        self,
        chunk: Sequence[_Candidate],
        query: Query,
        places: dict[str, tuple[Position, int]],
        looked: int,
    ) -> list[Found]:
        events: list[Event] = []
        read = zip(chunk, self._events_of(chunk), strict=True)
        for number, (each, event) in enumerate(read, start=looked + 1):
            if event is not None and query.takes(event):
                events.append(event)
                places[event.id] = each.position, number
        return [found for found in self.found(events) if _right(found, query)]

    def _events_of(self, chunk: Sequence[_Candidate]) -> list[Event | None]:
        bare: dict[str, list[str]] = {}
        for each in chunk:
            if each.event is None:
                bare.setdefault(each.portal, []).append(each.member)
        events: dict[str, Event] = {}
        for portal, members in bare.items():
            events |= {event.id: event for event in self._by_members(portal, members)}
        return [each.event or events.get(f"{each.portal}.{each.member}") for each in chunk]

    # Lists

    def _merged(
        self, portals: Sequence[str], query: Query, before: Position | None, limit: int
    ) -> Iterator[_Candidate]:
        readers: list[Iterator[_Candidate]] = []
        for portal in portals:
            if query.key:
                readers.append(self._listed_in(portal, about_key(portal, query.key), before))
            elif query.group is not None and query.state in ENDED:
                key = group_key(portal, query.state, query.group)
                readers.append(self._listed_in(portal, key, before))
            elif query.state in LISTS:
                readers.append(
                    self._listed_in(portal, portal_key(portal, LISTS[query.state]), before)
                )
            else:
                lanes = self.lanes(portal)
                wanted = {*lanes}
                if query.endpoint is not None:
                    wanted &= {*lanes_of(query.endpoint)}
                readers += [
                    self._lane(portal, lane, query, before, first=min(limit + 1, CHUNK))
                    for lane in sorted(wanted)
                ]
        return heapq.merge(*readers, key=lambda each: each.position, reverse=True)

    def _lane(
        self, portal: str, lane: str, query: Query, before: Position | None, *, first: int
    ) -> Iterator[_Candidate]:
        """Give the events of one endpoint, the newest first."""
        name = f"{portal}.{lane}"
        start = "-" if query.since is None else f"{microseconds(query.since) // 1000}-0"
        end = "+" if query.until is None else f"({_ceiling_ms(query.until)}-0"
        if before is not None:
            end = f"{'' if name < before.name else '('}{before.at_ms}-{before.sequence}"
        if query.state in (EventState.WAITING, EventState.DONE, EventState.IGNORED):
            taken, in_hand = self._read_to(stream_key(portal, lane))
            if query.state is EventState.WAITING:  # what was read before is not waiting any more
                start = max(start, in_hand or taken, key=_place_of)
            elif taken == NOTHING:
                return
            else:  # what was not read yet cannot be handled
                end = min(end, taken, key=_place_of)
        count = first
        while True:
            entries = self.redis.xrevrange(stream_key(portal, lane), end, start, count=count)
            for entry, fields in entries:
                at_ms, sequence = entry.split(b"-")
                event = decode(portal, lane, entry, fields)
                yield _Candidate(
                    position=Position(int(at_ms), int(sequence), name),
                    portal=portal,
                    member=split_event_id(event.id)[1],
                    event=event,
                )
            if len(entries) < count:
                return
            end = f"({entries[-1][0].decode()}"
            count = min(count * 2, LARGEST_CHUNK)

    def _read_to(self, stream: str) -> tuple[str, str]:
        """Return the last entry that a writer took up, and the first in hand ("": none is)."""
        pipe = self.redis.pipeline(transaction=False)
        pipe.xinfo_groups(stream)
        pipe.xpending(stream, GROUP)
        groups, pending = pipe.execute(raise_on_error=False)
        if isinstance(groups, Exception) or isinstance(pending, Exception):
            return NOTHING, ""
        taken = next(each["last-delivered-id"] for each in groups if each["name"] == GROUP.encode())
        return taken.decode(), pending["min"].decode() if pending["pending"] else ""

    def _listed_in(self, portal: str, key: str, before: Position | None) -> Iterator[_Candidate]:
        """Give the members of a sorted set of events, the highest score first."""
        count = CHUNK
        while True:
            rows = self.script("after", keys=[key], args=[count, *_place(portal, before)])
            for raw, score in zip(rows[::2], rows[1::2], strict=True):
                member = raw.decode()
                before = Position(int(score), 0, f"{portal}.{member}")
                yield _Candidate(position=before, portal=portal, member=member)
            if len(rows) < 2 * count:
                return
            count = min(count * 2, LARGEST_CHUNK)

    def discard(self, id: str, *, reason: str, now: datetime) -> bool:
        """Give a dead or unknown event up, for a reason; False if it is in neither state.

        It is ignored from then on, and kept as long as a handled one.
        """
        event = self.event(id)
        (found,) = self.found([event]) if event is not None else (None,)
        if event is None or found is None or found.standing is None or found.state not in ENDED:
            return False
        portal, member = split_event_id(id)
        (group,) = self.groups_of(portal, [member])
        given_up = replace(found.standing, state=EventState.IGNORED, reason=reason, settled=now)
        return bool(
            self.script(
                "discard",
                keys=[
                    portal_key(portal, found.state.value),
                    portal_key(portal, "counts"),
                    group_key(portal, found.state, group),
                    portal_key(portal, "verdict", member),
                    portal_key(portal, "kept", member),
                ],
                args=[
                    member,
                    found.state.value,
                    EventState.IGNORED.value,
                    standing_text(given_up),
                    self.keep.handled_s,
                ],
            )
        )

    # Names

    def _named(self, portals: Sequence[str], text: str) -> list[Event]:
        """Return the events that `text` names wholly: by our id, or by the sender's."""
        try:
            portal, _ = split_event_id(text)
        except ValueError:
            pass
        else:
            event = self.event(text) if portal in portals else None
            return [] if event is None else [event]
        events: list[Event] = []
        for portal in portals:
            names = sorted({endpoint_of(lane) for lane in self.lanes(portal)})
            if names:
                with our_errors():
                    found = self.redis.mget([seen_key(portal, name, text) for name in names])
                    members = [
                        seen_member(name, seen)
                        for name, seen in zip(names, found, strict=True)
                        if seen is not None
                    ]
                    events += self._by_members(portal, members)
        return events


def _place_of(entry: str) -> tuple[float, int]:
    """Return where an entry's id, or an end of a range of them, stands among the others."""
    if entry in "-+":
        return (-math.inf, 0) if entry == "-" else (math.inf, 0)
    at_ms, sequence = entry.removeprefix("(").split("-")
    return float(at_ms), int(sequence)


def _place(portal: str, before: Position | None) -> tuple[object, str, str]:
    """Return a place in the words of after.lua, for the list of one portal among several."""
    if before is None:
        return "", "", ""
    of, _, member = before.name.partition(".")
    if of == portal:
        return before.at_ms, "behind", member
    return before.at_ms, "all" if f"{portal}." < before.name else "none", ""


def _right(found: Found, query: Query) -> bool:
    said = found.standing.reason if found.standing else ""
    return (
        query.takes(found.event)
        and query.state in (None, found.state)
        and query.reason.casefold() in said.casefold()
    )


def _holds(event: Event, text: str) -> bool:
    return text in event.id.casefold() or text in event.source_id.casefold()


def _ceiling_ms(time: datetime) -> int:
    return -(-microseconds(time) // 1000)
