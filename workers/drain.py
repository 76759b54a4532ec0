"""Draining a portal: one writer at a time, under a lease, turn after turn until nothing waits."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from workers import measures
from workers.errors import LeaseLost, Locked, StoreDown
from workers.logs import log
from workers.outcomes import EventState, Verdict
from workers.pipeline import turn
from workers.reasons import reason_of
from workers.store import Learned, Settlement, Store
from workers.telling import Telling
from workers.writer import Turn, Writer

LOCKED_S = 60.0  # until it is looked whether the key is there


@dataclass(slots=True, kw_only=True)
class Hold:
    """A portal's lease, renewed in the background for as long as the block lasts."""

    store: Store
    portal: str
    owner: str
    lease_s: float
    monotonic: Callable[[], float]
    fence: int = 0
    _until: float = 0.0
    _done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Hold":
        asked = self.monotonic()
        self.fence = self.store.lease(self.portal, owner=self.owner, lease_s=self.lease_s)
        self._until = asked + self.lease_s
        if self.fence:
            threading.Thread(target=self._renew, name=f"lease {self.portal}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _renew(self) -> None:
        while not self._done.wait(self.lease_s / 3):
            asked = self.monotonic()
            try:
                if not self.store.renew(self.portal, owner=self.owner, lease_s=self.lease_s):
                    self._until = 0.0
                    return
            except StoreDown:
                continue  # the lease may outlive the trouble; `check` tells when it has not
            self._until = asked + self.lease_s

    def check(self) -> None:
        """Return if the portal is surely still ours; raise LeaseLost if it may not be."""
        if self.monotonic() > self._until - self.lease_s / 10:
            raise LeaseLost(f"portal {self.portal}: the lease has run out")


class Ended(StrEnum):
    """Why a drain came to its end."""

    TAKEN = "another writer has the portal"
    PAUSED = "the portal is paused"
    EMPTY = "nothing waits"
    SLICE = "others have their turn"
    LOST = "the lease was lost"


@dataclass(slots=True, kw_only=True)
class Narrowing:
    """How many events a turn takes: halved after one broke, until what breaks it is alone."""

    full: int
    _suspects: int = 0  # so many of the next events hold one that breaks; 0: none is known to

    @property
    def limit(self) -> int:
        """How many events the next turn takes."""
        return max(1, self._suspects // 2) if self._suspects else self.full

    def broke(self) -> None:
        """Take note that a turn of `limit` events broke."""
        self._suspects = self.limit if self.limit > 1 else 0

    def passed(self, events: int) -> None:
        """Take note that a turn handled so many events; fewer than `limit` were all there are."""
        self._suspects = max(0, self._suspects - events) if events == self.limit else 0


def drain(
    writer: Writer,
    hold: Hold,
    *,
    limit: int,
    slice_s: float,
    stop: Callable[[], bool],
) -> Ended:
    """Handle what waits for the portal until nothing does, or the time slice is over.

    `hold` is entered already. On SLICE the caller rings for another drain. Raises StoreDown.
    """
    with Telling(writer) as telling:
        try:
            return _drain(writer, hold, telling, limit=limit, slice_s=slice_s, stop=stop)
        except LeaseLost as error:
            log.warning("lease lost", portal=writer.portal, reason=str(error))
            return Ended.LOST


def _drain(
    writer: Writer,
    hold: Hold,
    telling: Telling,
    *,
    limit: int,
    slice_s: float,
    stop: Callable[[], bool],
) -> Ended:
    store, portal = writer.store, writer.portal
    started = hold.monotonic()
    narrowing = Narrowing(full=limit)
    while True:
        paused = store.paused(portal, now=writer.clock())
        if paused is not None:
            store.release(portal, owner=hold.owner, even_if_rung=True)
            return Ended.PAUSED
        done = _turn(writer, hold, narrowing, telling)
        if done is None:
            continue
        if done.pause_s is not None:
            until = writer.clock() + timedelta(seconds=done.pause_s)
            store.pause(portal, until=until, reason=done.reason)
            store.tally.count(measures.PAUSES, portal, reason_of(done.reason).value)
            continue
        if not done.events and store.release(portal, owner=hold.owner):
            return Ended.EMPTY
        if stop() or hold.monotonic() - started > slice_s:
            store.release(portal, owner=hold.owner, even_if_rung=True)
            return Ended.SLICE


def _turn(writer: Writer, hold: Hold, narrowing: Narrowing, telling: Telling) -> Turn | None:
    """Make one turn; None if our own code broke in it, and the next is to take fewer events.

    What breaks a turn would break it for ever, and every event behind it would wait for nothing.
    """
    started = hold.monotonic()
    limit = narrowing.limit
    moment = writer.clock()
    if limit == 1:  # of a retry that falls due meanwhile this turn knows nothing
        writer = replace(writer, clock=lambda: moment)
    try:
        done = turn(writer, fence=hold.fence, limit=limit)
        narrowing.passed(len(done.events))
    except (LeaseLost, StoreDown):
        raise
    except Locked as error:  # nothing is lost: it is read once its key is there
        log.error("locked", portal=writer.portal, reason=str(error))
        return Turn(pause_s=LOCKED_S, reason=str(error))
    except Exception as error:  # noqa: BLE001 (a fault of ours must not stop the portal)
        narrowing.broke()
        log.exception("turn broke", portal=writer.portal, events=limit)
        if limit > 1:
            return None
        done = _park(writer, hold, error)
    telling.tell(done, took_s=hold.monotonic() - started)
    return done


def _park(writer: Writer, hold: Hold, error: Exception) -> Turn:
    """Settle the next event as dead: by itself it broke a turn."""
    events = writer.store.take(writer.portal, now=writer.clock(), limit=1)
    reason = f"a fault in Hookline itself: {type(error).__name__}: {error}"
    verdicts = {e.id: Verdict(state=EventState.DEAD, reason=reason) for e in events}
    writer.store.settle(
        writer.portal,
        [Settlement(event=e, verdict=verdicts[e.id], attempts=1) for e in events],
        Learned(),
        fence=hold.fence,
        now=writer.clock(),
    )
    return Turn(events=events, verdicts=verdicts)
