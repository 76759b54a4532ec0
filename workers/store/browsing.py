"""Looking through the events: the newest first, page by page, however many there are.

A page reads what it shows and little more. Where there is no list of what is asked for (a type, a
part of an id), it looks through a bounded number of events and says how far it came.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from workers.events import Event
from workers.outcomes import EventState
from workers.stamps import moment
from workers.store.connection import our_errors
from workers.store.groups import ENDED, group_key
from workers.store.keys import endpoint_of, portal_key, seen_key, seen_member, split_event_id
from workers.store.ledger import Ledger
from workers.store.lists import LARGEST_CHUNK, Candidate, Lists
from workers.store.positions import Position
from workers.store.queries import Found, Query, Shelf
from workers.store.standings import Standing

LOOKS = 2_000  # events that are looked at for one page, at most


class Browsing(Lists, Ledger):
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
                return Shelf(rows=tuple(f for f in self.found(exact) if f.fits(query)))
        with our_errors():
            return self._page(self.merged(portals, query, before, limit), query, limit=limit)

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

    def _page(self, candidates: Iterator[Candidate], query: Query, *, limit: int) -> Shelf:
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
        chunk: Sequence[Candidate],
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
        return [found for found in self.found(events) if found.fits(query)]

    def _events_of(self, chunk: Sequence[Candidate]) -> list[Event | None]:
        bare: dict[str, list[str]] = {}
        for each in chunk:
            if each.event is None:
                bare.setdefault(each.portal, []).append(each.member)
        events: dict[str, Event] = {}
        for portal, members in bare.items():
            events |= {event.id: event for event in self._by_members(portal, members)}
        return [each.event or events.get(f"{each.portal}.{each.member}") for each in chunk]

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
                    self.standing_text(portal, given_up),
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
