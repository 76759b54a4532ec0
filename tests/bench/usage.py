"""What processes use of the machine, from /proc."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS_S = os.sysconf("SC_CLK_TCK")
IDLE = (3, 4)  # of the fields of /proc/stat: idle, and waiting for a disk
GUESTS = 8  # from here on they are counted among the others already


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The CPU seconds of each part, of each process of a part, and of the whole machine."""

    took_s: float
    parts: Mapping[str, float]
    processes: Mapping[str, tuple[float, ...]]
    busy_s: float  # of all cores, whoever used them


@dataclass(frozen=True, slots=True)
class Meter:
    """Begins to count when it is made."""

    pids: Mapping[str, tuple[int, ...]]  # by part; the children of each count with it
    began: float
    before: Mapping[int, float]
    busy_s: float

    @classmethod
    def of(cls, pids: Mapping[str, Iterable[int]]) -> "Meter":
        """Count what these processes use from now on."""
        kept = {name: tuple(each) for name, each in pids.items()}
        before = {pid: used_s(pid) for each in kept.values() for pid in each}
        return cls(pids=kept, began=time.monotonic(), before=before, busy_s=busy_s())

    def read(self) -> Use:
        """Return what was used since it was made."""
        processes = {
            name: tuple(used_s(pid) - self.before[pid] for pid in pids)
            for name, pids in self.pids.items()
        }
        return Use(
            took_s=time.monotonic() - self.began,
            parts={name: sum(each) for name, each in processes.items()},
            processes=processes,
            busy_s=busy_s() - self.busy_s,
        )


def used_s(pid: int) -> float:
    """Return the CPU seconds of a process and its children since they were started."""
    return sum(_own_s(each) for each in family(pid))


def _own_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def busy_s() -> float:
    """Return for how many seconds the cores were busy since the machine was started."""
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    return (
        sum(int(each) for number, each in enumerate(first[:GUESTS]) if number not in IDLE) / TICKS_S
    )


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]
