"""Forgetting a person leaves nothing of him in the store, and everybody else as they were."""

from hypothesis import given
from hypothesis import strategies as st

from tests.privacy.conftest import ACME, BOB, MARKS, NAME, PHONE, ZOE, House
from tests.privacy.keeping import everything, where
from workers.changes import Keyed
from workers.forgetting import Recollection
from workers.marks import ERASED, Marks
from workers.outcomes import EventState
from workers.store import Query
from workers.store.keys import about_key, id_key


def recollect(house: House) -> Recollection:
    return house.found.runtime.recollect(ACME, ZOE)


def forget(house: House) -> Recollection:
    return house.found.runtime.forget(ACME, ZOE)


def kinds(keys: list[str]) -> set[str]:
    """What kinds of keys these are."""
    return {key.split(":")[2] for key in keys}


def test_events_in_every_state_are_found_and_erased(house: House, redis_url: str) -> None:
    done = house.about_zoe(customer="C-77")
    dead = house.about_zoe(stage="Zoe Marked-Person of no stage")
    others = [house.about_bob(), house.about_bob("joined")]
    house.found.work_off()
    house.account.control("faults", kind="status", path="contacts", status=503, times=0)
    retrying = house.about_zoe()
    house.found.drain()
    waiting = house.about_zoe()
    house.account.done("DELETE", "/_sandbox/faults", status=204)
    zoe = house.contact(ZOE)
    assert kinds(where(redis_url, *MARKS)) >= {"events", "kept", "call", "verdict"}
    found = recollect(house)
    assert {each.event.id for each in found.events} == {done, dead, retrying, waiting}
    assert found.contacts == (zoe,)
    before = house.found.store.counts(ACME)
    assert forget(house).events == found.events
    assert where(redis_url, *MARKS) == []
    kept = everything(redis_url)
    assert about_key(ACME, ZOE) not in kept
    assert about_key(ACME, zoe) not in kept
    assert id_key(ACME, Keyed("contacts", "email", ZOE)) not in kept
    assert id_key(ACME, Keyed("contacts", "customer_id", "C-77")) not in kept
    assert f"hl:{{{ACME}}}:clock:contacts:{zoe}" not in kept
    for id in (done, dead, retrying, waiting):
        member = id.partition(".")[2].encode()
        entry = member.split(b"-", 1)[1]
        for key, values in kept.items():
            if ":seen:" not in key and ":lanes" not in key:
                text = b"\n".join(values)
                assert member not in text, key
                assert ":events:" not in key or entry not in text, key
    after = house.found.store.counts(ACME)
    assert after["waiting"] == before["waiting"] - 2 == 0
    assert (before["dead"], after["dead"], after["erased"]) == (1, 0, 3)
    assert after["done"] == before["done"]
    assert house.found.store.groups(ACME) == []
    assert [each.event.id for each in house.found.store.browse([ACME], Query(), limit=9).rows] == [
        *reversed(others)
    ]


def test_others_are_as_they_were(house: House) -> None:
    bob = house.about_bob("joined")
    house.about_zoe("joined")
    house.found.work_off()
    id = house.contact(BOB)
    store = house.found.store
    event = store.event(bob)
    assert event is not None
    standing = store.standings([event])[bob]
    clocks = store.clocks(ACME, [("contacts", id)])
    calls = {call for outcome in standing.outcomes for call in outcome.calls}
    assert calls
    forget(house)
    assert store.event(bob) == event
    assert store.standings([event])[bob] == standing
    assert store.clocks(ACME, [("contacts", id)]) == clocks
    told = str([store.call(ACME, call) for call in calls])
    assert BOB in told
    assert ERASED in told  # where the same call said something of Zoe
    company = next(o.record for o in standing.outcomes if o.record.startswith("companies/"))
    left = store.clocks(ACME, [("companies", company.partition("/")[2])])
    names = {name for names in left.values() for name in names}
    assert "name" in names
    assert not any(f"contacts/{house.contact(ZOE)}" in name for name in names)


def test_events_that_never_said_the_address_are_found_by_the_record(house: House) -> None:
    house.about_zoe(customer="C-77")
    house.found.work_off()
    zoe = house.contact(ZOE)
    handled = house.event("moved", customer="C-77", city="Oslo", phone=PHONE)
    house.found.work_off()
    by_key = house.event("moved", customer="C-77", city="Bergen", phone=PHONE)
    by_id = house.event("told", contact=zoe, city="Bergen")
    other = house.event("moved", customer="C-78", city="Bergen")
    ids = {each.event.id for each in recollect(house).events}
    assert {handled, by_key, by_id} <= ids
    assert other not in ids


def test_a_contact_whose_address_was_only_set_is_known_by_the_events(
    house: House, redis_url: str
) -> None:
    """The identity is kept under another key; the address stands in a property."""
    house.event("moved", customer="C-77", city="Oslo", phone=PHONE)
    house.found.work_off()
    house.about_zoe(customer="C-77", id="x")
    house.found.work_off()
    forget(house)
    assert where(redis_url, *MARKS) == []


def test_it_is_safe_to_say_it_twice(house: House, redis_url: str) -> None:
    house.about_zoe()
    house.found.work_off()
    forget(house)
    before = everything(redis_url)
    again = forget(house)
    assert again.nothing
    after = everything(redis_url)
    for key in ("fence", "measures"):  # the lease was taken once more
        before.pop(f"hl:{{{ACME}}}:{key}", None)
        after.pop(f"hl:{{{ACME}}}:{key}", None)
    assert after == before


def test_what_comes_later_is_a_new_event_and_what_comes_again_is_a_duplicate(
    house: House,
) -> None:
    house.about_zoe()
    house.found.work_off()
    forget(house)
    house.number -= 1
    house.about_zoe()  # delivered once more
    assert recollect(house).events == ()
    later = house.about_zoe()
    house.found.work_off()
    [known] = recollect(house).events
    assert known.event.id == later
    assert known.standing is not None
    assert known.standing.state is EventState.DONE


def test_a_writer_at_work_is_waited_for_and_goes_on_afterwards(house: House) -> None:
    house.about_zoe()
    house.about_bob()
    store = house.found.store
    assert store.lease(ACME, owner="a writer that dies", lease_s=1)
    forget(house)
    assert store.paused(ACME, now=house.found.now) is None
    assert not store.leased(ACME)
    house.found.work_off()
    assert house.in_crm(BOB)
    assert not house.in_crm(ZOE)


def test_what_waits_beside_a_forgotten_event_is_still_told(house: House) -> None:
    house.about_bob()
    house.found.work_off()
    house.about_zoe()
    house.about_bob()
    forget(house)
    [lane] = house.found.store.lane_backlog(ACME, now=house.found.now)
    assert lane.waiting == 1
    assert lane.oldest_age_s is not None
    assert house.found.store.backlog(ACME).waiting == 1


def test_a_pause_that_was_there_stays(house: House) -> None:
    house.about_zoe()
    house.found.store.stop(ACME, by="ada", reason="holidays", now=house.found.now)
    forget(house)
    assert house.found.store.stopped(ACME) is not None


# By what somebody is known


def test_an_address_is_known_in_any_letters_and_not_as_a_part_of_another() -> None:
    marks = Marks("zoe@acme.com")
    for text in (
        "zoe@acme.com",
        "Zoe <ZOE@Acme.Com>",
        "mailto:zoe@acme.com?subject=x",
        "ask zoe@acme.com.",
        "?email=zoe%40acme.com&x",
        '["zoe@acme.com"]',
        "to=hi%20zoe%40acme.com&x",
        "to=hi+zoe%40acme.com&x",
        "to=%3CZOE%40acme%2Ecom%3E",
        "mailto:%3Czoe@acme.com%3E",
        "payload=%7B%22text%22%3A%22hi%5Cnzoe%40acme.com%22%7D",
        r'{"text": "hi\nzoe@acme.com"}',
        r'{"text": "{\"a\": \"\\u003czoe\\u0040acme.com\\u003e\"}"}',
        "zoe&#64;acme.com",
    ):
        assert marks.in_text(text), text
    for text in (
        "anzoe@acme.com",
        "zoe@acme.company",
        "zoe@acme.com.au",
        "a.zoe@acme.com",
        "x+zoe@acme.com",
        "zoe@acmezcom",
        "to=x%2Bzoe%40acme.com",
        "to=anzoe%40acme.com",
        "to=%61zoe%40acme.com",
        "to=a%2Ezoe%40acme.com",
        "to=zoe%2Bx%40acme.com",
        "to=zoe%40acme.com%2Eau",
        "to=zoe%40acme.company",
        r'{"text": "\u0061zoe@acme.com"}',
    ):
        assert not marks.in_text(text), text


def test_an_address_is_known_however_json_writes_it() -> None:
    marks = Marks("zoe@acme.com")
    assert marks.in_bytes(rb'{"a": ["zoe\u0040acme.com"]}')
    assert marks.in_bytes(rb'{"zo\u0065@acme.com": 1}')
    assert not marks.in_bytes(rb'{"a": "\u0040acme.com"}')
    assert not marks.in_bytes(b"\\ not json \xff")


names = st.text("abcxyz0123456789", min_size=1, max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | names | st.just("To zoe@acme.com"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_was_erased_says_the_address_nowhere_and_the_rest_is_as_it_was(value: object) -> None:
    marks = Marks("zoe@acme.com")
    erased = marks.erased(value)
    assert not marks.within(erased)
    if not marks.within(value):
        assert erased == value
    assert marks.erased(erased) == erased


def test_inputs_that_name_the_record_go_and_their_neighbours_stay() -> None:
    marks = Marks("zoe@acme.com").also(["9001", "trace-1"])
    call = {
        "inputs": [
            {"id": "9001", "properties": {"firstname": NAME}},
            {"id": 9001},
            {"id": "9002", "properties": {"number": "9001"}},
            {"objectWriteTraceId": "trace-1", "properties": {"hs_note_body": NAME}},
            {"properties": {"a": "b"}, "associations": [{"to": {"id": "9001"}, "types": []}]},
        ]
    }
    assert marks.erased(call) == {
        "inputs": [
            ERASED,
            ERASED,
            {"id": "9002", "properties": {"number": "9001"}},
            ERASED,
            ERASED,
        ]
    }
