"""When its time is over nothing of an event is left: by all keys, after the clocks are moved.

The store lets keys expire by its own clock. To move it, what each key has left to live is shortened
by as much; what has nothing left is gone.
"""

from contextlib import closing

from tests.app.agency import MAIL
from tests.privacy.conftest import ACME, MARKS, House
from tests.privacy.keeping import everything, where
from workers.store.clients import client

DAY_S = 86_400
COUNTS = {  # what is left of events: numbers, and the names of endpoints
    *("counts", "lanes", "measures", "fence", "minutes", "day", "events"),
}


def pass_(house: House, url: str, *, days: float) -> None:
    """Move all clocks, and let what the beat does each hour be done."""
    moved_ms = int(days * DAY_S * 1000)
    with closing(client(url, timeout_s=10)) as store:
        for key in list(store.scan_iter("*")):
            left_ms = store.pttl(key)
            if 0 <= left_ms <= moved_ms:
                store.delete(key)
            elif left_ms > moved_ms:
                store.pexpire(key, left_ms - moved_ms)
    house.found.later(days=days)
    house.found.runtime.trim()


def names(*ids: str) -> set[bytes]:
    """By what the store calls these events."""
    members = {id.partition(".")[2].encode() for id in ids}
    return members | {each.split(b"-", 1)[1] for each in members}


def told(url: str, *ids: str) -> set[str]:
    """The kinds of keys that say anything of these events: their names, or about whom they are."""
    wanted = names(*ids)
    kept = everything(url)
    found = {
        key
        for key, values in kept.items()
        if any(name in b"\n".join([key.encode(), *values]) for name in wanted)
    }
    return {key.split(":")[2] for key in {*found, *where(url, *MARKS)}}


def test_handled_events_go_after_a_week_dead_ones_after_a_month_and_clocks_after_three(
    house: House, redis_url: str
) -> None:
    done = [house.about_zoe() for _ in range(5)]
    dead = house.about_bob(stage="none of them")
    house.found.work_off()
    store = house.found.store
    assert (store.counts(ACME)["done"], store.counts(ACME)["dead"]) == (5, 1)
    assert told(redis_url, *done) >= {"events", "verdict", "call", "about", "clock", "seen"}

    pass_(house, redis_url, days=6.9)
    assert told(redis_url, *done) >= {"events", "verdict", "call"}
    pass_(house, redis_url, days=0.2)
    # The dead letter keeps its own, and so does who wrote what.
    assert told(redis_url, *done) <= {"clock", "about"}
    assert where(redis_url, *MARKS) == []
    assert told(redis_url, dead) >= {"kept", "verdict", "dead", "like"}
    assert store.event(done[0]) is None
    assert store.event(dead) is not None

    pass_(house, redis_url, days=23)
    assert told(redis_url, *done, dead) <= {"clock"}
    assert where(redis_url, b"bob@example.com") == []
    assert store.groups(ACME) == []
    assert store.event(dead) is None

    pass_(house, redis_url, days=61)
    assert told(redis_url, *done, dead) == set()
    left = {key.split(":")[2] for key in everything(redis_url) if key.startswith("hl:{acme}")}
    assert left <= COUNTS, left
    assert all(not store.redis.xlen(f"hl:{{acme}}:events:{lane}") for lane in store.lanes(ACME))


def test_what_waits_and_what_is_retried_stays_whatever_its_age(
    house: House, redis_url: str
) -> None:
    house.account.control("faults", kind="status", path="contacts", status=503, times=0)
    retrying = house.about_zoe()
    house.found.drain()
    waiting = house.about_bob()
    pass_(house, redis_url, days=8)
    assert house.found.store.event(retrying) is not None
    assert house.found.store.event(waiting) is not None


def test_one_that_is_retried_keeps_no_other_endpoints_events(house: House, redis_url: str) -> None:
    house.about_bob()
    house.found.work_off()
    house.account.control("faults", kind="status", path="contacts/batch", status=503, times=0)
    body: dict[str, object] = {
        "id": "m1",
        "type": "saved",
        "email": "mail@example.com",
        "name": "M",
        "stage": "lead",
    }
    [retrying] = house.found.accept(body, lane=MAIL)
    house.found.drain()
    house.account.done("DELETE", "/_sandbox/faults", status=204)
    done = house.about_zoe()
    house.found.drain()
    pass_(house, redis_url, days=7.1)
    assert house.found.store.event(done) is None
    assert house.found.store.event(retrying) is not None
