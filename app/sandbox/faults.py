"""Faults on demand: which calls go wrong, and how."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

KINDS = ("status", "lost", "cut", "drip", "partial", "latency")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule. It strikes calls that match, after the first `after`, `times` times (0: always)."""

    kind: str
    method: str = ""
    path: str = ""
    after: int = 0
    times: int = 1
    chance: float = 1.0
    status: int = 500
    retry_after_s: float | None = None
    delay_s: float = 0.0
    spread_s: float = 0.0
    seen: int = 0
    struck: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Return True if the rule is about such a call."""
        if self.method and self.method != method:
            return False
        return not self.path or re.search(self.path, path) is not None


@dataclass(slots=True)
class Faults:
    """The rules in force, and the latency of every call."""

    random: Random
    rules: list[Fault] = field(default_factory=list)
    latency_s: float = 0.0
    spread_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _start: object = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.random.getstate()

    def add(self, found: Mapping[str, object]) -> Fault:
        """Add a rule. Raises ValueError for one that makes no sense."""
        kind = found.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
        try:
            rule = Fault(**found)  # type: ignore[arg-type]
            re.compile(rule.path)
        except (TypeError, re.error) as error:
            raise ValueError(str(error)) from None
        with self._lock:
            self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Take every rule away; chance begins anew, so that it strikes the same calls again."""
        with self._lock:
            self.random.setstate(self._start)  # type: ignore[arg-type]
            self.rules.clear()
            self.latency_s = self.spread_s = 0.0

    def strike(self, method: str, path: str) -> list[Fault]:
        """Return the rules that this call falls under."""
        struck: list[Fault] = []
        with self._lock:
            for rule in self.rules:
                if not rule.matches(method, path):
                    continue
                rule.seen += 1
                if rule.seen <= rule.after or (rule.times and rule.struck >= rule.times):
                    continue
                if rule.chance < 1.0 and self.random.random() >= rule.chance:
                    continue
                rule.struck += 1
                struck.append(rule)
        return struck

    def delay_s(self, struck: list[Fault]) -> float:
        """Return how long a call takes before it is answered."""
        with self._lock:
            total = self.latency_s + self.spread_s * self.random.random()
            for rule in struck:
                if rule.kind == "latency":
                    total += rule.delay_s + rule.spread_s * self.random.random()
        return total
