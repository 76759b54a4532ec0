"""Accepting events and reading those that wait."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis

from workers.errors import Flooded, Full, StoreDown
from workers.events import Arrival, Event
from workers.stamps import microseconds
from workers.store.connection import GROUP, RETRY_AFTER_S, our_errors
from workers.store.entries import Entries
from workers.store.keys import (
    BACKFILL,
    lane_and_entry,
    lanes_of,
    portal_key,
    seen_key,
    seen_member,
    split_event_id,
    stream_key,
)
from workers.store.versions import Versions

BELL_MS = 30_000
LOOK_EVERY_S = 1.0
FULL_SHARE = 0.8  # of the store's own limit; the rest is the writer's
BACKFILL_PARTS = 20  # of so many parts of a turn's room, one is for backfilled events
BACKFILL_WAITING = 50_000  # events of all kinds: while so many wait, no more are backfilled
BACKFILL_MEMORY = 0.75  # of the memory at which live events are refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Our id of an event, and whether it had been accepted before."""

    id: str
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of a delivery; `ring` asks the caller to publish the portal's drain."""

    receipts: tuple[Receipt, ...]
    ring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What a portal has to do still."""

    waiting: int  # accepted and not final, those that retry among them
    retrying: int
    dead: int
    unknown: int
    oldest_age_s: float | None  # of the oldest event not yet taken up


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a duplicate is known, how much may wait, how far ahead a sender's clock may be."""

    dedupe_s: int
    max_backlog: int
    future_tolerance_s: int
    max_store_bytes: int | None = None


