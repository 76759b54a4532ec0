"""Pages of events: whatever arrives, leaves or changes meanwhile, none skipped and none twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.store.parts import NOW, PORTAL, accept, arrival, held, opened, settle, take
from workers.outcomes import EventState, Verdict
from workers.store import Learned, Query, Settlement, Shelf, Store
from workers.store.ledger import MOST_ABOUT
from workers.store.positions import Position


def pages(store: Store, query: Query, *, limit: int) -> list[list[str]]:
    """The ids on every page."""
    found: list[list[str]] = []
    cursor: str | None = None
    while True:
        shelf = store.browse([PORTAL], query, limit=limit, cursor=cursor)
        found.append(ids(shelf))
        if shelf.next is None:
            return found
        cursor = shelf.next


def ids(shelf: Shelf) -> list[str]:
    return [each.event.id for each in shelf.rows]


def test_the_newest_come_first_over_all_endpoints(store: Store) -> None:
    accepted = [
        *accept(store, range(3)),
        *accept(store, range(3), lane="mail"),
        *accept(store, range(3, 6)),
    ]
    found = pages(store, Query(), limit=4)
    assert [len(page) for page in found] == [4, 4, 1]
    flat = [id for page in found for id in page]
    moments = [tuple(map(int, id.rsplit("-", 2)[1:])) for id in flat]
    assert moments == sorted(moments, reverse=True)
    assert sorted(flat) == sorted(accepted)


def test_a_page_that_ends_with_the_last_event_is_the_last(store: Store) -> None:
    accept(store, range(4))
    assert [len(page) for page in pages(store, Query(), limit=2)] == [2, 2]
    assert store.browse([PORTAL], Query(), limit=4).next is None


def test_an_empty_store_has_one_empty_page(store: Store) -> None:
    assert pages(store, Query(), limit=10) == [[]]


def test_what_arrives_between_two_pages_moves_nothing(store: Store) -> None:
    before = accept(store, range(6)) + accept(store, range(6), lane="mail")
    found: list[str] = []
    cursor: str | None = None
    number = 100
    while True:
        shelf = store.browse([PORTAL], Query(), limit=3, cursor=cursor)
        found += ids(shelf)
        accept(store, [number], lane="shop" if number % 2 else "third")
        number += 1
        if shelf.next is None:
            break
        cursor = shelf.next
    assert len(found) == len(set(found))
    assert sorted(set(found) & set(before)) == sorted(before)  # one of the very moment may be told


def test_events_of_one_endpoint_or_type_or_time_alone(store: Store) -> None:
    accept(store, range(2))
    mine = accept(store, range(2), lane="mail")
    assert sorted(pages(store, Query(endpoint="mail"), limit=9)[0]) == sorted(mine)
    assert pages(store, Query(endpoint="none"), limit=9) == [[]]
    assert pages(store, Query(type="other"), limit=9) == [[]]
    assert len(pages(store, Query(type="t"), limit=9)[0]) == 4
    hour = timedelta(hours=1)
    assert len(pages(store, Query(since=NOW - hour, until=NOW + hour), limit=9)[0]) == 4
    assert pages(store, Query(since=NOW + hour), limit=9) == [[]]
    assert pages(store, Query(until=NOW - hour), limit=9) == [[]]


def test_events_by_their_state(store: Store) -> None:
    accept(store, range(9))
    events = take(store, limit=7)
    fence = held(store)
    states = [EventState.DONE, EventState.IGNORED, EventState.DEAD, EventState.UNKNOWN]
    for event, state in zip(events, states, strict=False):
        settle(store, [event], fence=fence, state=state)
    due = NOW + timedelta(hours=1)
    settle(store, [events[4]], fence=fence, state=EventState.RETRYING, due=due)
    for number, state in enumerate([*states, EventState.RETRYING]):
        assert pages(store, Query(state=state), limit=9) == [[events[number].id]]
    waiting = pages(store, Query(state=EventState.WAITING), limit=9)[0]
    assert len(waiting) == 4
    assert {events[5].id, events[6].id} < set(waiting)


def test_pages_of_the_dead_hold_though_some_are_replayed(store: Store) -> None:
    accept(store, range(12))
    events = take(store)
    fence = held(store)
    settle(store, events, fence=fence, state=EventState.DEAD)  # all at one moment
    dead = Query(state=EventState.DEAD)
    first = store.browse([PORTAL], dead, limit=4)
    last = first.rows[-1].event.id
    assert store.replay(last, state=EventState.DEAD, now=NOW)  # the very one that ended the page
    second = store.browse([PORTAL], dead, limit=4, cursor=first.next)
    third = store.browse([PORTAL], dead, limit=4, cursor=second.next)
    found = ids(first) + ids(second) + ids(third)
    assert sorted(found) == sorted(event.id for event in events)
    assert third.next is None


def test_a_replayed_event_is_shown_as_one_that_will_be_tried(store: Store) -> None:
    (id,) = accept(store, [1])
    settle(store, take(store), fence=held(store), state=EventState.DEAD, reason="no")
    assert store.browse([PORTAL], Query(), limit=1).rows[0].state is EventState.DEAD
    store.replay(id, state=EventState.DEAD, now=NOW)
    (row,) = store.browse([PORTAL], Query(), limit=1).rows
    assert row.state is EventState.RETRYING
    assert ids(store.browse([PORTAL], Query(state=EventState.RETRYING), limit=1)) == [id]


def test_an_event_is_found_by_its_whole_id_or_the_senders_at_once(store: Store) -> None:
    (id,) = accept(store, [7])
    accept(store, range(100, 120))
    assert ids(store.browse([PORTAL], Query(text=id), limit=5)) == [id]
    assert ids(store.browse([PORTAL], Query(text="evt_7"), limit=5)) == [id]
    assert ids(store.browse([PORTAL], Query(text="evt_7", type="other"), limit=5)) == []
    assert ids(store.browse(["other"], Query(text=id), limit=5)) == []


def test_an_event_is_found_by_a_part_of_an_id(store: Store) -> None:
    accept(store, range(100, 120))
    found = pages(store, Query(text="VT_11"), limit=4)
    assert sum(len(page) for page in found) == 10


def test_a_rare_event_is_looked_for_in_steps(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=10_000)
    rare = replace(arrival(1), type="rare")
    (receipt,) = store.accept(PORTAL, [rare], received=NOW).receipts
    for start in range(0, 4_500, 500):
        store.accept(PORTAL, [arrival(n) for n in range(10 + start, 510 + start)], received=NOW)
    first = store.browse([PORTAL], Query(type="rare"), limit=5)
    assert ids(first) == []
    assert first.searched_to is not None
    steps = pages(store, Query(type="rare"), limit=5)
    assert steps == [[], [], [receipt.id]]
    store.close()


def about(store: Store, ids: list[str], key: str) -> None:
    """Have the events settled, each about the same record."""
    events = [event for id in ids if (event := store.event(id)) is not None]
    done = Verdict(state=EventState.DONE)
    settlements = [Settlement(event=e, verdict=done, attempts=1, about=[key]) for e in events]
    store.settle(PORTAL, settlements, Learned(), fence=held(store), now=NOW)


def test_events_are_found_by_the_key_of_a_record_of_theirs(store: Store) -> None:
    mine = accept(store, range(3)) + accept(store, range(3), lane="mail")
    about(store, mine, "Ada@example.com")
    about(store, accept(store, range(10, 13)), "other@example.com")
    key = Query(key=" ada@EXAMPLE.com")
    found = pages(store, key, limit=4)
    assert sorted(id for page in found for id in page) == sorted(mine)
    only = store.browse([PORTAL], Query(key="ada@example.com", endpoint="mail"), limit=9)
    assert len(only.rows) == 3


def test_of_a_record_in_every_event_the_newest_are_listed(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=10_000)
    for start in range(0, 3_000, 100):
        about(store, accept(store, range(start, start + 100)), "acme.example")
    found = [id for page in pages(store, Query(key="acme.example"), limit=200) for id in page]
    assert MOST_ABOUT <= len(found) <= MOST_ABOUT + 200
    arrived = [int(id.rsplit("-", 2)[1]) for id in found]
    assert arrived == sorted(arrived, reverse=True)
    store.close()


def test_the_handled_are_found_at_once_behind_many_that_wait(redis_url: str) -> None:
    store = opened(redis_url, max_backlog=10_000)
    done = accept(store, range(3)) + accept(store, range(3), lane="mail")
    settle(store, take(store), fence=held(store))
    for start in range(0, 4_500, 500):
        store.accept(PORTAL, [arrival(n) for n in range(10 + start, 510 + start)], received=NOW)
    taken = take(store, limit=10)
    for limit in (4, 6, 9):
        found = pages(store, Query(state=EventState.DONE), limit=limit)
        assert sorted(id for page in found for id in page) == sorted(done)
        assert len(found) == (2 if limit == 4 else 1)
    waiting = pages(store, Query(state=EventState.WAITING), limit=500)
    flat = [id for page in waiting for id in page]
    assert len(flat) == 4_500
    assert {event.id for event in taken} < set(flat)
    store.close()


def test_nothing_waits_once_all_is_handled(store: Store) -> None:
    for start in range(0, 900, 100):
        accept(store, range(start, start + 100))
    settle(store, take(store, limit=900), fence=held(store))
    shelf = store.browse([PORTAL], Query(state=EventState.WAITING), limit=5)
    assert (shelf.rows, shelf.next) == ((), None)
    assert shelf.looked <= 1


def test_a_cursor_that_is_none_is_refused(store: Store) -> None:
    for cursor in ("", "x", "é", "MS0x", "a" * 500, "LTEtMS1hLmI"):
        with pytest.raises(ValueError):  # noqa: PT011 (the cursor is all there is to say)
            store.browse([PORTAL], Query(), limit=5, cursor=cursor)


@given(
    st.builds(
        Position,
        st.integers(0, 2**53 - 1),
        st.integers(0, 2**64 - 1),
        st.from_regex(r"[a-z0-9-]{1,9}\.[a-z0-9-]{1,60}", fullmatch=True),
    )
)
def test_a_cursor_says_the_place_it_was_made_of(position: Position) -> None:
    assert Position.of(position.cursor()) == position
