"""What is accepted is kept, once, whole deliveries or nothing."""

from datetime import timedelta

import pytest

from tests.workers.store.parts import NOW, PORTAL, accept, arrival, held, opened, settle, take
from workers.errors import Flooded, Full, StoreDown
from workers.store import Store


def test_an_accepted_event_is_there_word_for_word(store: Store) -> None:
    body = b'{"note": "' + "ü".encode() * 500 + b'"}'
    sent = arrival(1, time=NOW - timedelta(hours=1), body=body)
    receipt = store.accept(PORTAL, [sent], received=NOW).receipts[0]
    found = store.event(receipt.id)
    assert found is not None
    assert (found.body, found.source_id, found.endpoint) == (body, "evt_1", "shop")
    assert (found.time, found.received) == (NOW - timedelta(hours=1), NOW)
    assert take(store) == [found]


def test_a_second_delivery_is_the_first_event(store: Store) -> None:
    first = store.accept(PORTAL, [arrival(1)], received=NOW).receipts[0]
    again = store.accept(PORTAL, [arrival(1)], received=NOW).receipts[0]
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.id == first.id
    assert [event.id for event in take(store)] == [first.id]
    assert store.counts(PORTAL) == {"waiting": 1, "accepted": 1}


def test_one_delivery_with_the_same_event_twice_is_one_event(store: Store) -> None:
    ids = accept(store, [1, 1, 2])
    assert ids[0] == ids[1] != ids[2]
    assert len(take(store)) == 2


def test_the_same_id_from_two_endpoints_is_two_events(store: Store) -> None:
    assert accept(store, [1], lane="shop") != accept(store, [1], lane="till")
    assert len(take(store)) == 2


def test_a_handled_event_that_is_delivered_again_stays_handled(store: Store) -> None:
    accept(store, [1])
    settle(store, take(store), fence=held(store))
    accept(store, [1])
    assert take(store) == []


def test_a_delivery_that_does_not_fit_leaves_nothing_behind(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=3)
    accept(store, [1, 2])
    with pytest.raises(Full, match="2 events wait already"):
        accept(store, [3, 4])
    assert [event.source_id for event in take(store)] == ["evt_1", "evt_2"]
    assert store.counts(PORTAL)["accepted"] == 2
    assert accept(store, [3])
    store.close()


def test_a_full_portal_still_knows_its_duplicates(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=1)
    ids = accept(store, [1])
    assert accept(store, [1]) == ids
    store.close()


def test_another_portal_is_not_full(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=1)
    accept(store, [1])
    assert store.accept("other", [arrival(1)], received=NOW).receipts
    store.close()


def test_a_sender_faster_than_its_endpoint_allows_is_held_back(store: Store) -> None:
    hourly = 1 / 3600
    first = store.accept(PORTAL, [arrival(1), arrival(2)], received=NOW, rate_per_s=hourly)
    assert len(first.receipts) == 2  # a delivery that comes after a rest is taken whole
    with pytest.raises(Flooded, match="events a second") as held_back:
        store.accept(PORTAL, [arrival(3)], received=NOW, rate_per_s=hourly)
    assert held_back.value.retry_after_s == pytest.approx(7_199, abs=60)
    assert store.counts(PORTAL)["accepted"] == 2
    again = store.accept(PORTAL, [arrival(1)], received=NOW, rate_per_s=hourly)
    assert again.receipts[0].duplicate
    assert accept(store, [4])  # an endpoint without a rate


def test_what_is_handled_makes_room(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=1)
    accept(store, [1])
    settle(store, take(store), fence=held(store))
    assert accept(store, [2])
    store.close()


def test_the_first_of_a_burst_rings_and_the_others_do_not(store: Store) -> None:
    rings = [store.accept(PORTAL, [arrival(n)], received=NOW).ring for n in range(5)]
    assert rings == [True, False, False, False, False]


def test_a_duplicate_alone_does_not_ring(store: Store) -> None:
    accept(store, [1])
    held(store)  # takes the bell down
    assert not store.accept(PORTAL, [arrival(1)], received=NOW).ring


def test_a_time_far_ahead_is_held_to_its_arrival(store: Store) -> None:
    ahead = arrival(1, time=NOW + timedelta(days=400))
    store.accept(PORTAL, [ahead], received=NOW)
    assert take(store)[0].time == NOW + timedelta(seconds=300)


def test_an_event_without_a_time_has_that_of_its_arrival(store: Store) -> None:
    accept(store, [1])
    assert take(store)[0].time == NOW


def test_a_store_that_is_not_there_is_said_so() -> None:
    store = opened("redis://127.0.0.1:1/0")
    with pytest.raises(StoreDown):
        accept(store, [1])
    store.close()


def test_a_store_out_of_memory_keeps_nothing_and_says_so(redis_url: str) -> None:
    store = opened(redis_url)
    accept(store, [1])
    policy = store.redis.config_get("maxmemory")["maxmemory"]
    store.redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreDown, match="maxmemory"):
            accept(store, [2])
    finally:
        store.redis.config_set("maxmemory", policy)
    assert [event.source_id for event in take(store)] == ["evt_1"]
    assert not store.accept(PORTAL, [arrival(2)], received=NOW).receipts[0].duplicate
    store.close()
