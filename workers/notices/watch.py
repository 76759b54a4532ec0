"""Which conditions are new and which are over: each is told at its begin and at its end. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from workers.notices.conditions import Condition

LONGEST_STEP_S = 60.0  # between two looks: of a longer time it is not known what held


class Turned(StrEnum):
    """What is told of a condition."""

    BEGAN = "began"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody is told."""

    turned: Turned
    portal: str
    name: str
    summary: str
    value: float
    since: datetime
    at: datetime

    @property
    def line(self) -> str:
        """The notice in one line."""
        if self.turned is Turned.ENDED:
            return f"{self.portal}: over since {self.at:%H:%M} UTC: {self.summary}"
        return f"{self.portal} {self.summary}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A condition that holds, or held a moment ago."""

    portal: str
    name: str
    summary: str
    value: float
    since: datetime
    last: datetime  # when it was last seen to hold
    held_s: float = 0.0  # altogether
    told: bool = False

    @property
    def key(self) -> str:
        """What names the condition."""
        return f"{self.portal}/{self.name}"


def step(
    before: Mapping[str, Watched],
    holding: Iterable[Condition],
    *,
    quiet_s: float,
    now: datetime,
) -> tuple[dict[str, Watched], list[Notice]]:
    """Return what is watched from now on, and what is to be told.

    What comes back within `quiet_s` goes on: nobody is told of a condition that comes and goes.
    """
    after: dict[str, Watched] = {}
    told: list[Notice] = []
    for condition in holding:
        watched = _seen(before.get(condition.key), condition, now)
        if not watched.told and watched.held_s >= condition.after_s:
            watched = replace(watched, told=True)
            told.append(_notice(Turned.BEGAN, watched, at=now))
        after[watched.key] = watched
    for key, watched in before.items():
        if key in after:
            continue
        if now - watched.last < timedelta(seconds=quiet_s):
            after[key] = watched
        elif watched.told:
            told.append(_notice(Turned.ENDED, watched, at=watched.last))
    return after, told


def _seen(before: Watched | None, condition: Condition, now: datetime) -> Watched:
    if before is None:
        return Watched(
            portal=condition.portal,
            name=condition.name,
            summary=condition.summary,
            value=condition.value,
            since=now,
            last=now,
        )
    step_s = min((now - before.last).total_seconds(), LONGEST_STEP_S)
    return replace(
        before,
        summary=condition.summary,
        value=condition.value,
        last=now,
        held_s=before.held_s + step_s,
    )


def _notice(turned: Turned, watched: Watched, *, at: datetime) -> Notice:
    return Notice(
        turned=turned,
        portal=watched.portal,
        name=watched.name,
        summary=watched.summary,
        value=watched.value,
        since=watched.since,
        at=at,
    )
