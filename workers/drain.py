"""Draining a portal: one writer at a time, under a lease, turn after turn until nothing waits."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from workers.errors import LeaseLost, StoreDown
from workers.logs import log
from workers.outcomes import EventState, Verdict
from workers.pipeline import Desk, Turn, turn
from workers.store import Learned, Settlement, Store


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


def drain(
    desk: Desk,
    hold: Hold,
    *,
    limit: int,
    slice_s: float,
    stop: Callable[[], bool],
) -> Ended:
    """Handle what waits for the portal until nothing does, or the time slice is over.

    `hold` is entered already. On SLICE the caller rings for another drain. Raises StoreDown.
    """
    store, portal = desk.store, desk.portal
    started = hold.monotonic()
    try:
        while True:
            paused = store.paused(portal, now=desk.clock())
            if paused is not None:
                store.release(portal, owner=hold.owner, even_if_rung=True)
                return Ended.PAUSED
            done = _turn(desk, hold, limit=limit)
            if done.pause_s is not None:
                until = desk.clock() + timedelta(seconds=done.pause_s)
                store.pause(portal, until=until, reason=done.reason)
                continue
            if not done.events and store.release(portal, owner=hold.owner):
                return Ended.EMPTY
            if stop() or hold.monotonic() - started > slice_s:
                store.release(portal, owner=hold.owner, even_if_rung=True)
                return Ended.SLICE
    except LeaseLost as error:
        log.warning("lease lost", portal=portal, reason=str(error))
        return Ended.LOST


def _turn(desk: Desk, hold: Hold, *, limit: int) -> Turn:
    """Make one turn; if our own code breaks in it, find the event that breaks it, and park that.

    What breaks a turn would break it for ever, and every event behind it would wait for nothing.
    """
    started = hold.monotonic()
    try:
        done = turn(desk, fence=hold.fence, limit=limit)
    except (LeaseLost, StoreDown):
        raise
    except Exception:  # noqa: BLE001 (a fault of ours must not stop the portal)
        log.exception("turn broke; its events are now taken one by one", portal=desk.portal)
        done = _one_by_one(desk, hold)
    for event in done.events:
        log.event(event, done.verdicts[event.id], now=desk.clock())
    if done.events:
        log.info(
            "turn",
            portal=desk.portal,
            events=len(done.events),
            calls=done.calls,
            took_s=round(hold.monotonic() - started, 3),
        )
    return done


def _one_by_one(desk: Desk, hold: Hold) -> Turn:
    moment = desk.clock()
    desk = replace(desk, clock=lambda: moment)  # or a retry that falls due meanwhile is blamed
    try:
        return turn(desk, fence=hold.fence, limit=1)
    except (LeaseLost, StoreDown):
        raise
    except Exception as error:  # noqa: BLE001 (a fault of ours; the event is kept with its reason)
        log.exception("an event breaks the writer", portal=desk.portal)
        events = desk.store.take(desk.portal, now=desk.clock(), limit=1)
        reason = f"a fault in Hookline itself: {type(error).__name__}: {error}"
        verdicts = {e.id: Verdict(state=EventState.DEAD, reason=reason) for e in events}
        desk.store.settle(
            desk.portal,
            [Settlement(event=e, verdict=verdicts[e.id], attempts=1) for e in events],
            Learned(),
            fence=hold.fence,
            now=desk.clock(),
        )
        return Turn(events=events, verdicts=verdicts)
