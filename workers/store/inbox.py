"""Accepting events, as long as there is room for them."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workers.errors import Flooded, Full, StoreDown
from workers.events import Arrival
from workers.store.connection import RETRY_AFTER_S, our_errors
from workers.store.keys import lanes_of, portal_key, seen_key, seen_member, stream_key
from workers.store.versions import FIT_S, Versions
from workers.store.waiting import Waiting

BELL_MS = 30_000
LOOK_EVERY_S = 1.0
FULL_SHARE = 0.8  # of the store's own limit; the rest is the writer's
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
class Limits:
    """How long a duplicate is known, how much may wait, how far ahead a sender's clock may be."""

    dedupe_s: int
    max_backlog: int
    future_tolerance_s: int
    max_store_bytes: int | None = None


class Inbox(Waiting, Versions):
    """What is accepted, as long as there is room."""

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
        self.fit(patience_s=FIT_S)
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
