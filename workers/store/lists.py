"""The lists that pages are read from: streams of arrivals, and sorted sets of events by a time.

Each is read backwards, a chunk at a time and no further than it is asked, and all of them as one.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from workers.events import Event
from workers.outcomes import EventState
from workers.stamps import microseconds
from workers.store.connection import GROUP
from workers.store.groups import ENDED, group_key
from workers.store.history import LISTS, History
from workers.store.keys import about_key, lanes_of, portal_key, split_event_id, stream_key
from workers.store.positions import Position
from workers.store.queries import Query

NOTHING = "0-0"  # before the first entry of a stream
CHUNK = 64  # read at first; twice as many each time after
LARGEST_CHUNK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a list holds: a row, before it is known whether it is asked for."""

    position: Position
    portal: str
    member: str
    event: Event | None = None


class Lists(History):
    """All that can be read backwards."""

    def merged(
        self, portals: Sequence[str], query: Query, before: Position | None, limit: int
    ) -> Iterator[Candidate]:
        """Give what may be meant, the newest first, from behind a place on."""
        readers: list[Iterator[Candidate]] = []
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
    ) -> Iterator[Candidate]:
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
                event = self.decode(portal, lane, entry, fields)
                yield Candidate(
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

    def _listed_in(self, portal: str, key: str, before: Position | None) -> Iterator[Candidate]:
        """Give the members of a sorted set of events, the highest score first."""
        count = CHUNK
        while True:
            rows = self.script("after", keys=[key], args=[count, *_place(portal, before)])
            for raw, score in zip(rows[::2], rows[1::2], strict=True):
                member = raw.decode()
                before = Position(int(score), 0, f"{portal}.{member}")
                yield Candidate(position=before, portal=portal, member=member)
            if len(rows) < 2 * count:
                return
            count = min(count * 2, LARGEST_CHUNK)


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


def _ceiling_ms(time: datetime) -> int:
    return -(-microseconds(time) // 1000)
