"""Each endpoint has a lane; a flood in one leaves the others their share."""

from collections import Counter

from tests.workers.store.parts import accept, held, settle, take
from workers.store import Store


def test_a_flood_leaves_the_others_their_share(store: Store) -> None:
    accept(store, range(300), lane="flood")
    accept(store, range(10), lane="calm")
    taken = Counter(event.endpoint for event in take(store, limit=100))
    assert taken == {"flood": 90, "calm": 10}


def test_two_floods_share_alike(store: Store) -> None:
    accept(store, range(300), lane="one")
    accept(store, range(300), lane="two")
    taken = Counter(event.endpoint for event in take(store, limit=100))
    assert taken == {"one": 50, "two": 50}


def test_a_lane_alone_has_all_the_room(store: Store) -> None:
    accept(store, range(5), lane="idle")
    settle(store, take(store), fence=held(store))
    accept(store, range(300), lane="busy")
    assert len(take(store, limit=100)) == 100


def test_more_lanes_than_room_still_get_on(store: Store) -> None:
    for lane in range(7):
        accept(store, [1], lane=f"lane{lane}")
    fence = held(store)
    handled = 0
    for _ in range(7):
        events = take(store, limit=3)
        assert len(events) <= 3
        settle(store, events, fence=fence)
        handled += len(events)
    assert handled == 7


def test_within_a_lane_the_first_to_come_is_the_first_taken(store: Store) -> None:
    accept(store, range(20))
    assert [event.source_id for event in take(store, limit=5)] == [f"evt_{n}" for n in range(5)]


def test_what_a_dead_writer_left_is_taken_before_the_new(store: Store) -> None:
    accept(store, range(5))
    left = take(store, limit=3)
    accept(store, range(5, 8))
    assert take(store, limit=3) == left


def test_one_event_is_one_event_however_many_lanes_have_some_in_hand(store: Store) -> None:
    for lane in ("one", "two", "three"):
        accept(store, [1], lane=lane)
    assert len(take(store)) == 3
    assert len(take(store, limit=1)) == 1
