"""A look around: what needs a person now, whom that is told, what could not be told before.

What is watched, and what is still to be brought, is kept in the store: one process at a time looks
around, whichever it is. A notice that was brought just before a crash is brought twice, never not.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

import orjson

from workers.logs import log
from workers.notices.conditions import Reading, conditions
from workers.notices.couriers import Undelivered, bring
from workers.notices.watch import Notice, Turned, Watched, step
from workers.settings import Notices, Settings, Target
from workers.store import Store
from workers.store.notices import Memory, Outbox

EVERY_S = 10.0
TRIES_S = (10.0, 30.0, 60.0, 300.0, 900.0)  # until a target that failed is tried again
MOST = 50  # notices that a target is owed; of more, the oldest go


def look_around(store: Store, settings: Settings, *, clock: Callable[[], datetime]) -> list[Notice]:
    """Return what is to be told anew, having told whoever could be told.

    Does nothing if nobody is to be told, or another process looks around or did so just now.
    Raises StoreDown.
    """
    wanted = settings.notices
    if wanted is None or not store.begin_round(len(wanted.targets)):
        return []
    try:
        return _round(store, settings, wanted, clock=clock)
    finally:
        store.end_round(every_s=EVERY_S)


def _round(
    store: Store, settings: Settings, wanted: Notices, *, clock: Callable[[], datetime]
) -> list[Notice]:
    now = clock()
    memory = store.recall_notices()
    before = {key: _watched(row) for key, row in memory.watched.items()}
    holding = [
        condition
        for portal in settings.portals
        for condition in conditions(read(store, portal, now=now), wanted)
    ]
    after, told = step(before, holding, quiet_s=wanted.quiet_s, now=now)
    outboxes: dict[str, Outbox] = {}
    for target in wanted.targets:
        name = _name(target)
        outbox = memory.outboxes.get(name, Outbox())
        rows = [*outbox.rows, *(_row(each) for each in told)][-MOST:]
        outboxes[name] = Outbox(rows=rows, failures=outbox.failures, due=outbox.due)
    watched = {key: _row(each) for key, each in after.items()}
    store.keep_notices(Memory(watched=watched, outboxes=outboxes))  # told, or owed
    if _bring(wanted, outboxes, look=settings.external_url, clock=clock):
        store.keep_notices(Memory(watched=watched, outboxes=outboxes))
    return told


def read(store: Store, portal: str, *, now: datetime) -> Reading:
    """Return how a portal stands."""
    stands = store.standing_in(portal)
    pause = store.paused(portal, now=now)
    lanes = store.lane_backlog(portal, now=now)
    ages = [lane.oldest_age_s for lane in lanes if lane.live and lane.oldest_age_s is not None]
    return Reading(
        portal=portal,
        dead=stands["dead"],
        unknown=stands["unknown"],
        oldest_age_s=max(ages, default=None),
        pause=None if pause is None or math.isinf(pause[0]) else pause[1],  # not a person's own
    )


def _bring(
    wanted: Notices,
    outboxes: dict[str, Outbox],
    *,
    look: str | None,
    clock: Callable[[], datetime],
) -> bool:
    """Bring what is owed to whom it is due; return whether anything was tried."""
    tried = False
    for target in wanted.targets:
        name = _name(target)
        outbox = outboxes[name]
        if not outbox.rows or (outbox.due is not None and outbox.due > clock()):
            continue
        tried = True
        try:
            owed = [_notice(row) for row in outbox.rows]
            bring(target, owed, settings=wanted, look=look)
        except Undelivered as error:
            wait_s = TRIES_S[min(outbox.failures, len(TRIES_S) - 1)]
            log.warning("notice not brought", target=name, reason=str(error), again_in_s=wait_s)
            outboxes[name] = Outbox(
                rows=outbox.rows,
                failures=outbox.failures + 1,
                due=clock() + timedelta(seconds=wait_s),
            )
        else:
            log.info("notice brought", target=name, notices=len(owed))
            outboxes[name] = Outbox()
    return tried


def _name(target: Target) -> str:
    """Return what names a target without telling its secret."""
    kind = "mail" if target.mail else target.format
    about = orjson.dumps([target.url, target.mail, target.format])
    return f"{kind}-{hashlib.blake2s(about, digest_size=6).hexdigest()}"


def _row(each: Notice | Watched) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(each).items()
    }


def _notice(row: dict[str, object]) -> Notice:
    moments = {name: datetime.fromisoformat(str(row[name])) for name in ("since", "at")}
    return Notice(**{**row, **moments, "turned": Turned(str(row["turned"]))})  # type: ignore[arg-type]


def _watched(row: dict[str, object]) -> Watched:
    moments = {name: datetime.fromisoformat(str(row[name])) for name in ("since", "last")}
    return Watched(**{**row, **moments})  # type: ignore[arg-type]
