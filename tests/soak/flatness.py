"""Does a series grow? Judged by its trend alone, so that neither noise nor a slow machine counts.

The trend is that of Theil and Sen: the median of the slopes between all pairs of readings. Less
than a quarter of outliers, whatever their size, do not move it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

BINS = 60  # medians of so many parts of the time that is judged
SHORTEST = 0.3  # of the time that is judged: a shorter life tells no trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value at a moment; those of different lives, of a process say, are never compared."""

    at_s: float
    value: float
    life: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How much a series may grow in the time that is judged: so much of its level, and so much."""

    share: float
    floor: float

    def of(self, level: float) -> float:
        """Return the growth that is let pass at this level."""
        return self.floor + self.share * level


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a series did; `growth` is None where no life was long enough to tell."""

    name: str
    unit: str
    level: float
    growth: float | None
    allowed: float
    over_s: float
    notes: Mapping[str, float] = field(default_factory=dict)

    @property
    def flat(self) -> bool:
        """True unless it grew by more than is allowed."""
        return self.growth is None or self.growth <= self.allowed

    def __str__(self) -> str:
        if self.growth is None:
            return f"{self.name}: no life was long enough to tell"
        grew = f"{self.name} grew by {self.growth:,.1f} {self.unit} in {self.over_s:.0f} s"
        return f"{grew}, about a level of {self.level:,.1f}; {self.allowed:,.1f} are allowed"


def judge(
    name: str,
    readings: Iterable[Reading],
    *,
    since_s: float,
    until_s: float,
    bound: Bound,
    unit: str,
) -> Judgement:
    """Return whether a series is flat between the two moments.

    Its growth is its trend over the whole of that time, also where its lives were shorter.
    """
    seen = [each for each in readings if since_s <= each.at_s <= until_s]
    over_s = until_s - since_s
    level = median(each.value for each in seen) if seen else 0.0
    slope = trend(_lives(seen, over_s))
    return Judgement(
        name=name,
        unit=unit,
        level=level,
        growth=None if slope is None else slope * over_s,
        allowed=bound.of(level),
        over_s=over_s,
    )


def trend(lives: Iterable[Sequence[Reading]]) -> float | None:
    """Return the median slope, a second, of all pairs within a life; None without a pair."""
    slopes = [
        (later.value - sooner.value) / (later.at_s - sooner.at_s)
        for life in lives
        for sooner, later in combinations(life, 2)
    ]
    return median(slopes) if slopes else None


def _lives(readings: Sequence[Reading], over_s: float) -> list[list[Reading]]:
    """Return each life that is long enough, as medians of short parts of the time."""
    bin_s = over_s / BINS
    lives: dict[str, dict[int, list[Reading]]] = {}
    for each in readings:
        lives.setdefault(each.life, {}).setdefault(int(each.at_s // bin_s), []).append(each)
    return [
        [
            Reading(
                at_s=median(each.at_s for each in part),
                value=median(each.value for each in part),
                life=name,
            )
            for _, part in sorted(parts.items())
        ]
        for name, parts in lives.items()
        if (max(parts) - min(parts)) >= SHORTEST * BINS
    ]
