"""How everything stands at one glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from workers import measures
from workers.store.minutes import Minute, Reading, minutes

MOST_MINUTES = 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a portal may call, and what of it is used."""

    used: int  # in the window that ends now
    limit: int
    window_s: float
    daily: int | None  # None: the CRM has not said
    daily_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Events that came to a bad end, or have to be tried again, in the last day."""

    state: str
    reason: str  # a class of `workers.reasons`
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalNow:
    """How a portal stands."""

    portal: str
    waiting: int
    retrying: int
    dead: int
    unknown: int
    oldest_age_s: float | None
    quota: Quota
    paused: str | None  # why nothing is written
    writing: bool
    calls_an_event: float | None  # in the time that is shown; None: no event was handled
    minutes: tuple[Minute, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How everything stands."""

    at: datetime
    worker_seen_s: float | None  # since the last sign of any worker
    portals: tuple[PortalNow, ...]


def overview(desk: Desk, *, portals: Sequence[str], last: int = 60) -> Overview:
    """Return how each portal stands, with what happened in each of the `last` minutes."""
    now = desk.now()
    return Overview(
        at=now,
        worker_seen_s=desk.store.workers_seen(now=now),
        portals=tuple(_portal(desk, name, now=now, last=last) for name in portals),
    )


def quota_of(desk: Desk, portal: str) -> Quota:
    """Return what of a portal's quota is used and left."""
    config = desk.settings.portals[portal]
    told = {
        each.family: int(each.value)
        for each in desk.store.measured([portal])
        if each.family in (measures.DAILY, measures.DAILY_LEFT)
        and isinstance(each.value, int | float)
    }
    return Quota(
        used=desk.store.quota_used(portal, "crm", window_s=config.window_s),
        limit=config.calls_per_window,
        window_s=config.window_s,
        daily=told.get(measures.DAILY),
        daily_left=told.get(measures.DAILY_LEFT),
    )


def why_paused(desk: Desk, portal: str) -> str | None:
    """Return why nothing is written to a portal, None if something is."""
    if desk.settings.portals[portal].paused:
        return "the configuration says `paused`"
    pause = desk.store.paused(portal, now=desk.now())
    return None if pause is None else pause[1]


def _portal(desk: Desk, name: str, *, now: datetime, last: int) -> PortalNow:
    backlog = desk.store.backlog(name, now=now)
    last = min(last, MOST_MINUTES)
    readings = desk.store.readings(name, last=last)
    present = desk.store.reading(name, now=now)
    shown = minutes([*readings, present])[-last:]
    handled = sum(each.done + each.ignored + each.dead + each.unknown for each in shown)
    calls = sum(each.calls for each in shown)
    return PortalNow(
        portal=name,
        waiting=backlog.waiting,
        retrying=backlog.retrying,
        dead=backlog.dead,
        unknown=backlog.unknown,
        oldest_age_s=backlog.oldest_age_s,
        quota=quota_of(desk, name),
        paused=why_paused(desk, name),
        writing=desk.store.leased(name),
        calls_an_event=round(calls / handled, 4) if handled else None,
        minutes=tuple(shown),
        failures=_failures(desk.store.day_ago(name), present),
    )


def _failures(before: Reading | None, present: Reading) -> tuple[Failure, ...]:
    known = before.failed if before else {}
    grown = {
        name: number - known.get(name, 0)
        for name, number in present.failed.items()
        if number > known.get(name, 0)
    }
    rows = [
        Failure(state=name.partition(" ")[0], reason=name.partition(" ")[2], events=number)
        for name, number in grown.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.events, row.state, row.reason)))
