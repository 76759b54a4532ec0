"""The events that wait: how many there are, and taking them up in turn."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis

from workers.errors import StoreDown
from workers.events import Event
from workers.stamps import microseconds
from workers.store.connection import GROUP, our_errors
from workers.store.entries import Entries
from workers.store.keys import BACKFILL, lane_and_entry, portal_key, split_event_id, stream_key

BACKFILL_PARTS = 20  # of so many parts of a turn's room, one is for backfilled events


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What a portal has to do still."""

    waiting: int  # accepted and not final, those that retry among them
    retrying: int
    dead: int
    unknown: int
    oldest_age_s: float | None  # of the oldest event not yet taken up


class Waiting(Entries):
    """The events of each portal, in the order of their arrival."""

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


def _in_turn(due: Sequence[bytes], *, limit: int) -> list[str]:
    """Return the events that are due, the backfilled among them only while they leave half."""
    members = [member.decode() for member in due]
    late = [member for member in members if BACKFILL in member]
    over = set(late[max(1, limit // 2) :])
    return [member for member in members if member not in over] if over else members
