"""What time it is: the store's clock, which is one for all processes on all machines."""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from workers.errors import StoreDown
from workers.stamps import moment
from workers.store.connection import Connection, our_errors

ASK_EVERY_S = 5.0


class StoreClock:
    """The store's time of day: a machine whose own clock is wrong, or is stepped, does no harm.

    The store is asked now and then, and what it said is carried on by the monotonic clock. While
    it cannot be asked, what it said last goes on; until it was heard once, `own` tells the time.
    """

    def __init__(
        self,
        store: Connection,
        *,
        own: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._own = own
        self._monotonic = monotonic
        self._heard: tuple[datetime, float] | None = None  # what was said, and when (monotonic)
        self._ask_at = -math.inf

    def __call__(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        if self._monotonic() >= self._ask_at:
            self._ask()
        if self._heard is None:
            return self._own()
        said, at = self._heard
        return said + timedelta(seconds=self._monotonic() - at)

    def _ask(self) -> None:
        self._ask_at = self._monotonic() + ASK_EVERY_S
        try:
            with our_errors():
                seconds, micros = self._store.redis.time()
        except StoreDown:
            return
        self._heard = moment(seconds * 1_000_000 + micros), self._monotonic()
