"""What all processes counted together is right, whatever becomes of an answer or a process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workers.store.parts import PORTAL, accept, opened
from workers import measures
from workers.errors import StoreDown
from workers.measures import Histogram, Measured
from workers.store import Store


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    found = opened(redis_url)
    yield found
    found.close()


def values(store: Store, *portals: str) -> dict[tuple[str, ...], float | Histogram]:
    """Each value by its family and labels."""
    return {
        (each.family.name, *each.labels): each.value
        for each in store.measured(portals or (PORTAL,))
    }


def test_two_processes_add_to_the_same_counter(redis_url: str, store: Store) -> None:
    other = opened(redis_url)
    for each in (store, other):
        each.tally.count(measures.TURNS, PORTAL, by=3)
        each.flush_counts()
    other.close()
    assert values(store) == {("turns", PORTAL): 6}


def test_a_histogram_has_each_duration_in_one_bucket_and_their_sum(store: Store) -> None:
    bounds = measures.CALL_TIME_S.buckets
    for seconds in (0.0, bounds[0], bounds[0] + 0.001, bounds[-1] + 1, -5.0):
        store.tally.observe(measures.CALL_TIME_S, PORTAL, "search", seconds=seconds)
    store.flush_counts()
    found = values(store)["crm_call_seconds", PORTAL, "search"]
    assert isinstance(found, Histogram)
    assert found.counts == (3, 1, *[0] * (len(bounds) - 2), 1)
    assert found.sum_s == pytest.approx(bounds[0] * 2 + 0.001 + bounds[-1] + 1)


def test_a_gauge_has_what_was_told_last(store: Store) -> None:
    for left in (500, 400):
        store.tally.tell(measures.DAILY_LEFT, PORTAL, value=left)
        store.flush_counts()
    assert values(store) == {("quota_daily_left_calls", PORTAL): 400}


def test_threads_lose_no_count(store: Store) -> None:
    def count(_: int) -> None:
        for _ in range(500):
            store.tally.count(measures.DRAINS, PORTAL, "empty")

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(count, range(8)))
    store.flush_counts()
    assert values(store)["drains", PORTAL, "empty"] == 4_000


def test_a_flush_that_is_sent_again_counts_once(store: Store) -> None:
    store.tally.count(measures.TURNS, PORTAL)
    (flush,) = store.tally.take()
    store._flush(flush)
    store._flush(flush)
    assert values(store) == {("turns", PORTAL): 1}


def test_what_the_store_did_not_take_is_kept_with_the_next(store: Store) -> None:
    gone = opened("redis://127.0.0.1:1/0")
    gone.tally.count(measures.TURNS, PORTAL)
    with pytest.raises(StoreDown):
        gone.flush_counts()
    gone.tally.count(measures.TURNS, PORTAL)
    with pytest.raises(StoreDown):
        gone.flush_counts()
    store._flushes.extend(gone._flushes)
    store.flush_counts()
    gone.close()
    assert values(store) == {("turns", PORTAL): 2}


def test_what_is_counted_last_is_kept_at_the_end(redis_url: str, store: Store) -> None:
    other = opened(redis_url)
    other.keep_counting()
    other.tally.count(measures.TURNS, PORTAL)
    other.close()
    assert values(store) == {("turns", PORTAL): 1}


def test_accepted_and_duplicates_are_counted_where_they_are_kept(store: Store) -> None:
    accept(store, [1, 2, 2])
    accept(store, [1, 3], lane="till")
    accept(store, [1, 3], lane="till")
    assert values(store) == {
        ("events_accepted", PORTAL, "shop"): 2,
        ("events_accepted", PORTAL, "till"): 2,
        ("events_duplicate", PORTAL, "shop"): 1,
        ("events_duplicate", PORTAL, "till"): 2,
    }


def test_what_is_of_no_portal_has_no_label_of_one(store: Store) -> None:
    store.tally.count(measures.DELIVERIES, "", "shop", "202", "accepted")
    store.flush_counts()
    found = store.measured((PORTAL,))
    labels = ("shop", "202", "accepted")
    assert found == [Measured(family=measures.DELIVERIES, labels=labels, value=1)]


def test_a_family_wants_all_its_labels(store: Store) -> None:
    with pytest.raises(ValueError, match="deliveries: 1 values"):
        store.tally.count(measures.DELIVERIES, "", "shop")


def test_what_an_older_or_newer_version_counted_does_no_harm(store: Store) -> None:
    store.redis.hset(f"hl:{{{PORTAL}}}:measures", "something_else\x1fx", 5)
    assert values(store) == {}
