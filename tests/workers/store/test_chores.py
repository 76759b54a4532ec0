"""What a person asked for in the background: done once, and gone on with after a stop."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workers.store.parts import NOW, PORTAL, accept, held, settle, take
from workers.chores import STEP, carry_on
from workers.outcomes import EventState
from workers.store import Store
from workers.store.chores import Chore, Progress, What
from workers.store.groups import group_id

DEAD = EventState.DEAD
LATER = NOW + timedelta(seconds=5)
CHORE = Chore(id="c1", portal=PORTAL, what=What.REPLAY, state=DEAD, by="ada", at=LATER, expected=9)


def dead(store: Store, numbers: range, *, reason: str = "no") -> list[str]:
    accept(store, numbers)
    events = take(store, limit=1_000)
    settle(store, events, fence=held(store), state=DEAD, reason=reason)
    return [event.id for event in events]


def do(store: Store, *, stop_after: int = 1_000) -> Chore | None:
    looks = iter(range(1_000))
    return carry_on(
        store,
        PORTAL,
        "c1",
        owner="tests",
        clock=lambda: LATER,
        stop=lambda: next(looks) >= stop_after,
    )


def test_every_dead_event_is_replayed_whose_reason_is_meant(store: Store) -> None:
    dead(store, range(250))
    other = dead(store, range(1_000, 1_003), reason="other")
    store.add_chore(replace(CHORE, group=group_id("no")))
    chore = do(store)
    assert chore is not None
    assert (chore.progress, chore.done, chore.looked) == (Progress.DONE, 250, 250)
    assert store.backlog(PORTAL).retrying == 250
    assert store.backlog(PORTAL).dead == len(other)
    assert store.chore(PORTAL, "c1") == chore


def test_events_are_discarded_with_a_reason(store: Store) -> None:
    ids = dead(store, range(3))
    store.add_chore(replace(CHORE, what=What.DISCARD, reason="tests of theirs"))
    chore = do(store)
    assert chore is not None
    assert chore.done == 3
    event = store.event(ids[0])
    assert event is not None
    (found,) = store.found([event])
    assert found.state is EventState.IGNORED


def test_what_was_left_off_is_gone_on_with(store: Store) -> None:
    dead(store, range(2 * STEP + 10))
    store.add_chore(CHORE)
    half = do(store, stop_after=1)
    assert half is not None
    assert (half.progress, half.done) == (Progress.RUNNING, STEP)
    assert store.chores_left(PORTAL) == ["c1"]
    whole = do(store)
    assert whole is not None
    assert (whole.progress, whole.done) == (Progress.DONE, 2 * STEP + 10)
    assert store.chores_left(PORTAL) == []


def test_one_alone_has_a_chore_in_hand(store: Store) -> None:
    dead(store, range(2))
    store.add_chore(CHORE)
    assert store.take_chore(PORTAL, "c1", owner="another")
    assert do(store) is None
    assert store.chores_left(PORTAL) == []
    store.leave_chore(PORTAL, "c1")
    assert do(store) is not None


def test_a_chore_is_stopped_by_a_person(store: Store) -> None:
    dead(store, range(2))
    store.add_chore(CHORE)
    assert store.stop_chore(PORTAL, "c1")
    chore = do(store)
    assert chore is not None
    assert (chore.progress, chore.done) == (Progress.STOPPED, 0)
    assert not store.stop_chore(PORTAL, "c1")
    assert not store.stop_chore(PORTAL, "none")


def test_what_dies_after_it_was_asked_for_is_left_alone(store: Store) -> None:
    dead(store, range(2))
    store.add_chore(replace(CHORE, at=NOW - timedelta(seconds=1)))
    chore = do(store)
    assert chore is not None
    assert chore.done == 0


@pytest.mark.parametrize("cursor", [None, "x.y"])
def test_chores_are_listed_the_newest_first(store: Store, cursor: str | None) -> None:
    older = replace(CHORE, cursor=cursor, endpoint="shop", words="no", reason="r", type="t")
    newer = replace(CHORE, id="c2", at=LATER + timedelta(seconds=1))
    store.add_chore(older)
    store.add_chore(newer)
    assert store.chores(PORTAL) == [newer, older]
    assert store.chores("other") == []
