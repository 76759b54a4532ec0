"""The last deliveries that an endpoint's signature turned away, and why: a few, and no secrets.

hl:{~}:refused:ENDPOINT   list: JSON, the newest first; a few, and for a week
"""

import time
from dataclasses import dataclass
from datetime import datetime

import orjson

from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key

KEPT = 20
KEPT_S = 7 * 86_400
PROVED_S = 30 * 86_400
PROVED_APART_S = 10.0  # so old may be what is told of a secret's last use
APART_S = 0.2  # a flood of them is not worth a write for each
LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Deliveries that were turned away for the same reason, the last of them at `at`."""

    at: datetime
    reason: str  # a word: missing_header, mismatch, …
    detail: str
    times: int = 1  # one told of, and those that came too close behind the one before


@dataclass(slots=True)
class _Quiet:
    """How long an endpoint's refusals are only counted."""

    until: float = 0.0
    unsaid: int = 0


class Refusals(Connection):
    """What was turned away at each endpoint."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        super().__init__(url, timeout_s=timeout_s)
        self._quiet: dict[str, _Quiet] = {}
        self._proved: dict[tuple[str, int], float] = {}

    def note_refusal(self, endpoint: str, *, reason: str, detail: str, now: datetime) -> None:
        """Remember that a delivery was turned away; those that follow at once are counted."""
        quiet = self._quiet.setdefault(endpoint, _Quiet())
        if time.monotonic() < quiet.until:
            quiet.unsaid += 1
            return
        times, quiet.unsaid = quiet.unsaid + 1, 0
        quiet.until = time.monotonic() + APART_S
        row = orjson.dumps([microseconds(now), reason, detail[:LONGEST], times])
        key = portal_key("", "refused", endpoint)
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            pipe.lpush(key, row)
            pipe.ltrim(key, 0, KEPT - 1)
            pipe.expire(key, KEPT_S)
            pipe.execute()

    def refusals(self, endpoint: str) -> list[Refusal]:
        """Return the last refusals at an endpoint, the newest first."""
        with our_errors():
            rows = self.redis.lrange(portal_key("", "refused", endpoint), 0, KEPT - 1)
        found = [orjson.loads(row) for row in rows]
        return [
            Refusal(at=moment(at_us), reason=reason, detail=detail, times=times)
            for at_us, reason, detail, times in found
        ]

    def note_proof(self, endpoint: str, secret: int, *, now: datetime) -> None:
        """Remember that the secret in this place, from 0, proved a delivery."""
        if time.monotonic() < self._proved.get((endpoint, secret), 0.0):
            return
        self._proved[endpoint, secret] = time.monotonic() + PROVED_APART_S
        key = portal_key("", "proved", endpoint)
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            pipe.hset(key, str(secret), microseconds(now) // 1000)
            pipe.expire(key, PROVED_S)
            pipe.execute()

    def proofs(self, endpoint: str) -> dict[int, datetime]:
        """Return when each secret, by its place from 0, last proved a delivery."""
        with our_errors():
            found = self.redis.hgetall(portal_key("", "proved", endpoint))
        return {int(place): moment(int(at_ms) * 1000) for place, at_ms in found.items()}
