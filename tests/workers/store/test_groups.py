"""Dead and unknown events by what ended them, and how they leave that state."""

from datetime import timedelta

from tests.workers.store.parts import DAY_S, NOW, PORTAL, accept, held, settle, take
from workers.outcomes import EventState
from workers.store import Query, Store
from workers.store.groups import gist

DEAD, UNKNOWN = EventState.DEAD, EventState.UNKNOWN


def test_reasons_that_differ_in_values_alone_are_of_one_kind() -> None:
    first = "shop.yaml:12: contact: lifecyclestage 'foo' was not one of 12 options"
    second = "shop.yaml:12: contact: lifecyclestage 'bar, baz' was not one of 9 options"
    assert gist(first) == gist(second)
    assert gist(first) == "shop.yaml:12: contact: lifecyclestage … was not one of N options"
    assert gist("contact: ada@example.com is no address") == gist("contact: b@x.org is no address")
    assert gist("call 3f2a9c1d77ab: no") == gist("call 9f2a9c1d77ff: no")
    assert gist("shop.yaml:12: no") != gist("shop.yaml:13: no")


def test_events_are_counted_by_what_ended_them(store: Store) -> None:
    accept(store, range(6))
    events = take(store)
    fence = held(store)
    settle(store, events[:3], fence=fence, state=DEAD, reason="contact: 'a' is wrong")
    settle(store, events[3:4], fence=fence, state=DEAD, reason="contact: 'b' is wrong")
    settle(store, events[4:5], fence=fence, state=DEAD, reason="no such record")
    settle(store, events[5:], fence=fence, state=UNKNOWN, reason="no such record")
    groups = store.groups(PORTAL)
    told = [(group.state, group.reason, group.events) for group in groups]
    assert told[0] == (DEAD, "contact: … is wrong", 4)
    assert sorted(told[1:]) == [(DEAD, "no such record", 1), (UNKNOWN, "no such record", 1)]
    assert groups[0].sample in {event.id for event in events}
    alike = store.browse([PORTAL], Query(state=DEAD, group=groups[0].id), limit=9)
    assert {each.event.id for each in alike.rows} == {event.id for event in events[:4]}


def test_a_replayed_event_leaves_its_group(store: Store) -> None:
    (id,) = accept(store, [1])
    settle(store, take(store), fence=held(store), state=DEAD, reason="no")
    assert store.replay(id, state=DEAD, now=NOW)
    assert store.groups(PORTAL) == []
    assert not store.replay(id, state=DEAD, now=NOW)


def test_a_discarded_event_is_ignored_with_the_reason_and_leaves_its_group(store: Store) -> None:
    accept(store, [1, 2])
    events = take(store)
    settle(store, events, fence=held(store), state=DEAD, reason="no")
    assert store.discard(events[0].id, reason="a test of theirs", now=NOW)
    assert not store.discard(events[0].id, reason="again", now=NOW)
    (found,) = store.found([events[0]])
    assert (found.state, found.standing and found.standing.reason) == (
        EventState.IGNORED,
        "a test of theirs",
    )
    (group,) = store.groups(PORTAL)
    assert group.events == 1
    counts = store.counts(PORTAL)
    assert (counts["dead"], counts["ignored"], counts["waiting"]) == (1, 1, 0)


def test_only_what_ended_badly_can_be_discarded(store: Store) -> None:
    (waiting,) = accept(store, [1])
    assert not store.discard(waiting, reason="no", now=NOW)
    assert not store.discard("acme.shop-1-0", reason="no", now=NOW)


def test_what_is_not_kept_any_more_is_in_no_list(store: Store) -> None:
    accept(store, [1])
    settle(store, take(store), fence=held(store), state=DEAD, reason="no")
    store.trim(PORTAL, now=NOW + timedelta(seconds=DAY_S), keep_s=DAY_S)
    assert store.backlog(PORTAL).dead == 1
    store.trim(PORTAL, now=NOW + timedelta(seconds=3 * DAY_S), keep_s=DAY_S)
    assert store.backlog(PORTAL).dead == 0
    assert store.groups(PORTAL) == []


def test_reasons_are_searched_for(store: Store) -> None:
    accept(store, range(2))
    events = take(store)
    fence = held(store)
    settle(store, events[:1], fence=fence, state=DEAD, reason="Contact is wrong")
    settle(store, events[1:], fence=fence, state=DEAD, reason="no record")
    found = store.browse([PORTAL], Query(state=DEAD, reason="contact"), limit=9)
    assert [each.event.id for each in found.rows] == [events[0].id]


def test_a_value_that_no_option_has_does_not_make_a_group_of_its_own() -> None:
    told = (
        "shop.yaml:17: contact: Property values were not valid: stage: {} was not one of the "
        'allowed options: [label: "Lead"\nvalue: "lead"\n, label: "Other"\nvalue: "other"\n]'
    )
    assert gist(told.format("Eve")) == gist(told.format("a new one"))
    assert gist(told.format("Eve")).endswith("stage: … was not one of the allowed options")
