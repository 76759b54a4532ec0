"""Taking out of the store what is of one person: under the portal's lease, like all that writes.

hl:{portal}:owed:PERSON   string: the ids of the contacts that the CRM is still to delete for good;
                          lives as long as a clock

An event goes whole; what others' events share with it (the calls of a batch, the clocks of a
company) is left to them. What is looked for by a pattern is looked for among all keys of the store:
this is done seldom.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence

import orjson

from workers.changes import Keyed
from workers.errors import LeaseLost
from workers.events import Event
from workers.knowledge import RecordId
from workers.outcomes import EventState
from workers.store.browsing import Browsing
from workers.store.connection import our_errors
from workers.store.groups import group_key
from workers.store.keys import (
    about_key,
    clock_key,
    id_key,
    lane_and_entry,
    portal_key,
    split_event_id,
    stream_key,
)
from workers.store.ledger import call_of

CHUNK = 200


class Erasing(Browsing):
    """What is left of a person, and how it goes."""

    def every_event(self, portal: str) -> Iterator[Event]:
        """Give every event that is kept; one of which there are two copies is given twice."""
        for lane in self.lanes(portal):
            start = "-"
            while True:
                with our_errors():
                    found = self.redis.xrange(stream_key(portal, lane), min=start, count=CHUNK)
                for entry, fields in found:
                    yield self.decode(portal, lane, entry, fields)
                if len(found) < CHUNK:
                    break
                start = f"({found[-1][0].decode()}"
        prefix = portal_key(portal, "kept", "")
        for keys in self._chunks(prefix):
            with our_errors():
                pipe = self.redis.pipeline(transaction=False)
                for key in keys:
                    pipe.hgetall(key)
                copies = pipe.execute()
            for key, fields in zip(keys, copies, strict=True):
                if fields:
                    lane, entry = lane_and_entry(key.removeprefix(prefix))
                    yield self.decode(portal, lane, entry.encode(), fields)

    def erase_event(self, event: Event, *, unseen: bool, fence: int) -> bool:
        """Take an event out; False if it was gone. `unseen`: no writer has looked at it yet.

        Raises LeaseLost.
        """
        portal, member = event.portal, split_event_id(event.id)[1]
        lane, entry = lane_and_entry(member)
        (group,) = self.groups_of(portal, [member])
        keys = [portal_key(portal, "fence"), stream_key(portal, lane)]
        keys += [portal_key(portal, name) for name in ("counts", "retry", "dead", "unknown")]
        keys += [group_key(portal, state, group) for state in (EventState.DEAD, EventState.UNKNOWN)]
        keys += [portal_key(portal, "groups")]
        keys += [portal_key(portal, name, member) for name in ("verdict", "kept")]
        done = self.script("erase", keys=keys, args=[fence, member, entry, int(unseen), group])
        if done < 0:
            raise LeaseLost(f"portal {portal}: number {fence} is no longer the newest")
        return bool(done)

    def every_call(self, portal: str) -> Iterator[tuple[str, dict[str, object]]]:
        """Give every call that is kept, with its id."""
        prefix = portal_key(portal, "call", "")
        for keys in self._chunks(prefix):
            with our_errors():
                texts = self.redis.mget(keys)
            for key, text in zip(keys, texts, strict=True):
                if text is not None:
                    plain = self.open(text, what=call_of(portal))
                    yield key.removeprefix(prefix), orjson.loads(zlib.decompress(plain))

    def rewrite_call(self, portal: str, id: str, call: dict[str, object]) -> None:
        """Keep a call otherwise than it was, for as long as it would have been kept."""
        text = self.closed(zlib.compress(orjson.dumps(call), 1), what=call_of(portal))
        with our_errors():
            self.redis.set(portal_key(portal, "call", id), text, xx=True, keepttl=True)

    def identities_of(self, portal: str, records: Iterable[RecordId]) -> list[str]:
        """Return the keys under which the ids of these records are kept, by whatever property."""
        wanted: dict[str, set[str]] = {}
        for object_type, id in records:
            wanted.setdefault(object_type, set()).add(id)
        found: list[str] = []
        for object_type, ids in wanted.items():
            for keys in self._chunks(portal_key(portal, "id", object_type, "")):
                with our_errors():
                    values = self.redis.mget(keys)
                found += [
                    key
                    for key, value in zip(keys, values, strict=True)
                    if value is not None and value.decode() in ids
                ]
        return found

    def owe(self, portal: str, person: str, contacts: Sequence[str]) -> None:
        """Remember which contacts of a person the CRM is to delete; with none, that it has."""
        key = portal_key(portal, "owed", person)
        with our_errors():
            if contacts:
                self.redis.set(key, " ".join(contacts), ex=self.keep.clocks_s)
            else:
                self.redis.delete(key)

    def owed(self, portal: str, person: str) -> tuple[str, ...]:
        """Return the contacts of a person that the CRM is still to delete."""
        with our_errors():
            found = self.redis.get(portal_key(portal, "owed", person))
        return tuple((found or b"").decode().split())

    def forget_keys(self, keys: Sequence[str]) -> int:
        """Drop keys, all of one portal; return how many there were."""
        with our_errors():
            return sum(
                int(self.redis.delete(*keys[start : start + CHUNK]))
                for start in range(0, len(keys), CHUNK)
            )

    def identity_keys(self, portal: str, identities: Iterable[Keyed]) -> list[str]:
        """Return the names of the keys under which the ids of records are kept."""
        return [id_key(portal, each) for each in identities]

    def present(self, keys: Iterable[str]) -> list[str]:
        """Return those of the keys that there are."""
        with our_errors():
            return [key for key in keys if self.redis.exists(key)]

    def about_keys(self, portal: str, values: Iterable[str]) -> list[str]:
        """Return the names of the lists of the events about records with these keys."""
        return [about_key(portal, value) for value in values]

    def unlist(self, portal: str, members: Sequence[str]) -> None:
        """Take the names of events out of the lists of those about a record."""
        if not members:
            return
        for keys in self._chunks(portal_key(portal, "about", "")):
            with our_errors():
                pipe = self.redis.pipeline(transaction=False)
                for key in keys:
                    pipe.zrem(key, *members)
                pipe.execute()

    def forget_clocks(
        self, portal: str, records: Iterable[RecordId], *, also: Iterable[tuple[RecordId, str]]
    ) -> int:
        """Drop the clocks of records, and single ones of others; return how many records' went."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for record in records:
                pipe.delete(clock_key(portal, record))
            for record, name in also:
                pipe.hdel(clock_key(portal, record), name)
            return sum(map(bool, pipe.execute()))

    def forget_records(self, portal: str) -> int:
        """Forget which records a portal has, and when what was written; return how many those were.

        Of another account nothing of that is true: an id may be of another's record there.
        """
        gone = 0
        for part in ("id", "clock", "intent"):
            for keys in self._chunks(portal_key(portal, part, "")):
                with our_errors():
                    gone += int(self.redis.delete(*keys))
        with our_errors():
            self.redis.delete(*(portal_key(portal, name) for name in ("schema", "survey")))
        return gone

    def _chunks(self, prefix: str) -> Iterator[list[str]]:
        """Give the keys that begin so, some at a time."""
        chunk: list[str] = []
        with our_errors():
            for key in self.redis.scan_iter(match=f"{prefix}*", count=1_000):
                chunk.append(key.decode())
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk
