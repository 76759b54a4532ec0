"""Any order, split, duplicates or faults: the same end, and the one that a plain model says."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.plan.model import BAD, Crm, Memory, event
from workers.changes import (
    Associate,
    Change,
    Dissociate,
    Keyed,
    Link,
    Log,
    Pin,
    Step,
    Upsert,
)
from workers.events import Event
from workers.operations import Operation

EMAILS = ("a@x.example", "b@x.example", "c@x.example")
NAMES = ("firstname", "phone", "lifecyclestage")
Work = tuple[Event, list[Change]]


@st.composite
def works(draw: st.DrawFn) -> list[Work]:
    """Events of some shape each; values tell which event wrote them."""
    found: list[Work] = []
    for number in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, 5))  # equal times are wanted
        names = draw(st.sets(st.sampled_from(NAMES), max_size=3))
        bad = draw(st.integers(0, 9)) == 0
        email = draw(st.sampled_from(EMAILS))
        values = {name: f"{name} {number}" for name in sorted(names)}
        if bad:
            # Of a property of its own: one that a newer value hides would never be sent. And
            # without a note: a note is made before its record's refusal if the record is known.
            values[f"broken_{number}"] = BAD
        changes: list[Change] = [
            Upsert(
                name="contact",
                where="m:1",
                key=Keyed(object_type="contacts", property="email", value=email),
                properties={"email": email, **values},
            )
        ]
        if not bad and draw(st.booleans()):
            changes.append(
                Log(
                    name="note",
                    where="m:2",
                    activity_type="notes",
                    on=(Step(name="contact"),),
                    properties={"hs_note_body": f"note {number}"},
                )
            )
            if draw(st.booleans()):
                changes.append(
                    Pin(
                        name="pin",
                        where="m:3",
                        activity=Step(name="note"),
                        to=Step(name="contact"),
                    )
                )
        if not bad and draw(st.booleans()):
            invoice = draw(st.sampled_from(("1", "2")))
            joins = draw(st.integers(0, 2)) > 0
            changes.append(
                Upsert(
                    name="deal",
                    where="m:4",
                    key=Keyed(object_type="deals", property="invoice_no", value=invoice),
                    properties={"invoice_no": invoice, "dealname": f"deal {number}"},
                )
            )
            deal, contact, link = Step(name="deal"), Step(name="contact"), Link()
            changes.append(
                Associate(name="join", where="m:5", source=deal, to=contact, link=link)
                if joins
                else Dissociate(name="join", where="m:5", source=deal, to=contact, link=link)
            )
        found.append((event(number, at=at), changes))
    return found


def expected(all_works: list[Work]) -> dict[str, object]:
    """The end by the words of the promise: for each property, the newest valid write."""
    people: dict[str, dict[str, tuple[tuple[float, str], str]]] = {}
    deals: dict[str, dict[str, tuple[tuple[float, str], str]]] = {}
    joined: dict[tuple[str, str], tuple[tuple[float, str], bool]] = {}
    notes: list[tuple[str, str]] = []

    def write(
        record: dict[str, tuple[tuple[float, str], str]],
        name: str,
        stamp: tuple[float, str],
        value: str,
    ) -> None:
        if name not in record or record[name][0] < stamp:
            record[name] = (stamp, value)

    for happened, changes in all_works:
        stamp = (happened.time.timestamp(), happened.key)
        contact = changes[0]
        assert isinstance(contact, Upsert)
        valid = BAD not in contact.properties.values()
        email = contact.key.value
        invoice = ""
        for change in changes:
            match change:
                case Upsert(name="contact") if valid:
                    for name, value in change.properties.items():
                        write(people.setdefault(email, {}), name, stamp, value)
                case Upsert(name="deal"):
                    invoice = change.key.value
                    for name, value in change.properties.items():
                        write(deals.setdefault(invoice, {}), name, stamp, value)
                case Log() if valid:
                    notes.append((change.properties["hs_note_body"], email))
                case Pin() if valid:
                    write(people[email], "pinned", stamp, f"note {int(happened.source_id[4:])}")
                case Associate() | Dissociate() if valid:
                    pair = (invoice, email)
                    if pair not in joined or joined[pair][0] < stamp:
                        joined[pair] = (stamp, isinstance(change, Associate))
                case _:
                    pass
    return {
        "people": {e: {n: v for n, (_, v) in p.items()} for e, p in people.items()},
        "deals": {i: {n: v for n, (_, v) in p.items()} for i, p in deals.items()},
        "notes": sorted(notes),
        "joined": {pair for pair, (_, on) in joined.items() if on},
    }


def seen(crm: Crm) -> dict[str, object]:
    people: dict[str, dict[str, str]] = {}
    deals: dict[str, dict[str, str]] = {}
    of: dict[str, str] = {}
    for (kind, record_id), properties in crm.records.items():
        if kind == "contacts":
            shown = dict(properties)
            pinned = shown.pop("hs_pinned_engagement_id", "")
            if pinned:
                shown["pinned"] = crm.records["notes", pinned]["hs_note_body"]
            assert shown["email"] not in people, "one contact twice"
            people[shown["email"]] = shown
            of[record_id] = shown["email"]
        elif kind == "deals":
            shown = {n: v for n, v in properties.items() if n != "hookline_key"}
            assert shown["invoice_no"] not in deals, "one deal twice"
            deals[shown["invoice_no"]] = shown
    notes, joined = [], set()
    for (first_type, first), (second_type, second) in crm.links:
        if second_type == "notes":
            notes.append((crm.records["notes", second]["hs_note_body"], of[first]))
        else:
            assert (first_type, second_type) == ("contacts", "deals")
            joined.add((crm.records["deals", second]["invoice_no"], of[first]))
    assert len(notes) == sum(kind == "notes" for kind, _ in crm.records), "a note on no record"
    return {"people": people, "deals": deals, "notes": sorted(notes), "joined": joined}


@settings(max_examples=300, deadline=None)
@given(works(), st.randoms(use_true_random=False), st.sampled_from((0.0, 0.2, 0.5)))
def test_every_history_of_the_same_events_ends_in_the_same_crm(
    all_works: list[Work], chance: random.Random, trouble: float
) -> None:
    deliveries = [*all_works, *(w for w in all_works if chance.random() < 0.3)]
    chance.shuffle(deliveries)
    crm, memory = Crm(), Memory()

    def fault(_: Operation) -> str:
        return chance.choice(("later", "lost")) if chance.random() < trouble else ""

    todo: dict[str, Work] = {}
    for delivery in deliveries:
        if not memory.finished(delivery[0]):
            todo[delivery[0].key] = delivery
        if chance.random() < 0.5:
            # now and then the process dies between the last answer and the settling
            memory.turn(todo.values(), crm, fault=fault, settles=chance.random() < 0.8)
            todo = {key: work for key, work in todo.items() if not memory.finished(work[0])}
    for _ in range(5):
        todo = {key: work for key, work in todo.items() if not memory.finished(work[0])}
        memory.turn(todo.values(), crm)
    assert all(memory.finished(happened) for happened, _ in all_works)
    assert seen(crm) == expected(all_works)
