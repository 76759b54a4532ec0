"""Doing what a person asked for in the background: step by step, so that another can go on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from workers.store import Store
from workers.store.chores import Chore, Progress, What

STEP = 200  # events in one step


def carry_on(
    store: Store,
    portal: str,
    id: str,
    *,
    owner: str,
    clock: Callable[[], datetime],
    stop: Callable[[], bool],
) -> Chore | None:
    """Do a chore until it is done, stopped, or this process ends; None if another has it in hand.

    What was killed in between is gone on with: a step that is made twice does nothing twice.
    """
    if not store.take_chore(portal, id, owner=owner):
        return None
    chore = store.chore(portal, id)
    while chore is not None and chore.progress in (Progress.ASKED, Progress.RUNNING):
        if stop() or not store.take_chore(portal, id, owner=owner):
            break
        chore = store.move_chore(_step(store, chore, now=clock()), now=clock())
    store.leave_chore(portal, id)
    return chore


def _step(store: Store, chore: Chore, *, now: datetime) -> Chore:
    page = store.browse([chore.portal], chore.query, limit=STEP, cursor=chore.cursor)
    done = 0
    for found in page.rows:
        if found.standing is None or (found.standing.settled or now) > chore.at:
            continue  # it ended after this was asked for
        if chore.what is What.REPLAY:
            done += store.replay(found.event.id, state=chore.state, now=now)
        else:
            done += store.discard(found.event.id, reason=chore.reason, now=now)
    return replace(
        chore,
        progress=Progress.DONE if page.next is None else Progress.RUNNING,
        looked=chore.looked + page.looked,
        done=chore.done + done,
        cursor=page.next,
    )
