"""The log of the calls that the sandbox answered."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field

LONGEST = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call."""

    number: int
    at: str
    method: str
    path: str
    inputs: int
    status: int
    took_ms: float


@dataclass(slots=True)
class Log:
    """The newest calls, and how many of each kind there were."""

    entries: "deque[Entry]" = field(default_factory=lambda: deque(maxlen=LONGEST))
    total: int = 0
    by_kind: "Counter[str]" = field(default_factory=Counter)
    by_status: "Counter[str]" = field(default_factory=Counter)

    def add(
        self, *, at: str, method: str, path: str, inputs: int, status: int, took_ms: float
    ) -> None:
        """Note a call."""
        self.total += 1
        self.by_kind[f"{method} {path}"] += 1
        self.by_status[str(status)] += 1
        self.entries.append(
            Entry(
                number=self.total, at=at, method=method, path=path, inputs=inputs,
                status=status, took_ms=took_ms,
            )
        )  # fmt: skip

    def clear(self) -> None:
        """Forget every call."""
        self.entries.clear()
        self.total = 0
        self.by_kind.clear()
        self.by_status.clear()

    def report(self, *, last: int) -> dict[str, object]:
        """Return the counts and the newest calls."""
        newest = list(self.entries)[-last:] if last else []
        return {
            "total": self.total,
            "byKind": dict(self.by_kind.most_common(100)),
            "byStatus": dict(self.by_status),
            "calls": [asdict(entry) for entry in newest],
        }
