"""One writer for each portal: the lease, its number, the bell, and the pause.

hl:tick   string: set while a process looks for what nobody rang for, and until the next may
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import orjson

from workers.errors import StoreDown
from workers.stamps import microseconds
from workers.store.connection import our_errors
from workers.store.inbox import BELL_MS
from workers.store.keys import portal_key
from workers.store.versions import FIT_S, Versions

TICK_MS = 2_000
TICKING = "hl:tick"
TICKING_MS = 10_000  # after which another ticks, should one die at it
TICKED_MS = 900  # less than there is between two ticks of one process
LONGEST_MS = 600_000  # the longest lease that the settings allow

HASTENED = 10_000  # more than a turn holds


class Leases(Versions):
    """Who may write to a portal, and when."""

    def lease(self, portal: str, *, owner: str, lease_s: float) -> int:
        """Return the fencing number if `owner` holds the portal now, 0 if another does.

        Takes the bell down: whoever gets the lease looks for work itself.
        """
        self.fit(patience_s=FIT_S)
        keys = [portal_key(portal, name) for name in ("lease", "fence", "bell")]
        args = [owner, int(lease_s * 1000)]
        return int(self.script("lease", keys=keys, args=args, synced=True))

    def last_fence(self, portal: str) -> int:
        """Return the number of the last writer that the portal had, 0 if it never had one."""
        with our_errors():
            return int(self.redis.get(portal_key(portal, "fence")) or 0)

    def renew(self, portal: str, *, owner: str, lease_s: float) -> bool:
        """Return True if `owner` still holds the portal, now for `lease_s` more."""
        key = portal_key(portal, "lease")
        return bool(self.script("renew", keys=[key], args=[owner, int(lease_s * 1000)]))

    def release(self, portal: str, *, owner: str, even_if_rung: bool = False) -> bool:
        """Give the portal back; False (and still held) if the bell was rung in the meantime."""
        keys = [portal_key(portal, "lease"), portal_key(portal, "bell")]
        return bool(self.script("release", keys=keys, args=[owner, int(even_if_rung)]))

    def set_bell(self, portal: str) -> bool:
        """Return True if the caller is the one to publish a drain: none is on its way."""
        with our_errors():
            return bool(self.redis.set(portal_key(portal, "bell"), "1", nx=True, px=BELL_MS))

    def set_tick(self, portal: str) -> bool:
        """Return True at most once in two seconds: drains that nobody takes must not pile up."""
        with our_errors():
            return bool(self.redis.set(portal_key(portal, "tick"), "1", nx=True, px=TICK_MS))

    @contextmanager
    def ticking(self) -> Iterator[bool]:
        """Yield True if the caller is to tick now: one process does it for all, once a second."""
        began = time.monotonic()
        with our_errors():
            ours = bool(self.redis.set(TICKING, "1", nx=True, px=TICKING_MS))
            if not ours and self.redis.pttl(TICKING) > TICKING_MS:  # the clock was set back
                ours = bool(self.redis.set(TICKING, "1", px=TICKING_MS))
        try:
            yield ours
        finally:
            if ours:
                took_ms = int((time.monotonic() - began) * 1000)
                with suppress(StoreDown), our_errors():
                    self.redis.pexpire(TICKING, max(1, TICKED_MS - took_ms))

    def leased(self, portal: str) -> bool:
        """Return True if some writer holds the portal.

        False for a lease that is longer than any may be: asking for it then puts it right.
        """
        with our_errors():
            left_ms = int(self.redis.pttl(portal_key(portal, "lease")))
        return 0 < left_ms <= LONGEST_MS

    def pause(self, portal: str, *, until: datetime, reason: str) -> None:
        """Let nothing be written to the portal before `until`; a longer pause stays."""
        key = portal_key(portal, "pause")
        until_ms = microseconds(until) // 1000
        with our_errors():
            current = self.redis.get(key)
            if current is None or int(current.split(b"|", 1)[0]) < until_ms:
                self.redis.set(key, f"{until_ms}|{reason}", pxat=until_ms)

    def paused(self, portal: str, *, now: datetime) -> tuple[float, str] | None:
        """Return for how many seconds more the portal is paused, and why; None if it is not.

        One that a person stopped is paused without end.
        """
        with our_errors():
            current, stop = self.redis.mget(
                [portal_key(portal, "pause"), portal_key(portal, "stop")]
            )
        if stop is not None:
            by, reason, _ = orjson.loads(stop)
            return math.inf, f"stopped by {by}" + (f": {reason}" if reason else "")
        if current is None:
            return None
        until_ms, _, reason = current.decode().partition("|")
        left_s = int(until_ms) / 1000 - now.timestamp()
        return (left_s, reason) if left_s > 0 else None

    def resume(self, portal: str) -> None:
        """End a pause."""
        with our_errors():
            self.redis.delete(portal_key(portal, "pause"))

    def hasten(self, portal: str, *, now: datetime) -> None:
        """Let what is to be tried again be tried now: what stood in its way is gone."""
        key = portal_key(portal, "retry")
        now_ms = microseconds(now) // 1000
        with our_errors():
            first = self.redis.zrange(key, 0, HASTENED - 1)
            if first:  # xx: not what was settled meanwhile
                self.redis.zadd(key, dict.fromkeys(first, now_ms), xx=True, lt=True)

    def seen_worker(self, *, now: datetime) -> None:
        """Remember that a worker of this version is alive."""
        with our_errors():
            self.redis.hset("hl:workers", str(self.version), str(now.timestamp()))

    def workers_seen(self, *, now: datetime | None = None) -> float | None:
        """Return how many seconds ago the last sign of a worker was, None if there was none."""
        with our_errors():
            seen = self.redis.hvals("hl:workers")
            seconds, micros = self.redis.time()
        if not seen:
            return None
        at = now.timestamp() if now is not None else seconds + micros / 1e6
        return max(0.0, at - max(float(each) for each in seen))
