"""In which form the store is: who may work on it, and how an older one is carried over."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workers.store.parts import PORTAL, accept, held, opened, settle, take
from workers.errors import StoreDown, Unfit
from workers.outcomes import EventState
from workers.store import Store
from workers.store.keys import portal_key
from workers.store.versions import ALIVE_S, CURRENT, FIRST, Migration

SCHEMA = portal_key("", "schema")
VERSIONS = portal_key("", "versions")
MIGRATING = portal_key("", "migrating")


@pytest.fixture
def other(redis_url: str) -> Iterator[Store]:
    """The store, as another process has it."""
    other = opened(redis_url)
    yield other
    other.close()


def never(seconds: float) -> None:
    raise AssertionError(f"waited for {seconds:g} s")


def now_ms(store: Store) -> int:
    seconds, micros = store.redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


def carried(store: Store) -> list[str]:
    """Which portals were carried over by migrations of these tests, the last first."""
    return [each.decode() for each in store.redis.lrange("hl:{~}:carried", 0, -1)]


def note(store: Store, portal: str) -> Iterator[int]:
    store.redis.lpush("hl:{~}:carried", portal)
    yield 1


def as_of(store: Store, version: int, *, least: int = FIRST) -> Store:
    """Let the store's process be of another version, with migrations that are seen."""
    store.version = version
    store.migrations = [
        Migration(to=to, least=min(least, to), carry=note) for to in range(FIRST + 1, version + 1)
    ]
    return store


def test_an_empty_store_is_of_this_version(store: Store) -> None:
    store.fit(wait=never)
    form = store.form()
    assert form is not None
    assert (form.version, form.least) == (CURRENT, FIRST)
    assert store.redis.exists(MIGRATING) == 0


def test_a_store_that_does_not_say_is_the_first_and_is_carried_over_once(
    store: Store, other: Store
) -> None:
    accept(as_of(store, FIRST), [1])
    store.redis.delete(SCHEMA)
    accept(as_of(other, 3), [2])
    assert carried(other) == [PORTAL, PORTAL]  # from 1 to 2, and from 2 to 3
    accept(other, [3])
    other.fit(wait=never)
    assert len(carried(other)) == 2
    form = other.form()
    assert form is not None
    assert form.version == 3


def test_a_portal_that_the_configuration_names_no_more_is_carried_over_as_well(
    store: Store, redis_url: str
) -> None:
    accept(as_of(store, FIRST), [1])
    store.redis.hset("hl:{gone}:counts", "waiting", 1)
    store.redis.delete(SCHEMA)
    later = as_of(opened(redis_url), 2)
    later.fit(wait=never)
    later.close()
    assert sorted(carried(store)) == [PORTAL, "gone"]


def test_a_version_that_the_store_still_lets_work_goes_on_beside_a_newer_one(
    store: Store, other: Store, redis_url: str
) -> None:
    accept(as_of(store, 2), [1])
    accept(as_of(other, 3, least=2), [2])
    store.sign()
    accept(store, [3])
    again = as_of(opened(redis_url), 2)  # started once more: a step back
    accept(again, [4])
    again.close()
    form = store.form()
    assert form is not None
    assert (form.version, form.least) == (3, 2)


def test_a_store_that_only_a_newer_version_may_work_on_is_left_alone(store: Store) -> None:
    store.redis.hset(SCHEMA, mapping={"version": CURRENT + 2, "least": CURRENT + 1})
    said = f"its schema is {CURRENT + 2}, and this version knows {CURRENT}"
    with pytest.raises(Unfit, match=said):
        store.fit(wait=never)
    with pytest.raises(Unfit, match=said):
        accept(store, [1])
    with pytest.raises(Unfit, match=said):
        held(store)
    assert [*store.redis.scan_iter("hl:{" + PORTAL + "}*")] == []


def test_who_ran_already_stops_at_the_next_sign(store: Store) -> None:
    accept(store, [1])
    store.redis.hset(SCHEMA, mapping={"version": CURRENT + 1, "least": CURRENT + 1})
    with pytest.raises(Unfit, match="start the version that wrote it"):
        store.sign()
    with pytest.raises(Unfit):
        accept(store, [2])


def test_a_migration_that_nobody_may_work_beside_waits_for_the_others_to_end(
    store: Store, other: Store
) -> None:
    accept(as_of(store, 2), [1])  # and gives a sign
    as_of(other, 3, least=3)
    with pytest.raises(Unfit, match="cannot become 3 while processes run that know less than 3"):
        other.fit(wait=never)
    accept(store, [2])
    assert carried(other) == []
    store.redis.hset(VERSIONS, "2", now_ms(store) - int(ALIVE_S * 1000) - 1)
    other.fit(wait=never)
    assert carried(other) == [PORTAL]
    with pytest.raises(Unfit):
        store.sign()


