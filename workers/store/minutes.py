"""How a portal stood each minute of the last day: events in and out, calls, and what waited.

hl:{portal}:minutes          list: JSON, a reading of the counters each minute, the newest first
hl:{portal}:minute:NUMBER    string: this minute is noted; lives for a few minutes

A reading costs nothing where events are accepted and settled: it only reads what is counted there.
A minute in which no worker lived has no reading; what happened in it is told with the next.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import orjson

from workers import measures
from workers.measures import measured
from workers.stamps import moment
from workers.store.connection import our_errors
from workers.store.inbox import Inbox
from workers.store.keys import portal_key

DAY_MINUTES = 1_440
KEPT_S = 2 * 86_400
NOTED_S = 300
READ = (measures.HANDLED.name, measures.CALLS.name)
FAILED = ("dead", "unknown", "retrying")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The counters of a portal at one moment; they only grow, but for the last two."""

    at: datetime
    accepted: int
    handled: Mapping[str, int]  # by state
    failed: Mapping[str, int]  # by "state reason", the reason a class of `workers.reasons`
    calls: int
    waiting: int
    oldest_age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What happened since the reading before, and how it stood at the end."""

    at: datetime
    accepted: int
    done: int
    ignored: int
    dead: int
    unknown: int
    calls: int
    waiting: int
    oldest_age_s: float


class Minutes(Inbox):
    """The readings."""

    def note_minute(self, portal: str, *, now: datetime) -> bool:
        """Note how the portal stands, once in each minute; True if this call did."""
        number = int(now.timestamp()) // 60
        with our_errors():
            first = self.redis.set(
                portal_key(portal, "minute", str(number)), "1", nx=True, ex=NOTED_S
            )
            if not first:
                return False
            reading = self.reading(portal, now=now)
            key = portal_key(portal, "minutes")
            pipe = self.redis.pipeline(transaction=True)
            pipe.lpush(key, _text(reading))
            pipe.ltrim(key, 0, DAY_MINUTES)
            pipe.expire(key, KEPT_S)
            pipe.execute()
        return True

    def reading(self, portal: str, *, now: datetime) -> Reading:
        """Return how the portal stands now."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            pipe.hgetall(portal_key(portal, "measures"))
            pipe.hmget(portal_key(portal, "counts"), "accepted", "waiting")
            fields, (accepted, waiting) = pipe.execute()
        backlog = self.backlog(portal, now=now)
        handled: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        calls = 0
        counted = ((name.decode(), int(n)) for name, n in fields.items())
        wanted = ((name, n) for name, n in counted if name.split(measures.SEPARATOR)[0] in READ)
        for each in measured(portal, wanted):
            number = int(each.value) if isinstance(each.value, int | float) else 0
            if each.family is measures.CALLS:
                calls += number
                continue
            _, _, state, reason = each.labels
            handled[state] += number
            if state in FAILED:
                failed[f"{state} {reason}"] += number
        return Reading(
            at=now,
            accepted=int(accepted or 0),
            handled=dict(handled),
            failed=dict(failed),
            calls=calls,
            waiting=int(waiting or 0),
            oldest_age_s=backlog.oldest_age_s or 0.0,
        )

    def readings(self, portal: str, *, last: int = DAY_MINUTES) -> list[Reading]:
        """Return the last readings, the oldest first."""
        with our_errors():
            rows = self.redis.lrange(portal_key(portal, "minutes"), 0, last - 1)
        return [_reading(row) for row in reversed(rows)]

    def day_ago(self, portal: str) -> Reading | None:
        """Return the oldest reading of the last day, None if there is none."""
        with our_errors():
            rows = self.redis.lrange(portal_key(portal, "minutes"), -1, -1)
        return _reading(rows[0]) if rows else None


def minutes(readings: Sequence[Reading]) -> list[Minute]:
    """Return what happened between each two readings."""
    return [_between(one, other) for one, other in pairwise(readings)]


def _between(one: Reading, other: Reading) -> Minute:
    def grown(state: str) -> int:
        return max(0, other.handled.get(state, 0) - one.handled.get(state, 0))

    return Minute(
        at=other.at,
        accepted=max(0, other.accepted - one.accepted),
        done=grown("done"),
        ignored=grown("ignored"),
        dead=grown("dead"),
        unknown=grown("unknown"),
        calls=max(0, other.calls - one.calls),
        waiting=other.waiting,
        oldest_age_s=other.oldest_age_s,
    )


def _text(reading: Reading) -> bytes:
    return orjson.dumps(
        [
            int(reading.at.timestamp()),
            reading.accepted,
            reading.handled,
            reading.failed,
            reading.calls,
            reading.waiting,
            round(reading.oldest_age_s, 1),
        ]
    )


def _reading(text: bytes) -> Reading:
    at_s, accepted, handled, failed, calls, waiting, oldest_age_s = orjson.loads(text)
    return Reading(
        at=moment(at_s * 1_000_000),
        accepted=accepted,
        handled=handled,
        failed=failed,
        calls=calls,
        waiting=waiting,
        oldest_age_s=oldest_age_s,
    )
