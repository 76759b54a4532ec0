"""The machine's clock, as a test steps it.

Python imports this before anything else where its folder is on the path. HOOKLINE_CHAOS_CLOCK
names a file of eight bytes, how many seconds the clock is ahead; a test may change them while the
process runs. The monotonic clock goes on, as it does on a machine whose clock is stepped.
"""

import datetime
import mmap
import os
import struct
import time
from collections.abc import Callable
from typing import Any


def _ahead(path: str) -> Callable[[], float]:
    with open(path, "rb") as file:  # noqa: PTH123 (nothing more is imported than must be)
        seen = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def ahead() -> float:
        found: tuple[float] = struct.unpack("d", seen[:8])
        return found[0]

    return ahead


def step(path: str) -> None:
    """Have every clock of the time of day in this process follow the file."""
    ahead, real, true_time = _ahead(path), datetime.datetime, time.time

    class Kind(type):
        def __instancecheck__(cls, found: object) -> bool:
            return isinstance(found, real)

        def __subclasscheck__(cls, found: type) -> bool:
            return issubclass(found, real)

    class Stepped(real, metaclass=Kind):  # type: ignore[valid-type, misc]
        """Makes true datetimes, at the stepped time."""

        def __new__(cls, *args: Any, **more: Any) -> Any:
            return real(*args, **more)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return real.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return real.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    time.time = lambda: true_time() + ahead()
    time.time_ns = lambda: int(time.time() * 1e9)
    datetime.datetime = Stepped  # type: ignore[misc]


if os.environ.get("HOOKLINE_CHAOS_CLOCK"):
    step(os.environ["HOOKLINE_CHAOS_CLOCK"])
