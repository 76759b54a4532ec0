"""Tables on the terminal, and what they were measured on."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

KIB = 1024


@dataclass(slots=True, kw_only=True)
class Table:
    """Rows of text under a title; the first column is aligned left, the others right."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)

    def show(self) -> None:
        """Print it as Markdown, which reads well on a terminal too."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.head))]
        say(f"\n### {self.title}\n")
        say(_line(self.head, widths))
        marks = ["-" * (width - 1) + (":" if place else "-") for place, width in enumerate(widths)]
        say(_line(marks, widths))
        for row in self.rows:
            say(_line(row, widths))
        for note in self.notes:
            say(f"\n{note}")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def machine() -> str:
    """Return a line about the machine: its cores, processor, memory, Python and disk."""
    model = _found("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    memory = _found("/proc/meminfo", "MemTotal").split()
    size = f"{int(memory[0]) / KIB**2:.1f} GiB of memory" if memory else "memory unknown"
    free_gb = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
    return (
        f"{len(os.sched_getaffinity(0))} cores ({model}), {size}, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, "
        f"temporary folder on {_file_system()} with {free_gb:.0f} GB free; "
        f"load before the run {os.getloadavg()[0]:.2f}"
    )


def _found(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _file_system() -> str:
    """Return the kind of file system that the temporary folder is on."""
    folder = str(Path(tempfile.gettempdir()).resolve())
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text("utf-8").splitlines()]
    except OSError:
        return "an unknown file system"
    over = [
        each for each in mounts if folder == each[1] or folder.startswith(f"{each[1].rstrip('/')}/")
    ]
    return max(over, key=lambda each: len(each[1]))[2] if over else "an unknown file system"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
