"""What a turn needs to know and what it leaves behind; every write of it under the fence.

hl:{portal}:id:TYPE:PROPERTY:H     string: record id, or "-" and the stamp of its archiving
hl:{portal}:clock:TYPE:ID          hash: property → Clock; "~…" fields are associations
hl:{portal}:verdict:EVENT          string: JSON, where the event stands and each outcome
hl:{portal}:kept:EVENT             hash: m, b of a dead or unknown event, outliving the stream's;
                                   g, the group of its reason
hl:{portal}:about:H                sorted set: the events about records with a key, by arrival
hl:{portal}:call:ID                string: a call as sent and answered, compressed
hl:{portal}:retry, dead, unknown   sorted sets: events by due time, by time of death
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from workers.changes import Keyed
from workers.errors import LeaseLost
from workers.events import Event
from workers.knowledge import RecordId
from workers.outcomes import EventState, Verdict
from workers.stamps import Clock, Stamp, microseconds
from workers.store.commits import Commit
from workers.store.connection import GROUP, our_errors
from workers.store.entries import Entries
from workers.store.groups import gist, group_id, group_key
from workers.store.keys import (
    about_key,
    clock_key,
    id_key,
    lane_and_entry,
    portal_key,
    split_event_id,
    stream_key,
)
from workers.store.retention import Keep
from workers.store.schemas import Schemas
from workers.store.standings import Standing, standing, standing_of, standing_text

MOST_ABOUT = 1_000  # events that are listed for one key
TRIM_ABOUT = 16  # one in so many events looks whether there are more
EVENTS_A_SCRIPT = 200  # so that one script holds the store for a few milliseconds only


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of one event, with the clocks that its own writes moved."""

    event: Event
    verdict: Verdict
    attempts: int
    clocks: Sequence[tuple[RecordId, str, Clock]] = ()
    about: Iterable[str] = ()  # the keys of the records that it names: an e-mail address, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a turn learned of identities."""

    ids: Mapping[Keyed, str] = field(default_factory=dict)
    forgotten: Iterable[Keyed] = ()
    archived: Mapping[Keyed, Stamp] = field(default_factory=dict)
    clocks: Sequence[tuple[RecordId, str, Clock]] = ()  # of earlier events, to another record id


