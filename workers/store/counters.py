"""Counting over all processes: each adds to a tally of its own, which is kept now and then."""

import threading
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from workers.errors import StoreDown
from workers.measures import SUM, Family, Measured, measured
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key

FLUSH_S = 1.0  # how old a count may be that only its process knows
FLUSHED_MS = 600_000
WAITING_FLUSHES = 60  # that are tried again; what the store refuses for longer is given up


@dataclass(slots=True)
class Tally:
    """What one process counted since it was last asked; safe to share between threads."""

    fresh: threading.Event = field(default_factory=threading.Event)
    _added: dict[tuple[str, str], int] = field(default_factory=dict)
    _told: dict[tuple[str, str], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, family: Family, portal: str, *values: str, by: int = 1) -> None:
        """Add to a counter."""
        key = (portal, family.field(values))
        with self._lock:
            self._added[key] = self._added.get(key, 0) + by
        self._wake()

    def observe(self, family: Family, portal: str, *values: str, seconds: float) -> None:
        """Add a duration to a histogram; one that clocks made negative is none."""
        seconds = max(0.0, seconds)
        bucket = (portal, family.field(values, family.bucket(seconds)))
        total = (portal, family.field(values, SUM))
        with self._lock:
            self._added[bucket] = self._added.get(bucket, 0) + 1
            self._added[total] = self._added.get(total, 0) + round(seconds * 1_000_000)
        self._wake()

    def tell(self, family: Family, portal: str, *values: str, value: int) -> None:
        """Set a gauge."""
        with self._lock:
            self._told[portal, family.field(values)] = value
        self._wake()

    def _wake(self) -> None:
        if not self.fresh.is_set():  # setting it anew costs more than all the rest
            self.fresh.set()

    def take(self) -> "list[Flush]":
        """Return what was counted, a flush for each portal, and begin anew."""
        with self._lock:
            self.fresh.clear()
            added, self._added = self._added, {}
            told, self._told = self._told, {}
        portals = dict.fromkeys(portal for portal, _ in (*added, *told))
        return [
            Flush(
                portal=portal,
                added={name: n for (of, name), n in added.items() if of == portal},
                told={name: n for (of, name), n in told.items() if of == portal},
            )
            for portal in portals
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Counts on their way; sent twice, they count once."""

    portal: str
    added: Mapping[str, int]
    told: Mapping[str, int]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Counters(Connection):
    """What all processes counted together."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        super().__init__(url, timeout_s=timeout_s)
        self.tally = Tally()
        self._flushes: deque[Flush] = deque(maxlen=WAITING_FLUSHES)
        self._flushing = threading.Lock()
        self._closed = threading.Event()

    def keep_counting(self) -> None:
        """Keep what this process counts about once a second, from a thread, until `close`."""
        threading.Thread(target=self._keep_counting, name="counters", daemon=True).start()

    def _keep_counting(self) -> None:
        while not self._closed.is_set():
            self.tally.fresh.wait()
            self._closed.wait(FLUSH_S)
            with suppress(StoreDown):  # they are kept with the next
                self.flush_counts()

    def flush_counts(self) -> None:
        """Keep what this process has counted. Raises StoreDown; it is tried again then."""
        with self._flushing:
            self._flushes.extend(self.tally.take())
            while self._flushes:
                self._flush(self._flushes[0])
                self._flushes.popleft()

    def _flush(self, flush: Flush) -> None:
        args: list[object] = [FLUSHED_MS, len(flush.added)]
        for fields in (flush.added, flush.told):
            for name, number in fields.items():
                args += (name, number)
        keys = [portal_key(flush.portal, "measures"), portal_key(flush.portal, "flush", flush.id)]
        self.script("measure", keys=keys, args=args)

    def measured(self, portals: Iterable[str]) -> list[Measured]:
        """Return what was counted for these portals, and for what is of none."""
        names = ["", *portals]
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(portal_key(name, "measures"))
            found = pipe.execute()
        return [
            each
            for name, fields in zip(names, found, strict=True)
            for each in measured(name, ((key.decode(), int(n)) for key, n in fields.items()))
        ]

    def close(self) -> None:
        """Keep what was counted, if the store takes it, and give back every connection."""
        self._closed.set()
        self.tally.fresh.set()
        with suppress(StoreDown):
            self.flush_counts()
        super().close()
