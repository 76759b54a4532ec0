"""The portals: whose they are, what is missing there, their quota, and stopping the writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.desk.home import Quota, quota_of, why_paused
from app.desk.refusals import Impossible, Misasked
from workers.credentials.installing import missing
from workers.settings import Portal
from workers.store.portals import Stop, Survey

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What an account granted to the app of a portal that has no token of its own."""

    account: str  # "" before anybody let the app in
    scopes: tuple[str, ...]
    lacking: tuple[str, ...]  # scopes that the configuration asks for, and were not granted
    by: str  # who let it in
    at: datetime | None
    expires: datetime | None  # the access token; it is refreshed before
    trouble: str  # why it is good no more, or could not be refreshed the last time


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalRow:
    """A portal: its connection, and how it stands."""

    name: str
    base_url: str
    api: str
    connection: Connection | None  # None: it has a token
    endpoints: tuple[str, ...]  # that write to it
    quota: Quota
    paused: str | None  # why nothing is written, be it a person or a limit
    paused_s: float | None  # for how many seconds more; None: until a person says so
    stop: Stop | None
    writing: bool
    waiting: int
    survey: Survey | None  # what the last look saw; None: nobody looked yet
    looking: bool  # a look is on its way


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPage:
    """All of them."""

    portals: tuple[PortalRow, ...]


def list_portals(desk: Desk, *, portals: Sequence[str]) -> PortalPage:
    """Return the portals."""
    return PortalPage(portals=tuple(_row(desk, name, desk.now()) for name in portals))


def portal_detail(desk: Desk, name: str, *, portals: Sequence[str]) -> PortalRow:
    """Return one portal. Raises Missing."""
    return _row(desk, desk.portal(name, portals=portals), desk.now())


def look(desk: Desk, name: str, *, portals: Sequence[str]) -> PortalRow:
    """Ask for a look at the portal: a worker takes it, and `survey` is then what it saw."""
    desk.runtime.send_look(desk.portal(name, portals=portals))
    return portal_detail(desk, name, portals=portals)


def stop(desk: Desk, name: str, *, by: str, reason: str, portals: Sequence[str]) -> PortalRow:
    """Stop the writing to a portal, once the turn under way is over; events are still accepted."""
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON:
        raise Misasked(f"reason: write at most {LONGEST_REASON} characters")
    name = desk.portal(name, portals=portals)
    desk.store.stop(name, by=by, reason=reason, now=desk.now())
    return portal_detail(desk, name, portals=portals)


def go(desk: Desk, name: str, *, portals: Sequence[str]) -> PortalRow:
    """Let the writing go on, whoever or whatever paused it. Raises Impossible if nothing did."""
    name = desk.portal(name, portals=portals)
    if desk.settings.portals[name].paused:
        raise Impossible(f"portal {name}: the configuration says `paused`; take it out there")
    paused = desk.store.paused(name, now=desk.now()) is not None
    if not desk.store.go(name) and not paused:
        raise Impossible(f"portal {name}: it is not paused")
    desk.store.resume(name)
    desk.runtime.ring(name)
    return portal_detail(desk, name, portals=portals)


def _row(desk: Desk, name: str, now: datetime) -> PortalRow:
    config = desk.settings.portals[name]
    pause = desk.store.paused(name, now=now)
    stopped = desk.store.stopped(name)
    ends = pause is not None and stopped is None and not config.paused
    return PortalRow(
        name=name,
        base_url=config.base_url,
        api=config.api,
        connection=_connection(desk, config),
        endpoints=tuple(
            each.name for each in desk.settings.endpoints.values() if name in each.portals
        ),
        quota=quota_of(desk, name),
        paused=why_paused(desk, name),
        paused_s=round(pause[0], 1) if ends and pause is not None else None,
        stop=stopped,
        writing=desk.store.leased(name),
        waiting=desk.store.backlog(name).waiting,
        survey=desk.store.survey(name),
        looking=desk.store.looking(name),
    )


def _connection(desk: Desk, portal: Portal) -> Connection | None:
    if portal.oauth is None:
        return None
    grant = desk.store.grant(portal.name)
    wanted = (*portal.oauth.scopes, *portal.oauth.optional_scopes)
    return Connection(
        account="" if grant is None else grant.hub,
        scopes=() if grant is None else grant.scopes,
        lacking=() if grant is None else missing(wanted, grant.scopes),
        by="" if grant is None else grant.by,
        at=None if grant is None else grant.at,
        expires=None if grant is None or grant.revoked else grant.expires,
        trouble="" if grant is None else grant.revoked or grant.trouble,
    )
