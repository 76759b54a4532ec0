"""How things stand at this moment: what waits at each endpoint, the quota, the store itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workers.store.connection import GROUP, our_errors
from workers.store.inbox import Inbox, share
from workers.store.keys import BACKFILL, portal_key, stream_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What is not yet taken up, or is in hand, of one endpoint's events in one portal."""

    endpoint: str  # with BACKFILL at its end for those that give way to the live ones
    waiting: int
    oldest_age_s: float | None

    @property
    def live(self) -> bool:
        """False for backfilled events, which wait by intent."""
        return not self.endpoint.endswith(BACKFILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The store's memory: in use, and from where on the door is shut (0: nowhere)."""

    used_bytes: int
    ceiling_bytes: int


class Gauges(Inbox):
    """Readings; each is a few round trips, whatever waits."""

    def standing_in(self, portal: str) -> dict[str, int]:
        """Return how many events are waiting, retrying, dead and unknown."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            pipe.hget(portal_key(portal, "counts"), "waiting")
            for name in ("retry", "dead", "unknown"):
                pipe.zcard(portal_key(portal, name))
            waiting, retrying, dead, unknown = pipe.execute()
        return {
            "waiting": int(waiting or 0),
            "retrying": retrying,
            "dead": dead,
            "unknown": unknown,
        }

    def lane_backlog(self, portal: str, *, now: datetime) -> list[Lane]:
        """Return what waits at each endpoint that ever had an event."""
        lanes = self.lanes(portal)
        streams = [stream_key(portal, lane) for lane in lanes]
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for stream in streams:
                pipe.xinfo_groups(stream)
                pipe.xpending(stream, GROUP)
                pipe.xlen(stream)
            found = iter(pipe.execute(raise_on_error=False))
            states = [_Read.of(*each) for each in zip(found, found, found, strict=True)]
            pipe = self.redis.pipeline(transaction=False)
            for stream, state in zip(streams, states, strict=True):
                pipe.xrange(stream, min=state.after, count=1)
            firsts = pipe.execute()
        return [
            Lane(
                endpoint=lane,
                waiting=max(state.waiting, len(first)),
                oldest_age_s=_age_s(state.oldest or (first[0][0] if first else None), now),
            )
            for lane, state, first in zip(lanes, states, firsts, strict=True)
        ]

    def quota_used(self, portal: str, meter: str, *, window_s: float) -> int:
        """Return how many calls count against the window that ends now, by the store's clock."""
        with our_errors():
            seconds, micros = self.redis.time()
            since = int(seconds) * 1000 + micros // 1000 - int(window_s * 1000)
            return int(self.redis.zcount(portal_key(portal, "budget", meter), f"({since}", "+inf"))

    def room(self) -> Room:
        """Return how much memory the store uses, and how much it may: of its fullest server."""
        used, ceiling = max(self.rooms(), key=lambda room: (share(*room), room), default=(0, 0))
        return Room(used_bytes=int(used), ceiling_bytes=ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """How far a lane was read."""

    waiting: int
    oldest: bytes | None  # the oldest entry in hand
    after: str  # where the first that is not taken up is to be looked for

    @classmethod
    def of(cls, groups: Any, pending: Any, length: int | Exception) -> "_Read":
        ours = _ours(groups)
        if ours is None or isinstance(pending, Exception) or isinstance(length, Exception):
            return cls(
                waiting=0 if isinstance(length, Exception) else length, oldest=None, after="-"
            )
        lag = ours.get("lag")  # not known where a person was forgotten, until more was read
        return cls(
            waiting=pending["pending"] + (lag or 0),
            oldest=pending["min"] if pending["pending"] else None,
            after=f"({ours['last-delivered-id'].decode()}",
        )


def _ours(groups: Any) -> dict[str, Any] | None:
    if isinstance(groups, Exception):
        return None
    listed: Sequence[dict[str, Any]] = groups
    return next((each for each in listed if each["name"] == GROUP.encode()), None)


def _age_s(entry: bytes | None, now: datetime) -> float | None:
    if entry is None:
        return None
    return max(0.0, now.timestamp() - int(entry.split(b"-")[0]) / 1000)
