from collections.abc import Sequence

from tests.workers.plan.model import BAD, Crm, Memory, event
from workers.changes import (
    Archive,
    Associate,
    Change,
    Create,
    Find,
    Keyed,
    Link,
    Log,
    Pin,
    Step,
    Update,
    Upsert,
)
from workers.operations import Kind, Operation
from workers.outcomes import State


def contact(email: str, **properties: str) -> Upsert:
    return Upsert(
        name="contact",
        where="m.yaml:1",
        key=Keyed(object_type="contacts", property="email", value=email),
        properties={"email": email, **properties},
    )


def note(body: str = "hello", *on: str) -> Log:
    return Log(
        name="note",
        where="m.yaml:2",
        activity_type="notes",
        on=tuple(Step(name=name) for name in on or ("contact",)),
        properties={"hs_note_body": body},
    )


def pin() -> Pin:
    return Pin(name="pin", where="m.yaml:3", activity=Step(name="note"), to=Step(name="contact"))


def kinds(crm: Crm) -> list[set[Kind]]:
    return [{op.kind for op in wave} for wave in crm.waves]


def trio(number: int) -> Sequence[Change]:
    return [contact(f"c{number}@x.example", firstname=str(number)), note(str(number)), pin()]


def test_unknown_records_take_three_waves_and_known_ones_two() -> None:
    crm, memory = Crm(), Memory()
    memory.turn([(event(n), trio(n)) for n in range(100)], crm)
    assert kinds(crm) == [{Kind.UPSERT}, {Kind.CREATE}, {Kind.UPDATE}]
    crm.waves.clear()
    memory.turn([(event(200 + n, at=9), trio(n)) for n in range(100)], crm)
    assert kinds(crm) == [{Kind.CREATE}, {Kind.UPDATE}]
    assert all(len(wave) == 100 for wave in crm.waves)


def test_events_on_one_record_become_one_input_with_the_newest_values() -> None:
    crm, memory = Crm(), Memory()
    outcomes = memory.turn(
        [
            (event(1, at=5), [contact("a@x.example", firstname="new")]),
            (event(2, at=3), [contact("A@x.example ", firstname="old", phone="1")]),
            (event(3, at=1), [contact("a@x.example", firstname="older")]),
        ],
        crm,
    )
    assert len(crm.waves) == 1
    assert len(crm.waves[0]) == 1
    (properties,) = crm.records.values()
    assert properties == {"email": "a@x.example", "firstname": "new", "phone": "1"}
    states = [outcomes[event(n).id][0].state for n in (1, 2, 3)]
    assert states == [State.APPLIED, State.APPLIED, State.UNCHANGED]


def test_an_older_event_that_comes_later_changes_nothing() -> None:
    crm, memory = Crm(), Memory()
    memory.turn([(event(1, at=9), [contact("a@x.example", firstname="new")])], crm)
    outcomes = memory.turn([(event(2, at=1), [contact("a@x.example", firstname="old")])], crm)
    assert outcomes[event(2).id][0].state is State.UNCHANGED
    assert outcomes[event(2).id][0].reason.startswith("stale")
    assert [p["firstname"] for p in crm.records.values()] == ["new"]


def test_one_bad_event_harms_itself_only() -> None:
    crm, memory = Crm(), Memory()
    outcomes = memory.turn(
        [
            (event(1, at=1), [contact("a@x.example", firstname="good"), note()]),
            (event(2, at=2), [contact("a@x.example", firstname=BAD), note()]),
            (event(3, at=3), [contact("b@x.example", firstname="good"), note()]),
        ],
        crm,
    )
    states = {n: [o.state for o in outcomes[event(n).id]] for n in (1, 2, 3)}
    assert states[1] == states[3] == [State.APPLIED, State.APPLIED]
    assert states[2] == [State.REJECTED, State.REJECTED]
    assert "needs contact" in outcomes[event(2).id][1].reason
    assert sum(t == "notes" for t, _ in crm.records) == 2


def test_what_waits_for_a_postponed_record_waits_with_it_and_is_made_once() -> None:
    crm, memory = Crm(), Memory()

    def down(op: Operation) -> str:
        return "later" if op.kind is Kind.UPSERT else ""

    outcomes = memory.turn([(event(1), trio(1))], crm, fault=down)
    assert {o.state for o in outcomes[event(1).id]} == {State.POSTPONED}
    memory.turn([(event(1), trio(1))], crm)
    memory.turn([(event(1), trio(1))], crm)
    assert sorted(t for t, _ in crm.records) == ["contacts", "notes"]


def test_a_crash_after_the_answer_makes_no_second_note() -> None:
    crm, memory = Crm(), Memory()
    memory.turn([(event(1), trio(1))], crm, settles=False)
    memory.turn([(event(1), trio(1))], crm)
    assert sorted(t for t, _ in crm.records) == ["contacts", "notes"]


def test_a_created_deal_is_made_once_and_associated() -> None:
    crm, memory = Crm(), Memory()
    changes: list[Change] = [
        contact("a@x.example"),
        Create(name="deal", where="m:4", object_type="deals", properties={"dealname": "D"}),
        Associate(
            name="join",
            where="m:5",
            source=Step(name="deal"),
            to=Step(name="contact"),
            link=Link(),
        ),
    ]
    memory.turn([(event(1), changes)], crm, settles=False)
    outcomes = memory.turn([(event(1), changes)], crm)
    assert {o.state for o in outcomes[event(1).id]} == {State.APPLIED}
    assert sorted(t for t, _ in crm.records) == ["contacts", "deals"]
    assert len(crm.links) == 1