class Inbox(Entries, Versions):
    """The events of each portal, in the order of their arrival."""

    limits: Limits
    _looked_at = -math.inf
    _used_share = 0.0

    def accept(
        self,
        portal: str,
        arrivals: Sequence[Arrival],
        *,
        received: datetime,
        backfill: bool = False,
        rate_per_s: float | None = None,
    ) -> Accepted:
        """Keep every arrival that is new, all of them or none, and say under which ids.

        The arrivals are of one delivery, and so of one endpoint. Raises Full when the portal's
        backlog has reached its ceiling, StoreDown when the store cannot be reached or cannot
        write; nothing is kept then. What is of a `backfill` has a lane of its own, which gives way
        to the live ones, and reaches a ceiling long before they do. Raises Flooded when the
        endpoint has had more than a second's worth at `rate_per_s` beforehand.
        """
        if not arrivals:
            return Accepted(receipts=(), ring=False)
        self.fit()
        self._leave_room(backfill=backfill)
        endpoint = arrivals[0].endpoint
        lane = lanes_of(endpoint)[backfill]
        ceiling = self.limits.max_backlog
        if backfill:
            ceiling = min(ceiling // 2, BACKFILL_WAITING)
        keys = [stream_key(portal, lane)]
        keys += [
            portal_key(portal, name) for name in ("counts", "bell", "lanes", "measures", "rates")
        ]
        us_an_event = 1e6 / rate_per_s if rate_per_s else 0
        args: list[object] = [self.limits.dedupe_s * 1000, ceiling, BELL_MS, lane, us_an_event]
        for arrival in arrivals:
            keys.append(seen_key(portal, arrival.endpoint, arrival.source_id))
            args.extend(
                self.encode(
                    portal,
                    arrival,
                    received=received,
                    tolerance_s=self.limits.future_tolerance_s,
                )
            )
        reply = self.script("accept", keys=keys, args=args, synced=True)
        if reply[0] == b"full":
            raise Full(
                f"portal {portal}: {reply[1]} events wait already; ask again later",
                retry_after_s=RETRY_AFTER_S,
            )
        if reply[0] == b"fast":
            raise Flooded(
                f"endpoint {endpoint}: more than its {rate_per_s:g} events a second",
                retry_after_s=max(1.0, reply[1] / 1e6),
            )
        return Accepted(
            receipts=tuple(
                Receipt(
                    id=f"{portal}.{seen_member(endpoint, reply[i])}", duplicate=not reply[i + 1]
                )
                for i in range(1, len(reply), 2)
            ),
            ring=bool(reply[0]),
        )

    def _leave_room(self, *, backfill: bool) -> None:
        """Raise Full when the store's memory is nearly used up, looking once a second.

        The writer needs some to settle what waits, and so to free the rest.
        """
        moment = time.monotonic()
        if moment - self._looked_at > LOOK_EVERY_S:
            self._looked_at = moment
            self._used_share = max((share(*each) for each in self.rooms()), default=0.0)
        if self._used_share > (BACKFILL_MEMORY if backfill else 1):
            raise Full(
                "store: its memory is nearly used up; let what waits be handled, or give it more",
                retry_after_s=RETRY_AFTER_S,
            )

    def rooms(self) -> list[tuple[int, int]]:
        """Return what each server uses of its memory, and from where on the door is shut."""
        return [
            (
                memory["used_memory"],
                self.limits.max_store_bytes or int(memory["maxmemory"] * FULL_SHARE),
            )
            for memory in self.memories()
        ]

    def lanes(self, portal: str) -> list[str]:
        """Return the lanes that have had events, in a stable order: an endpoint has two."""
        with our_errors():
            return sorted(
                lane.decode() for lane in self.redis.smembers(portal_key(portal, "lanes"))
            )

    def take(self, portal: str, *, now: datetime, limit: int) -> list[Event]:
        """Return what is to be handled: retries that are due, what a dead writer left, the new.

        New events are taken from every lane alike, so that a flood in one leaves the others their
        share. Backfilled ones get the room that the live ones leave, and always a twentieth, so
        that they get on; those that are due again get half at most. Only the holder of the
        portal's lease may call this: all of it is then its own.
        """
        with our_errors():
            due = self.redis.zrangebyscore(
                portal_key(portal, "retry"), "-inf", microseconds(now) // 1000, start=0, num=limit
            )
            events = self._by_members(portal, _in_turn(due, limit=limit))
        lanes = self.lanes(portal)
        events += self._read(portal, lanes, since="0", room=limit - len(events))
        live = [lane for lane in lanes if not lane.endswith(BACKFILL)]
        late = [lane for lane in lanes if lane.endswith(BACKFILL)]
        room = limit - len(events)
        spared = max(1, room // BACKFILL_PARTS) if late and room > 1 else 0
        fresh = self._fresh(portal, live, room=room - spared)
        events += fresh
        if late:
            events += self._fresh(portal, late, room=limit - len(events))
            if len(fresh) >= room - spared:  # there may be more than was left for them
                events += self._fresh(portal, live, room=limit - len(events))
        return events[:limit]  # more lanes than room give one each: what is over stays in hand

    def _fresh(self, portal: str, lanes: Sequence[str], *, room: int) -> list[Event]:
        """Return new events, about as many of each lane."""
        share = max(1, room // len(lanes)) if lanes else 0
        events = self._read(portal, lanes, since=">", room=room, share=share)
        if len(lanes) > 1:
            taken = Counter(event.id.rsplit("-", 2)[0] for event in events)
            busy = [lane for lane in lanes if taken[f"{portal}.{lane}"] >= share]
            events += self._read(portal, busy, since=">", room=room - len(events))
        return events

    def _read(
        self, portal: str, lanes: Sequence[str], *, since: str, room: int, share: int | None = None
    ) -> list[Event]:
        """Return up to `room` events, at most `share` of each lane."""
        events: list[Event] = []
        while lanes and room > 0 and share != 0:
            each = share or max(1, room // len(lanes))
            streams = {stream_key(portal, lane): since for lane in lanes}
            try:
                with our_errors():
                    found = self.redis.xreadgroup(GROUP, GROUP, streams, count=each)
            except StoreDown as error:
                if "NOGROUP" not in str(error):
                    raise
                self._make_groups(list(streams))
                continue
            names = {stream_key(portal, lane).encode(): lane for lane in lanes}
            for stream, entries in found or ():
                lane = names[stream]
                events += [
                    self.decode(portal, lane, entry, fields) for entry, fields in entries if fields
                ]
            return events
        return events

    def _make_groups(self, streams: Sequence[str]) -> None:
        with our_errors():
            for stream in streams:
                try:
                    self.redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
                except redis.ResponseError as error:
                    if not str(error).startswith("BUSYGROUP"):
                        raise

    def _by_members(self, portal: str, members: Sequence[str]) -> list[Event]:
        if not members:
            return []
        pipe = self.redis.pipeline(transaction=False)
        for member in members:
            lane, entry = lane_and_entry(member)
            pipe.xrange(stream_key(portal, lane), entry, entry)
            pipe.hgetall(portal_key(portal, "kept", member))
        found = iter(pipe.execute())
        events: list[Event] = []
        for member, streamed, kept in zip(members, found, found, strict=True):
            lane, entry = lane_and_entry(member)
            fields = streamed[0][1] if streamed else kept
            if fields:
                events.append(self.decode(portal, lane, entry.encode(), fields))
        return events

    def event(self, id: str) -> Event | None:
        """Return one event, None if its time of retention has passed or it never was."""
        try:
            portal, member = split_event_id(id)
        except ValueError:
            return None
        with our_errors():
            found = self._by_members(portal, [member])
        return found[0] if found else None

    def backlog(self, portal: str, *, now: datetime | None = None) -> Backlog:
        """Return how much of a portal is not final yet."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            pipe.hget(portal_key(portal, "counts"), "waiting")
            pipe.zcard(portal_key(portal, "retry"))
            pipe.zcard(portal_key(portal, "dead"))
            pipe.zcard(portal_key(portal, "unknown"))
            waiting, retrying, dead, unknown = pipe.execute()
            oldest = self._oldest(portal)
        age_s = None
        if oldest is not None and now is not None:
            age_s = max(0.0, now.timestamp() - oldest / 1000)
        return Backlog(
            waiting=int(waiting or 0),
            retrying=retrying,
            dead=dead,
            unknown=unknown,
            oldest_age_s=age_s,
        )

    def _oldest(self, portal: str) -> int | None:
        """Return when the oldest event that is not taken up, or is in hand, came (ms)."""
        ages = [self._oldest_of(stream_key(portal, lane)) for lane in self.lanes(portal)]
        return min((age for age in ages if age is not None), default=None)

    def _oldest_of(self, stream: str) -> int | None:
        try:
            pending = self.redis.xpending(stream, GROUP)
            groups = self.redis.xinfo_groups(stream)
        except redis.ResponseError:  # no stream or no group yet
            first = self.redis.xrange(stream, count=1)
            return int(first[0][0].split(b"-")[0]) if first else None
        if pending["pending"]:
            return int(pending["min"].split(b"-")[0])
        last = next(g["last-delivered-id"] for g in groups if g["name"] == GROUP.encode())
        first = self.redis.xrange(stream, min=b"(" + last, count=1)
        return int(first[0][0].split(b"-")[0]) if first else None

    def unsettled(self, portals: Sequence[str]) -> list[str]:
        """Return the portals with events that are not final yet; all are asked at once."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for portal in portals:
                pipe.hget(portal_key(portal, "counts"), "waiting")
            found = pipe.execute()
        return [portal for portal, count in zip(portals, found, strict=True) if int(count or 0) > 0]

    def has_work(self, portal: str, *, now: datetime) -> bool:
        """Return True if a drain of the portal would find something to do."""
        with our_errors():
            due = self.redis.zcount(portal_key(portal, "retry"), "-inf", microseconds(now) // 1000)
            return bool(due) or self._oldest(portal) is not None

    def writable(self) -> None:
        """Return if the store takes writes; raise StoreDown if not."""
        with our_errors():
            self.redis.set("hl:writable", "1", ex=60)
        for memory in self.memories():
            policy = memory.get("maxmemory_policy", "noeviction")
            if policy != "noeviction":
                raise StoreDown(
                    f"store: maxmemory-policy is {policy}, so that it may drop what was accepted; "
                    "set it to noeviction",
                    retry_after_s=RETRY_AFTER_S,
                )


def share(used: int, ceiling: int) -> float:
    """Return how much of the memory is used; nothing where there is no ceiling."""
    return used / ceiling if ceiling > 0 else 0.0


def _in_turn(due: Sequence[bytes], *, limit: int) -> list[str]:
    """Return the events that are due, the backfilled among them only while they leave half."""
    members = [member.decode() for member in due]
    late = [member for member in members if BACKFILL in member]
    over = set(late[max(1, limit // 2) :])
    return [member for member in members if member not in over] if over else members
