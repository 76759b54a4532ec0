"""Faults on demand: which calls go wrong, and how. The same seed strikes the same calls."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from app.sandbox.errors import ApiError, correlation_id

KINDS = ("status", "lost", "cut", "drip", "partial", "latency")
DISTRIBUTIONS = ("uniform", "exponential", "lognormal")
_SAID = {
    401: ("The OAuth token used to make this call expired.", "EXPIRED_AUTHENTICATION"),
    403: ("This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES"),
    423: ("The resource is locked by another process.", "LOCKED"),
    429: ("", "RATE_LIMITS"),  # the message names the policy
    477: ("The account is being moved; try again later.", "MIGRATION_IN_PROGRESS"),
    500: ("internal error", "INTERNAL_ERROR"),
    503: ("Service unavailable", "INTERNAL_ERROR"),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule. It strikes calls that match, after the first `after`, `times` times (0: always)."""

    kind: str
    method: str = ""
    path: str = ""  # a regular expression, found anywhere in the path
    after: int = 0
    times: int = 1
    chance: float = 1.0
    status: int = 500
    policy: str = "TEN_SECONDLY_ROLLING"  # of a 429
    retry_after_s: float | None = None
    share: float = 0.5  # of a batch's inputs that fail, when partial
    delay_s: float = 0.0
    spread_s: float = 0.0
    distribution: str = "uniform"
    seen: int = 0
    struck: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Return True if the rule is about such a call."""
        if self.method and self.method != method:
            return False
        return not self.path or re.search(self.path, path) is not None

    def error(self) -> ApiError:
        """Return the answer of a status that was asked for."""
        headers = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = f"{self.retry_after_s:g}"
        usual = "VALIDATION_ERROR" if self.status < 500 else "INTERNAL_ERROR"
        message, category = _SAID.get(self.status, ("The request failed.", usual))
        if self.status != 429:
            return ApiError(self.status, message, category=category, headers=headers)
        return ApiError(
            429,
            f"You have reached your {self.policy.lower()} limit.",
            category=category,
            headers=headers,
            policyName=self.policy,
            errorType="RATE_LIMIT",
            requestId=correlation_id(),
        )


@dataclass(slots=True)
class Faults:
    """The rules in force, and the latency of every call."""

    seed: int
    rules: list[Fault] = field(default_factory=list)
    latency: Fault = field(default_factory=lambda: Fault(kind="latency"))
    random: Random = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 (repeatable, not secret)

    def add(self, found: Mapping[str, object]) -> Fault:
        """Add a rule. Raises ValueError for one that makes no sense."""
        rule = _rule(found)
        with self._lock:
            self.rules.append(rule)
        return rule

    def slow(self, found: Mapping[str, object]) -> None:
        """Set the latency of every call. Raises ValueError for one that makes no sense."""
        rule = _rule({"kind": "latency", **found})
        with self._lock:
            self.latency = rule

    def clear(self) -> None:
        """Take every rule away, and begin the chances anew."""
        with self._lock:
            self.rules.clear()
            self.latency = Fault(kind="latency")
            self.random.seed(self.seed)

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
            slow = [self.latency, *(rule for rule in struck if rule.kind == "latency")]
            return sum(rule.delay_s + self._spread_s(rule) for rule in slow)

    def _spread_s(self, rule: Fault) -> float:
        if not rule.spread_s:
            return 0.0
        if rule.distribution == "exponential":
            return self.random.expovariate(1 / rule.spread_s)
        if rule.distribution == "lognormal":
            return rule.spread_s * self.random.lognormvariate(0, 1)
        return self.random.uniform(0, rule.spread_s)

    def spoiled(self, struck: list[Fault], count: int) -> frozenset[int]:
        """Return which of `count` inputs fail: of a batch of more than one, never all of them."""
        rule = next((each for each in struck if each.kind == "partial"), None)
        if rule is None or not count:
            return frozenset()
        wanted = min(max(1, round(count * rule.share)), max(1, count - 1))
        with self._lock:
            return frozenset(self.random.sample(range(count), wanted))


def _rule(found: Mapping[str, object]) -> Fault:
    kind = found.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    types: dict[str, tuple[type, ...]] = {
        **dict.fromkeys(("kind", "method", "path", "policy", "distribution"), (str,)),
        **dict.fromkeys(("after", "times", "status"), (int,)),
        **dict.fromkeys(("chance", "retry_after_s", "share", "delay_s", "spread_s"), (int, float)),
    }
    for name, value in found.items():
        if name not in types:
            raise ValueError(f"{name}: not a setting of a fault; there are {', '.join(types)}")
        if value is None and name == "retry_after_s":
            continue
        if not isinstance(value, types[name]):
            raise ValueError(f"{name}: {value!r} is not a {types[name][-1].__name__}")  # noqa: TRY004
    rule = Fault(**found)  # type: ignore[arg-type]
    if rule.distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution is one of {', '.join(DISTRIBUTIONS)}")
    try:
        re.compile(rule.path)
    except re.error as error:
        raise ValueError(f"path: not a regular expression: {error}") from None
    return rule