class Ledger(Schemas, Entries):
    """Identities, clocks, verdicts and calls."""

    keep: Keep

    # Before a turn

    def ids(
        self, portal: str, keys: Iterable[Keyed]
    ) -> tuple[dict[Keyed, str], dict[Keyed, Stamp]]:
        """Return the kept record ids, and the stamps of the archived ones."""
        keys = list(keys)
        if not keys:
            return {}, {}
        with our_errors():
            values = self.redis.mget([id_key(portal, key) for key in keys])
        ids: dict[Keyed, str] = {}
        archived: dict[Keyed, Stamp] = {}
        for key, value in zip(keys, values, strict=True):
            if value is None:
                continue
            text = value.decode()
            if text.startswith("-"):
                time_us, ordinal, event_key = text[1:].split("|", 2)
                archived[key] = Stamp(int(time_us), event_key, int(ordinal))
            else:
                ids[key] = text
        return ids, archived

    def clocks(self, portal: str, records: Iterable[RecordId]) -> dict[RecordId, dict[str, Clock]]:
        """Return the clocks of each record; an empty mapping where there are none."""
        records = list(records)
        if not records:
            return {}
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for record in records:
                pipe.hgetall(clock_key(portal, record))
            found = pipe.execute()
        return {
            record: {name.decode(): Clock.decode(text.decode()) for name, text in clocks.items()}
            for record, clocks in zip(records, found, strict=True)
        }

    def standings(self, events: Sequence[Event]) -> dict[str, Standing]:
        """Return where each event stands that was looked at before, by its id."""
        if not events:
            return {}
        keys = [portal_key(e.portal, "verdict", split_event_id(e.id)[1]) for e in events]
        with our_errors():
            values = self.redis.mget(keys)
        return {
            event.id: standing(self.open(value, what=standing_of(event.portal)))
            for event, value in zip(events, values, strict=True)
            if value is not None
        }

    def reasons(self, portal: str, members: Sequence[str]) -> dict[str, str]:
        """Return why each event stands where it does, by its name within the portal."""
        if not members:
            return {}
        with our_errors():
            values = self.redis.mget([portal_key(portal, "verdict", each) for each in members])
        return {
            member: standing(self.open(value, what=standing_of(portal))).reason
            for member, value in zip(members, values, strict=True)
            if value is not None
        }

    # After a turn

    def settle(
        self,
        portal: str,
        settlements: Sequence[Settlement],
        learned: Learned,
        *,
        fence: int,
        now: datetime,
    ) -> None:
        """Write what became of a turn's events, each event's in one step. Raises LeaseLost."""
        commits = self._commits(portal, settlements, learned, fence=fence, now=now)
        calls = (each.closed() for each in commits)
        if not all(self.scripts("commit", calls, synced=True)):
            raise LeaseLost(f"portal {portal}: number {fence} is no longer the newest")

    def _commits(
        self,
        portal: str,
        settlements: Sequence[Settlement],
        learned: Learned,
        *,
        fence: int,
        now: datetime,
    ) -> Iterator[Commit]:
        commit = Commit(portal_key(portal, "fence"), fence)
        for key, record_id in learned.ids.items():
            commit.add("SET", id_key(portal, key), record_id, "EX", self.keep.clocks_s)
        for key in learned.forgotten:
            commit.add("DEL", id_key(portal, key))
        for key, stamp in learned.archived.items():
            gone = f"-{stamp.time_us}|{stamp.ordinal}|{stamp.event_key}"
            commit.add("SET", id_key(portal, key), gone, "EX", self.keep.clocks_s)
        self._add_clocks(portal, commit, learned.clocks)
        for number, each in enumerate(settlements, start=1):
            self._add(portal, commit, each, now)
            if number % EVENTS_A_SCRIPT == 0:
                yield commit
                commit = Commit(portal_key(portal, "fence"), fence)
        yield commit

    def _add(self, portal: str, commit: Commit, each: Settlement, now: datetime) -> None:
        event, verdict = each.event, each.verdict
        member = split_event_id(event.id)[1]
        lane, entry = lane_and_entry(member)
        dead = verdict.state in (EventState.DEAD, EventState.UNKNOWN)
        keep_s = self.keep.dead_s if dead else self.keep.handled_s
        self._add_clocks(portal, commit, each.clocks)
        body = self.closed(
            standing_text(verdict, attempts=each.attempts, settled=now),
            what=standing_of(portal),
        )
        commit.add("SET", portal_key(portal, "verdict", member), body, "EX", keep_s)
        for value in each.about:
            self._add_about(portal, commit, value, member, keep_s, now)
        commit.gather("XACK", stream_key(portal, lane), GROUP, member=entry)
        retry = portal_key(portal, "retry")
        if verdict.due is not None:
            commit.add("ZADD", retry, microseconds(verdict.due) // 1000, member)
            return
        commit.gather("ZREM", retry, member=member)
        counts = portal_key(portal, "counts")
        commit.count(counts, "waiting", -1)
        commit.count(counts, verdict.state.value, 1)
        if dead:
            now_ms = microseconds(now) // 1000
            group = group_id(verdict.reason)
            commit.add("ZADD", portal_key(portal, verdict.state.value), now_ms, member)
            commit.add("ZADD", group_key(portal, verdict.state, group), now_ms, member)
            commit.add("HSET", portal_key(portal, "groups"), group, gist(verdict.reason))
            kept = portal_key(portal, "kept", member)
            meta, data = self.encode_event(event)
            commit.add("HSET", kept, "m", meta, "b", data, "g", group)
            commit.add("EXPIRE", kept, keep_s)

    def _add_about(
        self, portal: str, commit: Commit, value: str, member: str, keep_s: int, now: datetime
    ) -> None:
        """Note that the event is about the record; of one in every event the newest are kept.

        Now and then those are dropped that are past any time of retention.
        """
        key = about_key(portal, value)
        _, arrived_ms, sequence = member.rsplit("-", 2)
        commit.gather("ZADD", key, member=arrived_ms)
        commit.gather("ZADD", key, member=member)
        commit.live(key, keep_s)
        if (int(arrived_ms) + int(sequence)) % TRIM_ABOUT == 0:
            commit.add("ZREMRANGEBYRANK", key, 0, -MOST_ABOUT - 1)
            longest_s = max(self.keep.handled_s, self.keep.dead_s)
            oldest_ms = microseconds(now - timedelta(seconds=longest_s)) // 1000
            commit.add("ZREMRANGEBYSCORE", key, "-inf", f"({oldest_ms}")

    def _add_clocks(
        self, portal: str, commit: Commit, moved: Iterable[tuple[RecordId, str, Clock]]
    ) -> None:
        clocks: dict[RecordId, list[object]] = {}
        for record, name, clock in moved:
            clocks.setdefault(record, []).extend((name, clock.encode()))
        for record, fields in clocks.items():
            key = clock_key(portal, record)
            commit.add("HSET", key, *fields)
            commit.add("EXPIRE", key, self.keep.clocks_s)

    def standing_text(self, portal: str, standing: Standing) -> bytes:
        """Return what is kept of where an event stands."""
        text = standing_text(standing, attempts=standing.attempts, settled=standing.settled)
        return self.closed(text, what=standing_of(portal))

    # Calls

    def keep_calls(self, portal: str, calls: Mapping[str, object]) -> None:
        """Keep calls as they were sent and answered, by id, as long as handled events."""
        if not calls:
            return
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for call_id, call in calls.items():
                text = zlib.compress(orjson.dumps(call, default=str), 1)
                text = self.closed(text, what=call_of(portal))
                pipe.set(portal_key(portal, "call", call_id), text, ex=self.keep.handled_s)
            pipe.execute()

    def call(self, portal: str, call_id: str) -> dict[str, object] | None:
        """Return a call as it was sent and answered."""
        with our_errors():
            text = self.redis.get(portal_key(portal, "call", call_id))
        if text is None:
            return None
        plain = self.open(text, what=call_of(portal))
        found: dict[str, object] = orjson.loads(zlib.decompress(plain))
        return found


def call_of(portal: str) -> str:
    """Return as what a call is sealed."""
    return f"a call to portal {portal}"
