"""What was measured: points of growth, what limited each, and the file that keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

FILE = Path(__file__).parent / "measured.json"
THREADS = 16  # of a worker process, if a point does not say otherwise
TURN = 100  # events of a turn: as many as one call carries
FULL = 0.9  # a part that is used as much as this is what limits


def many(count: int, what: str) -> str:
    """Return a count of things in words."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Events handled by so many processes in so many seconds, and what that took.

    `held` is how many portals had a writer, on average; `least` and `most` what the portals got.
    """

    kind: str  # door: accepted; workers: applied
    processes: int
    threads: int
    portals: int = 1
    turn_events: int = 0
    calls_per_s: int | None = None  # what each portal's quota allows
    latency_s: float = 0.0
    cores: int
    took_s: float
    events: int
    calls: int = 0
    cpu_s: Mapping[str, float]  # by part
    busy_s: float  # of all cores, whoever used them
    held: float = 0.0
    least: int = 0
    most: int = 0

    @property
    def per_s(self) -> float:
        """Events a second."""
        return self.events / self.took_s

    @property
    def seats(self) -> int:
        """How many portals can have a writer at a time."""
        return min(self.portals, self.processes * self.threads)

    @property
    def calls_an_event(self) -> float:
        """Calls an event."""
        return self.calls / self.events if self.events else 0.0

    @property
    def elsewhere(self) -> float:
        """How many cores were busy with what is not measured."""
        return max(0.0, (self.busy_s - sum(self.cpu_s.values())) / self.took_s)

    @property
    def name(self) -> str:
        """The point in words."""
        if self.kind == "door":
            return f"{self.processes} web"
        words = [
            f"{many(self.portals, 'portal')}, {many(self.processes, 'worker')}",
            f"{self.threads} threads each" if self.threads != THREADS else "",
            f"turns of {self.turn_events:,}" if self.turn_events != TURN else "",
            "" if self.calls_per_s is None else f"{self.calls_per_s} calls/s",
        ]
        return ", ".join(word for word in words if word)

    def ms_an_event(self, part: str) -> float:
        """Return the CPU milliseconds of a part for each event."""
        return self.cpu_s.get(part, 0.0) / self.events * 1000 if self.events else 0.0

    def limit(self) -> str:
        """Return what was used up, with the figure that shows it."""
        used = self._used()
        full = next((name for name, (share, _) in used.items() if share >= FULL), None)
        name = full or max(used, key=lambda each: used[each][0])
        return f"{name}: {used[name][1]}" + ("" if full else " (nothing is used up)")

    def _used(self) -> dict[str, tuple[float, str]]:
        """Return the share of each that is used, what cannot be grown first, and in words."""
        used: dict[str, tuple[float, str]] = {}

        def add(name: str, amount: float, of: float, unit: str) -> None:
            digits = 0 if of >= 100 else 1 if of >= 20 else 2
            used[name] = amount / of, f"{amount:,.{digits}f} of {of:,g} {unit}"

        if self.calls_per_s is not None:
            add("the quota", self.calls / self.took_s, self.portals * self.calls_per_s, "calls/s")
        add("the machine's cores", self.busy_s / self.took_s, self.cores, "busy")
        for part, name in (
            ("store", "the store"),
            ("sandbox", "the sandbox"),
            ("client", "the client"),
        ):
            if part in self.cpu_s:
                add(name, self.cpu_s[part] / self.took_s, 1, "thread busy")
        part, writing = ("web", self.processes) if self.kind == "door" else ("worker", self.seats)
        running = min(self.processes, writing)
        name = f"the {part}'s own {'process' if running == 1 else 'processes'}"
        add(name, self.cpu_s[part] / self.took_s, running, "busy")
        if self.kind == "workers" and self.portals <= self.processes * self.threads:
            add("waiting for calls, one writer a portal", self.held, self.portals, "written to")
        elif self.kind == "workers":
            add("waiting for calls, threads of the workers", self.held, self.seats, "in use")
        return used


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What so many portals cost, in CPU seconds a second, when nothing is to be done."""

    portals: int
    processes: int
    took_s: float
    cpu_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """The store's memory, for events of `body` bytes."""

    body: int
    waiting: float  # for each event that waits
    handled: float  # for each that was handled, as long as it is kept
    record: float  # for each record written and its identity, as long as clocks are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that one run measured."""

    machine: str
    points: Sequence[Point]
    idle: Sequence[Idle] = ()
    bytes: Bytes
    notes: Sequence[str] = field(default_factory=tuple)

    def save(self, path: Path = FILE) -> None:
        """Write the file, so that two runs can be compared line by line."""
        text = orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)
        path.write_bytes(text + b"\n")

    @classmethod
    def load(cls, path: Path = FILE) -> "Measured":
        """Read the file."""
        found = orjson.loads(path.read_bytes())
        return cls(
            machine=found["machine"],
            points=[Point(**each) for each in found["points"]],
            idle=[Idle(**each) for each in found["idle"]],
            bytes=Bytes(**found["bytes"]),
            notes=found["notes"],
        )
