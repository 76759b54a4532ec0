"""Backfilled events have a lane of their own, which gives way to the live ones and still moves."""

from collections import Counter

import pytest

from tests.workers.store.parts import NOW, PORTAL, accept, arrival, held, opened, settle, take
from workers.errors import Full
from workers.outcomes import EventState
from workers.store import Progress, Query, Store


def backfill(store: Store, first: int, end: int, *, lane: str = "shop") -> list[str]:
    """Backfill events of these numbers; return our ids."""
    arrivals = [arrival(number, lane=lane) for number in range(first, end)]
    accepted = store.accept(PORTAL, arrivals, received=NOW, backfill=True)
    return [receipt.id for receipt in accepted.receipts]


def lanes(store: Store, *, limit: int) -> Counter[str]:
    """Take, and count what is of which lane."""
    taken = take(store, limit=limit)
    return Counter(event.id.partition(".")[2].rsplit("-", 2)[0] for event in taken)


def test_live_events_go_before_backfilled_ones_which_keep_a_twentieth(store: Store) -> None:
    backfill(store, 0, 500)
    accept(store, range(1_000, 1_300))
    assert lanes(store, limit=200) == {"shop": 190, "shop~backfill": 10}


def test_backfilled_events_get_the_room_that_live_ones_leave(store: Store) -> None:
    backfill(store, 0, 500)
    accept(store, [1_000])
    assert lanes(store, limit=200) == {"shop": 1, "shop~backfill": 199}


def test_where_nothing_is_backfilled_any_more_live_events_have_all_the_room(store: Store) -> None:
    backfill(store, 0, 5)
    settle(store, take(store), fence=held(store))
    accept(store, range(1_000, 1_300))
    assert lanes(store, limit=200) == {"shop": 200}


def test_live_events_of_every_endpoint_go_before_the_backfilled_ones_of_any(store: Store) -> None:
    backfill(store, 0, 150, lane="shop")
    backfill(store, 0, 150, lane="till")
    accept(store, range(1_000, 1_100), lane="shop")
    accept(store, range(1_000, 1_020), lane="door")
    assert lanes(store, limit=200) == {
        "shop": 100,
        "door": 20,
        "shop~backfill": 40,
        "till~backfill": 40,
    }


def test_backfilled_events_that_are_due_again_leave_half_to_the_live_ones(store: Store) -> None:
    backfill(store, 0, 300)
    fence = held(store)
    settle(store, take(store, limit=300), fence=fence, state=EventState.RETRYING, due=NOW)
    accept(store, range(1_000, 1_100))
    assert lanes(store, limit=100) == {"shop~backfill": 50, "shop": 50}
    assert lanes(store, limit=1) == {"shop~backfill": 1}


def test_a_turn_of_one_event_takes_the_live_one(store: Store) -> None:
    backfill(store, 0, 5)
    accept(store, [1_000])
    assert lanes(store, limit=1) == {"shop": 1}


def test_a_backfilled_event_is_the_endpoints_own(store: Store) -> None:
    (id,) = backfill(store, 1, 2)
    event = store.event(id)
    assert event is not None
    assert (event.endpoint, event.key) == ("shop", "shop/evt_1")


def test_an_event_that_was_live_is_a_duplicate_in_a_backfill_and_the_other_way(
    store: Store,
) -> None:
    (live,) = accept(store, [1])
    (old,) = backfill(store, 2, 3)
    assert backfill(store, 1, 2) == [live]
    assert accept(store, [2]) == [old]
    assert {event.id for event in take(store)} == {live, old}


def test_a_backfilled_event_can_be_dead_and_replayed(store: Store) -> None:
    (id,) = backfill(store, 1, 2)
    fence = held(store)
    settle(store, take(store), fence=fence, state=EventState.DEAD, reason="no")
    assert store.replay(id, state=EventState.DEAD, now=NOW)
    assert [event.id for event in take(store)] == [id]


def test_backfilled_events_are_found_with_their_endpoint_and_by_the_senders_id(
    store: Store,
) -> None:
    (live,) = accept(store, [1])
    (old,) = backfill(store, 2, 3)
    found = store.browse([PORTAL], Query(endpoint="shop"), limit=10).rows
    assert {row.event.id for row in found} == {live, old}
    (row,) = store.browse([PORTAL], Query(text="evt_2"), limit=10).rows
    assert row.event.id == old


def test_a_backfill_reaches_its_ceiling_long_before_live_events_do(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=100)
    backfill(store, 0, 50)
    with pytest.raises(Full):
        backfill(store, 50, 51)
    assert len(accept(store, range(1_000, 1_050))) == 50
    store.close()


def test_how_far_a_file_has_come_is_remembered(store: Store) -> None:
    assert store.progress(PORTAL, "f1") is None
    done = Progress(rows=400, accepted=390, duplicates=3, rejected=7)
    store.keep_progress(PORTAL, "f1", done)
    assert store.progress(PORTAL, "f1") == done
    assert store.progress(PORTAL, "f2") is None
