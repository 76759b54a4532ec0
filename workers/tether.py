"""A program that is told to end when whoever started it ends, even by `kill -9`.

The kernel does that, on Linux; elsewhere such a program outlives its starter. It follows the
*thread* that started it, so start it from one that lasts.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

SET_PDEATHSIG = 1  # linux/prctl.h


def tethered(command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` under the same process id, tied to this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def tie(starter: int) -> None:
    """Have this process sent SIGTERM once `starter` is gone, also if it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != starter:
        sys.exit(1)


if __name__ == "__main__":
    tie(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 (a list, no shell)
