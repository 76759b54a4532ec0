"""Accepting events and reading those that wait."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import redis

from workers.errors import Full, StoreDown
from workers.events import Arrival, Event
from workers.stamps import microseconds, moment
from workers.store.connection import GROUP, RETRY_AFTER_S, Connection, our_errors
from workers.store.keys import portal_key, seen_key, split_event_id

BELL_MS = 30_000
COMPRESS_FROM_BYTES = 256


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


def encode(arrival: Arrival, *, received: datetime, tolerance_s: int) -> tuple[bytes, bytes]:
    """Return the two fields of a stream entry: what is about the event, and its body."""
    time = received if arrival.time is None else arrival.time
    time = min(time, received + timedelta(seconds=tolerance_s))
    return _fields(arrival, time, received)


def encode_event(event: Event) -> tuple[bytes, bytes]:
    """Return the two fields that `decode` makes `event` of."""
    return _fields(event, event.time, event.received)


def _fields(about: Arrival | Event, time: datetime, received: datetime) -> tuple[bytes, bytes]:
    meta = orjson.dumps(
        [
            about.endpoint,
            about.source,
            about.source_id,
            about.type,
            microseconds(time),
            microseconds(received),
            dict(about.headers),
        ]
    )
    if len(about.body) >= COMPRESS_FROM_BYTES:
        return meta, b"z" + zlib.compress(about.body, 1)
    return meta, b"r" + about.body


def decode(portal: str, entry: bytes, fields: dict[bytes, bytes]) -> Event:
    """Return the event of a stream entry."""
    endpoint, source, source_id, type_, time_us, received_us, headers = orjson.loads(fields[b"m"])
    body = fields[b"b"]
    return Event(
        id=f"{portal}-{entry.decode()}",
        portal=portal,
        endpoint=endpoint,
        source=source,
        source_id=source_id,
        type=type_,
        time=moment(time_us),
        received=moment(received_us),
        headers=headers,
        body=zlib.decompress(body[1:]) if body[:1] == b"z" else body[1:],
    )


class Inbox(Connection):
    """The events of each portal, in the order of their arrival."""

    limits: Limits

    def accept(self, portal: str, arrivals: Sequence[Arrival], *, received: datetime) -> Accepted:
        """Keep every arrival that is new, all of them or none, and say under which ids.

        Raises Full when the portal's backlog has reached its ceiling, StoreDown when the store
        cannot be reached or cannot write; nothing is kept then.
        """
        keys = [portal_key(portal, name) for name in ("events", "counts", "bell")]
        args: list[object] = [self.limits.dedupe_s * 1000, self.limits.max_backlog, BELL_MS]
        for arrival in arrivals:
            keys.append(seen_key(portal, arrival.endpoint, arrival.source_id))
            args.extend(
                encode(arrival, received=received, tolerance_s=self.limits.future_tolerance_s)
            )
        reply = self.script("accept", keys=keys, args=args)
        if reply[0] == b"full":
            raise Full(
                f"portal {portal}: {reply[1]} events wait already; ask again later",
                retry_after_s=RETRY_AFTER_S,
            )
        return Accepted(
            receipts=tuple(
                Receipt(id=f"{portal}-{reply[i].decode()}", duplicate=not reply[i + 1])
                for i in range(1, len(reply), 2)
            ),
            ring=bool(reply[0]),
        )

    def take(self, portal: str, *, now: datetime, limit: int) -> list[Event]:
        """Return what is to be handled: retries that are due, what a dead writer left, the new.

        Only the holder of the portal's lease may call this: all of it is then its own.
        """
        stream = portal_key(portal, "events")
        with our_errors():
            due = self.redis.zrangebyscore(
                portal_key(portal, "retry"), "-inf", microseconds(now) // 1000, start=0, num=limit
            )
            events = self._by_entries(portal, [entry.decode() for entry in due])
            try:
                for since in ("0", ">"):
                    room = limit - len(events)
                    if room > 0:
                        found = self.redis.xreadgroup(GROUP, GROUP, {stream: since}, count=room)
                        entries = found[0][1] if found else []
                        events += [decode(portal, entry, fields) for entry, fields in entries]
            except redis.ResponseError as error:
                if not str(error).startswith("NOGROUP"):
                    raise
                self._make_group(stream)
                return self.take(portal, now=now, limit=limit)
        return events

    def _make_group(self, stream: str) -> None:
        try:
            self.redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _by_entries(self, portal: str, entries: Sequence[str]) -> list[Event]:
        if not entries:
            return []
        stream = portal_key(portal, "events")
        pipe = self.redis.pipeline(transaction=False)
        for entry in entries:
            pipe.xrange(stream, entry, entry)
            pipe.hgetall(portal_key(portal, "kept", entry))
        found = iter(pipe.execute())
        events: list[Event] = []
        for entry, streamed, kept in zip(entries, found, found, strict=True):
            fields = streamed[0][1] if streamed else kept
            if fields:
                events.append(decode(portal, entry.encode(), fields))
        return events

    def event(self, event_id: str) -> Event | None:
        """Return one event, None if its time of retention has passed or it never was."""
        try:
            portal, entry = split_event_id(event_id)
        except ValueError:
            return None
        with our_errors():
            found = self._by_entries(portal, [entry])
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
        stream = portal_key(portal, "events")
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

    def has_work(self, portal: str, *, now: datetime) -> bool:
        """Return True if a drain of the portal would find something to do."""
        with our_errors():
            due = self.redis.zcount(portal_key(portal, "retry"), "-inf", microseconds(now) // 1000)
            return bool(due) or self._oldest(portal) is not None

    def writable(self) -> None:
        """Return if the store takes writes; raise StoreDown if not."""
        with our_errors():
            self.redis.set("hl:writable", "1", ex=60)
            policy: dict[str, Any] = self.redis.config_get("maxmemory-policy")
        kept = policy.get("maxmemory-policy", "noeviction")
        if kept != "noeviction":
            raise StoreDown(
                f"store: maxmemory-policy is {kept}, so that it may drop what was accepted; "
                "set it to noeviction",
                retry_after_s=RETRY_AFTER_S,
            )