def test_a_worker_of_the_first_version_is_known_by_its_only_sign(
    store: Store, other: Store
) -> None:
    store.redis.hset("hl:workers", "worker", str(now_ms(store) / 1000))
    with pytest.raises(Unfit, match="cannot become 2"):
        as_of(other, 2, least=2).fit(wait=never)
    store.redis.hset("hl:workers", "worker", str(now_ms(store) / 1000 - ALIVE_S - 1))
    other.fit(wait=never)


def test_one_process_carries_over_and_the_others_wait(
    store: Store, other: Store, redis_url: str
) -> None:
    accept(as_of(store, FIRST), [1])
    store.redis.delete(SCHEMA)
    begun, enough = threading.Event(), threading.Event()

    def slowly(store: Store, portal: str) -> Iterator[int]:
        begun.set()
        assert enough.wait(30)
        yield from note(store, portal)

    slow = as_of(opened(redis_url), 2)
    slow.migrations = [Migration(to=2, least=1, carry=slowly)]
    thread = threading.Thread(target=slow.fit)
    thread.start()
    assert begun.wait(30)
    as_of(other, 2)
    with pytest.raises(StoreDown, match="another process carries it over"):
        other.fit(wait=never)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        enough.set()
        thread.join(30)

    other.fit(wait=wait, patience_s=60)
    slow.close()
    assert len(waits) == 1
    assert carried(other) == [PORTAL]


def test_what_a_killed_process_began_another_ends(store: Store, other: Store) -> None:
    accept(as_of(store, FIRST), [1])
    store.redis.delete(SCHEMA)
    store.redis.set(MIGRATING, "killed", px=30_000)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        store.redis.delete(MIGRATING)  # as it expires

    as_of(other, 2).fit(wait=wait, patience_s=60)
    assert waits
    assert carried(other) == [PORTAL]


def test_a_process_that_was_stopped_meanwhile_notes_nothing(store: Store, other: Store) -> None:
    accept(as_of(store, FIRST), [1])
    store.redis.delete(SCHEMA)

    def stopped(store: Store, portal: str) -> Iterator[int]:
        store.redis.set(MIGRATING, "another")
        yield from note(store, portal)

    as_of(other, 2).migrations = [Migration(to=2, least=1, carry=stopped)]
    with pytest.raises(StoreDown, match="another goes on"):
        other.fit(wait=never)
    assert other.form() is None
    assert store.redis.get(MIGRATING) == b"another"


def test_what_an_older_process_writes_beside_is_carried_over_once_it_is_gone(
    store: Store, other: Store
) -> None:
    accept(as_of(other, 3), [1])
    accept(as_of(store, 2), [2])
    store.sign()
    before = len(carried(store))
    assert other.sweep() == 0  # it still runs
    gone = now_ms(store) - int(ALIVE_S * 1000) - 1
    store.redis.hset(VERSIONS, "2", gone)
    store.redis.hset(SCHEMA, "swept", gone - 1)
    assert other.sweep() == 2  # once for each migration
    assert len(carried(store)) == before + 2
    assert other.sweep() == 0
    assert store.sweep() == 0  # a version never carries back


def test_dead_and_unknown_events_without_a_group_join_that_of_their_reason(
    store: Store, other: Store
) -> None:
    accept(store, range(4))
    events = take(store)
    fence = held(store)
    settle(store, events[:2], fence=fence, state=EventState.DEAD, reason="'a' is wrong")
    settle(store, events[2:3], fence=fence, state=EventState.UNKNOWN, reason="lost")
    settle(store, events[3:], fence=fence, state=EventState.DEAD, reason="'b' is wrong")
    groups = store.groups(PORTAL)
    for key in [*store.redis.scan_iter("hl:*:like:*"), *store.redis.scan_iter("hl:*:groups")]:
        store.redis.delete(key)
    for event in events:
        store.redis.hdel(portal_key(PORTAL, "kept", event.id.partition(".")[2]), "g")
    assert store.groups(PORTAL) == []
    store.redis.delete(SCHEMA)
    other.fit(wait=never)
    assert other.groups(PORTAL) == groups
    assert [group.events for group in groups] == [3, 1]


def test_of_many_that_write_first_none_is_refused(redis_url: str) -> None:
    stores = [opened(redis_url) for _ in range(8)]
    with ThreadPoolExecutor(len(stores)) as pool:
        ids = [*pool.map(lambda each: accept(each[1], [each[0]]), enumerate(stores))]
    assert len({id for (id,) in ids}) == len(stores)
    for each in stores:
        each.close()
