"""One writer for a portal, and a writer that lost it changes nothing."""

from datetime import timedelta

import pytest

from tests.workers.store.parts import NOW, PORTAL, accept, held, settle, take
from workers.changes import Keyed
from workers.errors import LeaseLost
from workers.outcomes import EventState, Verdict
from workers.stamps import Clock, Stamp
from workers.store import Learned, Settlement, Store

ANNE = Keyed(object_type="contacts", property="email", value="anne@x.example")


def lapse(store: Store) -> None:
    """End the lease as its time-out would."""
    store.redis.delete(f"hl:{{{PORTAL}}}:lease")


def test_only_one_of_two_holds_a_portal(store: Store) -> None:
    assert held(store, owner="one") == 1
    assert held(store, owner="two") == 0
    assert store.lease("other", owner="two", lease_s=60) == 1


def test_the_holder_may_ask_again_and_keeps_its_number(store: Store) -> None:
    assert held(store) == held(store) == 1


def test_every_new_holder_has_a_higher_number(store: Store) -> None:
    for number in range(1, 4):
        assert held(store, owner=f"writer {number}") == number
        lapse(store)


def test_only_the_holder_can_renew(store: Store) -> None:
    held(store, owner="one")
    assert store.renew(PORTAL, owner="one", lease_s=60)
    assert not store.renew(PORTAL, owner="two", lease_s=60)
    lapse(store)
    assert not store.renew(PORTAL, owner="one", lease_s=60)


def test_an_old_holder_settles_nothing(store: Store) -> None:
    accept(store, range(3))
    old = held(store, owner="old")
    events = take(store)
    lapse(store)
    new = held(store, owner="new")
    clock = Clock(Stamp(1, "k", 0), events[0].id, "m:1")
    with pytest.raises(LeaseLost, match="no longer the newest"):
        store.settle(
            PORTAL,
            [
                Settlement(
                    event=event,
                    verdict=Verdict(state=EventState.DONE),
                    attempts=1,
                    clocks=[(("contacts", "1"), "phone", clock)],
                )
                for event in events
            ],
            Learned(ids={ANNE: "1"}),
            fence=old,
            now=NOW,
        )
    assert store.standings(events) == {}
    assert store.ids(PORTAL, [ANNE]) == ({}, {})
    assert store.clocks(PORTAL, [("contacts", "1")]) == {("contacts", "1"): {}}
    assert store.backlog(PORTAL).waiting == 3
    assert take(store) == events  # they are the new one's
    settle(store, events, fence=new)
    assert store.counts(PORTAL) == {"waiting": 0, "accepted": 3, "done": 3}


def test_an_old_holder_cannot_release_the_new_one(store: Store) -> None:
    held(store, owner="old")
    lapse(store)
    held(store, owner="new")
    store.release(PORTAL, owner="old", even_if_rung=True)
    assert store.leased(PORTAL)


def test_a_holder_that_was_rung_for_does_not_let_go(store: Store) -> None:
    held(store)
    accept(store, [1])  # rings
    assert not store.release(PORTAL, owner="writer")
    assert store.leased(PORTAL)
    assert store.release(PORTAL, owner="writer")
    assert not store.leased(PORTAL)


def test_a_ring_after_the_release_asks_for_a_drain(store: Store) -> None:
    held(store)
    assert store.release(PORTAL, owner="writer")
    assert store.accept(PORTAL, [], received=NOW).ring is False
    assert store.set_bell(PORTAL)
    assert not store.set_bell(PORTAL)


def test_a_pause_ends_by_itself_and_a_longer_one_stays(store: Store) -> None:
    store.pause(PORTAL, until=NOW + timedelta(hours=2), reason="daily limit")
    store.pause(PORTAL, until=NOW + timedelta(hours=1), reason="429")
    paused = store.paused(PORTAL, now=NOW + timedelta(hours=1))
    assert paused is not None
    left_s, reason = paused
    assert reason == "daily limit"
    assert left_s == pytest.approx(3600, abs=0.01)
    assert store.paused(PORTAL, now=NOW + timedelta(hours=2)) is None
    assert store.paused("other", now=NOW) is None
    store.resume(PORTAL)
    assert store.paused(PORTAL, now=NOW) is None


def test_a_store_whose_clock_is_set_back_frees_a_dead_holders_portal(store: Store) -> None:
    held(store, owner="dead")
    assert store.leased(PORTAL)
    store.redis.pexpire(f"hl:{{{PORTAL}}}:lease", 6 * 3_600_000)  # what it comes to
    assert not store.leased(PORTAL)  # so that a tick asks for it
    assert store.lease(PORTAL, owner="next", lease_s=60) == 0  # its holder may live
    assert 0 < store.redis.pttl(f"hl:{{{PORTAL}}}:lease") <= 60_000
    assert store.leased(PORTAL)


def test_a_store_whose_clock_is_set_forward_ends_a_lease_and_the_number_protects(
    store: Store,
) -> None:
    old = held(store, owner="old")
    accept(store, [1])
    events = take(store)
    lapse(store)  # what it comes to
    assert not store.renew(PORTAL, owner="old", lease_s=60)
    held(store, owner="new")
    with pytest.raises(LeaseLost):
        settle(store, events, fence=old)


def test_one_process_ticks_for_all_until_the_next_may(store: Store) -> None:
    with store.ticking() as first, store.ticking() as second:
        assert (first, second) == (True, False)
    with store.ticking() as third:
        assert not third
    assert 0 < store.redis.pttl("hl:tick") <= 900
    store.redis.delete("hl:tick")  # as its time-out would
    with store.ticking() as fourth:
        assert fourth


def test_who_dies_at_a_tick_keeps_the_others_from_it_for_ten_seconds_at_most(store: Store) -> None:
    assert store.ticking().__enter__()
    assert 0 < store.redis.pttl("hl:tick") <= 10_000


def test_a_tick_that_lasts_too_long_since_the_clock_was_set_back_is_taken(store: Store) -> None:
    store.redis.set("hl:tick", "1", px=3_600_000)
    with store.ticking() as ours:
        assert ours
    assert store.redis.pttl("hl:tick") <= 900


def test_a_portal_is_unsettled_until_its_last_event_is_final(store: Store) -> None:
    portals = ["nobody", PORTAL]
    assert store.unsettled(portals) == []
    accept(store, [1])
    assert store.unsettled(portals) == [PORTAL]
    fence = held(store)
    settle(store, take(store), fence=fence, state=EventState.RETRYING, due=NOW)
    assert store.unsettled(portals) == [PORTAL]
    settle(store, take(store), fence=fence)
    assert store.unsettled(portals) == []
