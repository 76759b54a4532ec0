"""How things stand is told for each endpoint, whatever was read, settled or trimmed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.store.parts import NOW, PORTAL, accept, arrival, opened, settle, take
from workers.outcomes import EventState
from workers.store import Store


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    found = opened(redis_url)
    yield found
    found.close()


def waiting(store: Store) -> dict[str, int]:
    return {each.endpoint: each.waiting for each in store.lane_backlog(PORTAL, now=NOW)}


def test_nothing_waits_in_an_empty_store(store: Store) -> None:
    assert store.lane_backlog(PORTAL, now=NOW) == []


def test_what_waits_is_counted_before_and_after_it_is_first_read(store: Store) -> None:
    accept(store, range(3))
    accept(store, range(2), lane="till")
    assert waiting(store) == {"shop": 3, "till": 2}
    fence = store.lease(PORTAL, owner="w", lease_s=60)
    events = take(store, limit=2)
    assert waiting(store) == {"shop": 3, "till": 2}  # what is in hand waits still
    settle(store, events, fence=fence)
    assert sum(waiting(store).values()) == 3
    accept(store, [7])
    assert sum(waiting(store).values()) == 4


def test_the_oldest_is_the_one_in_hand_or_else_the_first_unread(store: Store) -> None:
    accept(store, [1])
    later = datetime.now(UTC) + timedelta(seconds=90)  # ids have the store's own time
    (before,) = store.lane_backlog(PORTAL, now=later)
    fence = store.lease(PORTAL, owner="w", lease_s=60)
    events = take(store)
    (during,) = store.lane_backlog(PORTAL, now=later)
    assert before == during
    assert before.oldest_age_s is not None
    assert before.oldest_age_s >= 89
    settle(store, events, fence=fence)
    (after,) = store.lane_backlog(PORTAL, now=later)
    assert (after.waiting, after.oldest_age_s) == (0, None)


def test_what_is_trimmed_or_retries_does_not_wait_at_its_endpoint(store: Store) -> None:
    accept(store, range(4))
    fence = store.lease(PORTAL, owner="w", lease_s=60)
    first, *others = take(store)
    due = NOW + timedelta(hours=1)
    settle(store, [first], fence=fence, state=EventState.RETRYING, due=due)
    settle(store, others, fence=fence)
    store.redis.xtrim(f"hl:{{{PORTAL}}}:events:shop", minid=str(2**48), approximate=False)
    accept(store, range(10, 12))
    assert waiting(store) == {"shop": 2}


def test_backfilled_events_wait_in_a_lane_of_their_own(store: Store) -> None:
    accept(store, [1])
    store.accept(PORTAL, [arrival(2)], received=NOW, backfill=True)
    lanes = store.lane_backlog(PORTAL, now=NOW)
    assert [(each.waiting, each.live) for each in lanes] == [(1, True), (1, False)]


def test_the_quota_in_use_is_what_counts_in_the_window(store: Store) -> None:
    for _ in range(3):
        store.draw(PORTAL, "crm", limit=100, window_s=60)
    assert store.quota_used(PORTAL, "crm", window_s=60) == 3
    assert store.quota_used(PORTAL, "search", window_s=60) == 0


def test_the_room_is_known_if_there_is_a_ceiling(store: Store) -> None:
    assert store.room().used_bytes > 0
    assert store.room().ceiling_bytes == 0
