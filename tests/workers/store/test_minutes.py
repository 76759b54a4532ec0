"""How a portal stood each minute, and what was turned away at its door."""

from datetime import UTC, datetime, timedelta

from tests.workers.store.parts import NOW, PORTAL, accept
from workers import measures
from workers.store import Store
from workers.store.minutes import minutes
from workers.store.refusals import KEPT


def test_a_minute_is_noted_once_and_tells_what_happened_in_it(store: Store) -> None:
    now = datetime.now(UTC)  # the store says when an event came
    assert store.note_minute(PORTAL, now=now)
    assert not store.note_minute(PORTAL, now=now)
    accept(store, range(5))
    for state, reason, number in (("done", "none", 2), ("dead", "invalid_value", 1)):
        store.tally.count(measures.HANDLED, PORTAL, "shop", state, reason, by=number)
    store.tally.count(measures.CALLS, PORTAL, "batch upsert", "200", by=3)
    store.flush_counts()
    assert store.note_minute(PORTAL, now=now + timedelta(minutes=1))
    readings = store.readings(PORTAL)
    assert readings[-1].failed == {"dead invalid_value": 1}
    (minute,) = minutes(readings)
    told = (minute.accepted, minute.done, minute.dead, minute.calls, minute.waiting)
    assert told == (5, 2, 1, 3, 5)
    assert minute.oldest_age_s > 0


def test_a_portal_that_nobody_noted_has_no_minutes(store: Store) -> None:
    assert minutes(store.readings(PORTAL)) == []


def test_the_last_refusals_of_an_endpoint_are_kept_and_a_flood_is_counted(store: Store) -> None:
    for number in range(50):
        store.note_refusal("shop", reason="mismatch", detail=f"no {number}", now=NOW)
    told = store.refusals("shop")
    assert 1 <= len(told) <= KEPT
    assert told[-1].detail == "no 0"
    assert told[-1].at == NOW
    assert sum(each.times for each in told) <= 50
    assert store.refusals("other") == []
