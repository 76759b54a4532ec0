"""Leave to send a call: the lease is still ours, and the quota has room for it."""

import contextlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from workers.crm.calls import Call
from workers.crm.replies import Reply, limits
from workers.errors import StoreDown, Throttled
from workers.settings import Portal
from workers.store import Store

MARGIN_S = 0.05  # for clocks that run unevenly
PATIENT_S = 15.0  # the longest wait for quota within a turn; a longer one pauses the portal
DAILY_WAIT_S = 900.0  # when the day's end is not known: then one call asks again


@dataclass(slots=True, kw_only=True)
class Permit:
    """A portal's quota and lease, as one process sees them; the counts are shared in the store.

    Calling it waits until a call may be sent. It raises Throttled when the quota leaves no room
    for long, and what `check` raises when the portal is no longer ours: looked at last, since the
    wait may have been long.
    """

    portal: Portal
    store: Store
    check: Callable[[], None]
    wait: Callable[[float], object]
    _most: int | None = None  # what the headers say of the window, if that is less than configured
    _daily: tuple[int, int] | None = None  # the day's limit and what is left of it
    _drawn: threading.local = field(default_factory=threading.local)

    def __call__(self, call: Call) -> None:
        """Return once `call` may be sent."""
        self._mind_the_day()
        limit, window_s = self._window(call.meter)
        waited_s = 0.0
        self._drawn.name = uuid.uuid4().hex
        while True:
            wait_s = self.store.draw(
                self.portal.name,
                call.meter,
                limit=limit,
                window_s=window_s,
                call=self._drawn.name,
            )
            if wait_s <= 0:
                break
            if waited_s + wait_s > PATIENT_S:
                raise Throttled(
                    f"portal {self.portal.name}: its limit of {limit} calls in {window_s:g} s",
                    retry_after_s=wait_s,
                    policy="BUDGET",
                )
            self.wait(wait_s)
            waited_s += wait_s
        self.check()

    def spent(self, call: Call) -> None:
        """Note that the call that this thread was permitted is over."""
        name, self._drawn.name = getattr(self._drawn, "name", None), None
        if name is not None:
            with contextlib.suppress(StoreDown):  # it counts from its grant then
                self.store.spent(self.portal.name, call.meter, name)

    def learn(self, call: Call, reply: Reply) -> None:
        """Take what the headers of an answer say of the quota."""
        told = limits(reply.headers)
        if told.most is not None and call.meter == "crm" and told.most > 0:
            self._most = told.most
        if told.daily and told.daily_remaining is not None:
            self._daily = (told.daily, told.daily_remaining)

    def _window(self, meter: str) -> tuple[int, float]:
        if meter == "search":
            return self.portal.searches_per_s, 1.0 + MARGIN_S
        limit = self.portal.calls_per_window
        if self._most is not None:
            limit = min(limit, self._most)
        return limit, self.portal.window_s + MARGIN_S

    def _mind_the_day(self) -> None:
        """Raise Throttled when the day's calls are used up but for the reserve."""
        if self._daily is None:
            return
        most, left = self._daily
        if self.portal.calls_per_day is not None:
            left -= max(0, most - self.portal.calls_per_day)
        reserve = int(most * self.portal.daily_reserve)
        if left > reserve:
            return
        self._daily = None  # the next call after the pause asks how it stands
        raise Throttled(
            f"portal {self.portal.name}: {left} of the day's {most} calls are left, "
            f"and {reserve} are kept in reserve",
            retry_after_s=DAILY_WAIT_S,
            policy="DAILY",
        )
