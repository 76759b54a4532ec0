"""Retries, replay, retention, and pages of events."""

from datetime import timedelta

import pytest

from tests.workers.store.parts import DAY_S, NOW, PORTAL, accept, held, settle, take
from workers.outcomes import EventState
from workers.store import Query, Store

DAY = timedelta(seconds=DAY_S)


def test_a_retry_is_taken_when_it_is_due_and_not_before(store: Store) -> None:
    accept(store, [1])
    events = take(store)
    due = NOW + timedelta(seconds=60)
    settle(store, events, fence=held(store), state=EventState.RETRYING, due=due)
    assert take(store, later_s=59) == []
    assert not store.has_work(PORTAL, now=NOW)
    assert store.has_work(PORTAL, now=due)
    assert take(store, later_s=60) == events
    assert take(store, later_s=60) == events  # until it is settled
    assert store.backlog(PORTAL).waiting == 1


def test_retries_come_in_the_order_of_their_due_times(store: Store) -> None:
    accept(store, range(3))
    fence = held(store)
    for event, wait_s in zip(take(store), (30, 10, 20), strict=True):
        due = NOW + timedelta(seconds=wait_s)
        settle(store, [event], fence=fence, state=EventState.RETRYING, due=due)
    found = [event.source_id for event in take(store, later_s=40)]
    assert found == ["evt_1", "evt_2", "evt_0"]


def test_what_is_due_is_taken_before_all_else(store: Store) -> None:
    accept(store, range(3))
    first = take(store, limit=1)
    settle(store, first, fence=held(store), state=EventState.RETRYING, due=NOW)
    assert take(store, limit=1) == first


def test_where_an_event_stands_can_be_read(store: Store) -> None:
    accept(store, [1, 2])
    events = take(store)
    due = NOW + timedelta(seconds=5)
    settle(
        store, events[:1], fence=held(store), state=EventState.RETRYING, due=due, reason="m:1: 503"
    )
    standings = store.standings(events)
    assert standings.keys() == {events[0].id}
    found = standings[events[0].id]
    assert (found.state, found.reason, found.due) == (EventState.RETRYING, "m:1: 503", due)
    assert (found.attempts, found.settled) == (1, NOW)


def test_every_event_is_counted_in_one_place(store: Store) -> None:
    accept(store, range(4))
    fence = held(store)
    ends = (EventState.DONE, EventState.IGNORED, EventState.DEAD, EventState.UNKNOWN)
    for event, state in zip(take(store), ends, strict=True):
        settle(store, [event], fence=fence, state=state)
    assert store.counts(PORTAL) == {
        "accepted": 4,
        "waiting": 0,
        "done": 1,
        "ignored": 1,
        "dead": 1,
        "unknown": 1,
    }
    backlog = store.backlog(PORTAL, now=NOW)
    assert (backlog.dead, backlog.unknown, backlog.oldest_age_s) == (1, 1, None)


@pytest.mark.parametrize("state", [EventState.DEAD, EventState.UNKNOWN])
def test_what_is_replayed_is_taken_again_once(store: Store, state: EventState) -> None:
    accept(store, [1])
    fence = held(store)
    events = take(store)
    settle(store, events, fence=fence, state=state)
    assert take(store) == []
    assert store.replay(events[0].id, state=state, now=NOW)
    assert not store.replay(events[0].id, state=state, now=NOW)
    assert store.counts(PORTAL) == {"accepted": 1, "waiting": 1, state.value: 0}
    assert take(store) == events
    settle(store, events, fence=fence)
    assert store.counts(PORTAL) == {"accepted": 1, "waiting": 0, state.value: 0, "done": 1}


def test_what_is_done_cannot_be_replayed_as_dead(store: Store) -> None:
    accept(store, [1])
    events = take(store)
    settle(store, events, fence=held(store))
    assert not store.replay(events[0].id, state=EventState.DEAD, now=NOW)
    assert take(store) == []


def many(store: Store, number: int, *, fence: int, state: EventState = EventState.DONE) -> None:
    """Handle so many events that the stream has whole nodes to drop."""
    for start in range(0, number, 10):  # one delivery is of one moment, and is kept or goes whole
        accept(store, range(start, start + 10))
        settle(store, take(store), fence=fence, state=state)


def test_handled_events_go_when_their_time_is_over(store: Store) -> None:
    many(store, 400, fence=held(store))
    assert store.trim(PORTAL, now=NOW + DAY, keep_s=2 * DAY_S) == 0
    assert store.trim(PORTAL, now=NOW + 3 * DAY, keep_s=2 * DAY_S) >= 300


def test_what_waits_stays_whatever_its_age(store: Store) -> None:
    fence = held(store)
    many(store, 300, fence=fence)
    accept(store, [1000, 1001, 1002])
    retrying, in_hand = take(store, limit=2)
    settle(store, [retrying], fence=fence, state=EventState.RETRYING, due=NOW + 30 * DAY)
    many_more = range(2000, 2300)
    accept(store, many_more)
    store.trim(PORTAL, now=NOW + 30 * DAY, keep_s=DAY_S)
    assert store.event(retrying.id) == retrying
    found = take(store, limit=1000, later_s=30 * DAY_S)
    assert found[0] == retrying
    assert found[1] == in_hand
    assert len(found) == 3 + len(many_more)


def test_a_dead_event_outlives_its_place_in_the_stream(store: Store) -> None:
    fence = held(store)
    accept(store, [9999])
    dead = take(store)
    settle(store, dead, fence=fence, state=EventState.DEAD)
    many(store, 400, fence=fence)
    store.redis.xtrim(f"hl:{{{PORTAL}}}:events:shop", maxlen=0)
    assert store.event(dead[0].id) == dead[0]
    found = store.browse([PORTAL], Query(state=EventState.DEAD), limit=9).rows
    assert [row.event for row in found] == dead
    assert store.replay(dead[0].id, state=EventState.DEAD, now=NOW)
    assert take(store) == dead


def test_what_came_since_is_given_the_oldest_first(store: Store) -> None:
    accept(store, range(250))
    found = [event.source_id for event in store.since(PORTAL, since=NOW - DAY)]
    assert found == [f"evt_{n}" for n in range(250)]
    assert list(store.since(PORTAL, since=NOW + DAY)) == []


def test_an_id_that_is_none_of_ours_is_no_event(store: Store) -> None:
    for id in ("", "acme", "acme.shop-1", "acme.shop-1-x", "acme.shop-1-0"):
        assert store.event(id) is None
