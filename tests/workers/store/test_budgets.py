"""A portal's quota: one budget for all, by a window that slides."""

from concurrent.futures import ThreadPoolExecutor

from tests.workers.store.parts import PORTAL, opened
from workers.store import Store

WIDE_S = 600.0  # no window ends while a test runs


def test_a_window_grants_its_limit_and_then_says_how_long_to_wait(store: Store) -> None:
    granted = [store.draw(PORTAL, "crm", limit=5, window_s=WIDE_S) for _ in range(5)]
    assert granted == [0] * 5
    wait_s = store.draw(PORTAL, "crm", limit=5, window_s=WIDE_S)
    assert 0 < wait_s <= WIDE_S


def test_all_processes_draw_from_one_budget(redis_url: str) -> None:
    stores = [opened(redis_url) for _ in range(4)]

    def draw(number: int) -> float:
        return stores[number % 4].draw(PORTAL, "crm", limit=20, window_s=WIDE_S)

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(draw, range(60)))
    assert waits.count(0) == 20
    for store in stores:
        store.close()


def test_meters_and_portals_do_not_share(store: Store) -> None:
    for portal, meter in ((PORTAL, "crm"), (PORTAL, "search"), ("other", "crm")):
        assert store.draw(portal, meter, limit=1, window_s=WIDE_S) == 0
        assert store.draw(portal, meter, limit=1, window_s=WIDE_S) > 0


def test_a_limit_that_was_lowered_holds_at_once(store: Store) -> None:
    for _ in range(10):
        store.draw(PORTAL, "crm", limit=10, window_s=WIDE_S)
    assert store.draw(PORTAL, "crm", limit=5, window_s=WIDE_S) > 0


def test_what_is_past_the_window_is_granted_again(store: Store) -> None:
    """The clock is the store's own: so the past is written, not waited for."""
    for _ in range(3):
        store.draw(PORTAL, "crm", limit=3, window_s=10)
    key = f"hl:{{{PORTAL}}}:budget:crm"
    ((first, at),) = store.redis.zrange(key, 0, 0, withscores=True)
    store.redis.zadd(key, {first: at - 10_000})
    assert store.draw(PORTAL, "crm", limit=3, window_s=10) == 0
    assert store.draw(PORTAL, "crm", limit=3, window_s=10) > 0


def test_a_call_counts_for_a_window_after_its_answer(store: Store) -> None:
    """The CRM counts from its arrival, which may be long after the grant."""
    store.draw(PORTAL, "crm", limit=1, window_s=10, call="slow")
    key = f"hl:{{{PORTAL}}}:budget:crm"
    store.redis.zadd(key, {"slow": store.redis.zscore(key, "slow") - 9_000})
    assert store.draw(PORTAL, "crm", limit=1, window_s=10) <= 1
    store.spent(PORTAL, "crm", "slow")
    assert store.draw(PORTAL, "crm", limit=1, window_s=10) > 9


def test_a_store_whose_clock_is_set_back_counts_what_was_sent_from_now_on(store: Store) -> None:
    for number in range(3):
        assert store.draw(PORTAL, "crm", limit=3, window_s=WIDE_S, call=str(number)) == 0
    key = f"hl:{{{PORTAL}}}:budget:crm"
    for number in range(3):  # what it comes to
        store.redis.zincrby(key, 6 * 3_600_000, str(number))
    wait_s = store.draw(PORTAL, "crm", limit=3, window_s=WIDE_S)
    assert 0 < wait_s <= WIDE_S