def test_a_company_by_domain_is_searched_first_and_made_once() -> None:
    crm, memory = Crm(), Memory()
    company = Upsert(
        name="company",
        where="m:1",
        key=Keyed(object_type="companies", property="domain", value="Acme.example"),
        properties={"domain": "acme.example", "name": "Acme"},
    )
    memory.turn([(event(1), [company]), (event(2), [company])], crm, settles=False)
    assert kinds(crm) == [{Kind.SEARCH}, {Kind.UPSERT}]
    memory.turn([(event(1), [company]), (event(2), [company])], crm)
    assert len(crm.records) == 1


def test_a_record_that_was_deleted_in_the_crm_is_made_anew() -> None:
    crm, memory = Crm(), Memory()
    memory.turn([(event(1), trio(1))], crm)
    crm.records = {key: value for key, value in crm.records.items() if key[0] != "contacts"}
    outcomes = memory.turn([(event(2, at=5), [contact("c1@x.example", firstname="again")])], crm)
    assert outcomes[event(2).id][0].state is State.APPLIED
    assert [p["firstname"] for (t, _), p in crm.records.items() if t == "contacts"] == ["again"]


def test_a_changed_email_still_means_the_same_contact() -> None:
    crm, memory = Crm(), Memory()
    memory.turn([(event(1, at=1), [contact("old@x.example", firstname="A")])], crm)
    change = Update(
        name="change",
        where="m:1",
        target=Keyed(object_type="contacts", property="email", value="old@x.example"),
        properties={"email": "new@x.example"},
    )
    memory.turn([(event(2, at=2), [change])], crm)
    memory.turn([(event(3, at=3), [contact("new@x.example", phone="1")])], crm)
    memory.turn([(event(4, at=0), [contact("old@x.example", firstname="stale")])], crm)
    (properties,) = crm.records.values()
    assert properties == {"email": "new@x.example", "firstname": "A", "phone": "1"}


def test_an_update_of_what_is_not_there_yet_waits() -> None:
    crm, memory = Crm(), Memory()
    update = Update(
        name="update",
        where="m:1",
        target=Keyed(object_type="deals", property="invoice_no", value="7"),
        properties={"amount": "3"},
    )
    outcomes = memory.turn([(event(1), [update])], crm)
    assert outcomes[event(1).id][0].state is State.POSTPONED


def test_a_find_without_a_match_leaves_out_what_refers_to_it() -> None:
    crm, memory = Crm(), Memory()
    find = Find(
        name="contact",
        where="m:1",
        key=Keyed(object_type="contacts", property="email", value="no@x.example"),
    )
    outcomes = memory.turn([(event(1), [find, note(), pin()])], crm)
    assert {o.state for o in outcomes[event(1).id]} == {State.UNCHANGED}
    assert not crm.records


def test_a_find_of_a_record_that_is_there_ends_with_what_refers_to_it() -> None:
    crm, memory = Crm(), Memory()
    memory.turn([(event(1), [contact("a@x.example")])], crm)
    key = Keyed(object_type="contacts", property="email", value="a@x.example")
    find = Find(name="contact", where="m:1", key=key)
    for forgotten in (False, True):
        if forgotten:
            memory.ids.clear()
        number = 3 if forgotten else 2
        outcomes = memory.turn([(event(number), [find, note(), pin()])], crm)[event(number).id]
        assert [o.state for o in outcomes] == [State.UNCHANGED, State.APPLIED, State.APPLIED]
        assert outcomes[0].record


def test_a_note_goes_on_the_records_that_were_found() -> None:
    crm, memory = Crm(), Memory()
    find = Find(
        name="deal",
        where="m:1",
        key=Keyed(object_type="deals", property="invoice_no", value="none"),
    )
    hung = note("hello", "contact", "deal")
    changes: list[Change] = [contact("a@x.example"), find, hung, pin()]
    outcomes = memory.turn([(event(1), changes)], crm)
    states = {o.step: o.state for o in outcomes[event(1).id]}
    assert states["deal"] is State.UNCHANGED
    assert states["note"] is states["pin"] is State.APPLIED
    assert len(crm.links) == 1


def test_an_upsert_older_than_the_archiving_does_not_bring_the_record_back() -> None:
    crm, memory = Crm(), Memory()
    key = Keyed(object_type="contacts", property="email", value="a@x.example")
    memory.turn([(event(1, at=1), [contact("a@x.example")])], crm)
    memory.turn([(event(3, at=3), [Archive(name="gone", where="m:1", target=key)])], crm)
    memory.turn([(event(2, at=2), [contact("a@x.example"), note()])], crm)
    assert not crm.records
    memory.turn([(event(4, at=4), [contact("a@x.example")])], crm)
    assert len(crm.records) == 1


def test_the_newest_pin_stays_whatever_comes_first() -> None:
    for order in ((1, 2), (2, 1)):
        crm, memory = Crm(), Memory()
        for n in order:
            changes: list[Change] = [contact("a@x.example"), note(f"note {n}"), pin()]
            memory.turn([(event(n, at=n), changes)], crm)
        (person,) = (p for (t, _), p in crm.records.items() if t == "contacts")
        pinned = crm.records["notes", person["hs_pinned_engagement_id"]]
        assert pinned["hs_note_body"] == "note 2"


def test_two_keys_of_one_contact_end_in_one_record() -> None:
    crm, memory = Crm(), Memory()
    by_number = Upsert(
        name="contact",
        where="m:1",
        key=Keyed(object_type="contacts", property="customer_no", value="7"),
        properties={"customer_no": "7", "email": "a@x.example", "firstname": "B"},
    )
    memory.turn(
        [(event(1, at=1), [contact("a@x.example", firstname="A")]), (event(2, at=2), [by_number])],
        crm,
    )
    (properties,) = crm.records.values()
    assert properties == {"email": "a@x.example", "firstname": "B", "customer_no": "7"}
