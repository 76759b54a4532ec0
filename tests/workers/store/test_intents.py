"""A create that the CRM would make twice is noted before it is sent, whoever holds the portal."""

from datetime import timedelta

import pytest

from tests.workers.store.parts import NOW, PORTAL, held
from workers.errors import LeaseLost
from workers.store import Intent, Store

OPEN = Intent(since=NOW)


@pytest.fixture
def holders(store: Store) -> tuple[int, int]:
    """The numbers of a holder that lost the portal, after noting "a", and of the new one."""
    old = held(store, owner="old")
    store.intend(PORTAL, ["a"], fence=old, now=NOW)
    store.redis.delete(f"hl:{{{PORTAL}}}:lease")
    return old, held(store, owner="new")


def test_an_old_holder_begins_nothing(store: Store, holders: tuple[int, int]) -> None:
    with pytest.raises(LeaseLost):
        store.intend(PORTAL, ["a", "b"], fence=holders[0], now=NOW + timedelta(hours=1))
    assert store.intents(PORTAL, ["a", "b"]) == {"a": OPEN}


def test_an_old_holder_may_tell_what_its_own_creates_made(
    store: Store, holders: tuple[int, int]
) -> None:
    store.resolve_intents(PORTAL, {"a": "9001"}, fence=holders[0])
    assert store.intents(PORTAL, ["a"]) == {"a": Intent(made="9001")}


def test_an_old_holder_does_not_touch_what_the_new_one_began(
    store: Store, holders: tuple[int, int]
) -> None:
    old, new = holders
    store.intend(PORTAL, ["a"], fence=new, now=NOW)
    for made in ("9001", None):
        store.resolve_intents(PORTAL, {"a": made}, fence=old)
        assert store.intents(PORTAL, ["a"]) == {"a": OPEN}


def test_a_create_that_did_not_happen_leaves_no_intent(store: Store) -> None:
    fence = held(store)
    store.intend(PORTAL, ["a", "b"], fence=fence, now=NOW)
    store.resolve_intents(PORTAL, {"a": None}, fence=fence)
    assert store.intents(PORTAL, ["a", "b"]) == {"b": OPEN}


def test_an_answer_may_come_until_the_time_is_over() -> None:
    assert OPEN.may_still_come(now=NOW + timedelta(seconds=44), answer_s=45)
    assert not OPEN.may_still_come(now=NOW + timedelta(seconds=45), answer_s=45)
    assert OPEN.may_still_come(now=NOW - timedelta(hours=1), answer_s=45)  # the clock was set back
    assert not Intent(made="9001").may_still_come(now=NOW, answer_s=45)
