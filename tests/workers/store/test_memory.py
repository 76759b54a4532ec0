"""A store whose memory is used up: the door says so, and the writer goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.workers.store.parts import NOW, PORTAL, accept, arrival, opened, settle, take
from workers.errors import Full, StoreDown
from workers.store import Store


@contextmanager
def memory_limit(store: Store, size_bytes: int) -> Iterator[None]:
    """Give the whole server so much memory, and afterwards as much as it wants."""
    store.redis.config_set("maxmemory", size_bytes)
    try:
        yield
    finally:
        store.redis.config_set("maxmemory", 0)


def test_a_ceiling_on_memory_refuses_new_events_and_keeps_none(store: Store) -> None:
    store.limits = replace(store.limits, max_store_bytes=1)
    with pytest.raises(Full):
        store.accept(PORTAL, [arrival(1)], received=NOW)
    assert store.counts(PORTAL) == {}


def test_the_door_leaves_a_part_of_the_servers_own_limit_to_the_writer(redis_url: str) -> None:
    store = opened(redis_url)
    used = store.redis.info("memory")["used_memory"]
    with memory_limit(store, int(used * 1.1)), pytest.raises(Full):
        store.accept(PORTAL, [arrival(1)], received=NOW)
    store.close()


def test_what_waits_is_settled_though_the_memory_is_used_up(redis_url: str) -> None:
    store = opened(redis_url)
    accept(store, range(20))
    fence = store.lease(PORTAL, owner="a", lease_s=60)
    events = take(store)
    with memory_limit(store, 1):
        with pytest.raises(StoreDown):
            store.accept(PORTAL, [arrival(99)], received=NOW)
        settle(store, events, fence=fence)
        assert store.renew(PORTAL, owner="a", lease_s=60)
    assert store.counts(PORTAL) == {"accepted": 20, "waiting": 0, "done": 20}
    store.close()
