"""The mapping language, word by word: from an event to what is in the CRM afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from app.sandbox.switches import STRICT
from tests.workers.office import ENDPOINT, Office, later, office
from workers import sources
from workers.events import Event
from workers.outcomes import EventState

CONTACTS, DEALS = (f"/crm/v3/objects/{name}" for name in ("contacts", "deals"))
HEAD = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
"""
CONTACT = '- {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}\n'


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def speak(at: Office, folder: Path, steps: str, *, rest: str = "") -> None:
    """Let events of the type `it` mean these steps."""
    path = folder / "spoken.yaml"
    on = f"on:\n  it:\n{indent(dedent(steps), '    ')}"
    path.write_text(HEAD + dedent(rest) + on, "utf-8")
    at.writer = replace(at.writer, sources={ENDPOINT: sources.load(path)})


def tell(at: Office, *bodies: Mapping[str, object]) -> list[Event]:
    """Let these events happen, one after the other, and be handled."""
    first = at.store.counts("acme").get("accepted", 0)
    found = []
    for number, body in enumerate(bodies, start=first):
        later(at, 1)
        found += at.accept({"id": f"e{number}", "type": "it", **body})
    at.work_off()
    return found


def said(at: Office, event: Event) -> str:
    """Why an event stands as it does."""
    return at.standing(event).reason


def one(at: Office, object_type: str) -> dict[str, Any]:
    """The properties of the one record of a type."""
    (found,) = at.records(object_type).values()
    properties: dict[str, Any] = found["properties"]
    return properties


def made(at: Office, path: str, **properties: str) -> str:
    """A record that somebody else made."""
    return str(at.crm("POST", path, {"properties": properties})["id"])


def links(at: Office, object_type: str, id: str, to: str) -> dict[str, set[int]]:
    """The type ids of a record's associations, by the id of the other one."""
    return {
        each["id"]: {type_id for _, type_id in each["types"]}
        for each in at.records(object_type)[id]["associations"]
        if each["to"] == to
    }


# Verbs


def test_a_hundred_finds_are_one_call_and_write_nothing(at: Office, tmp_path: Path) -> None:
    steps = """\
        - {find: contact, object: contacts, key: {email: "{{ body.email }}"}}
        - {log: note, on: [contact], set: {hs_note_body: "{{ body.email }}"}}
        """
    speak(at, tmp_path, steps)
    for n in range(0, 100, 2):
        made(at, CONTACTS, email=f"c{n}@x.example")
    people = at.records("contacts").keys()
    at.calls()
    events = at.accept(
        *({"id": f"f{n}", "type": "it", "email": f"c{n}@x.example"} for n in range(100))
    )
    at.work_off()
    calls = [call for call in at.calls() if "/properties/" not in call]
    assert sorted(calls) == [
        f"POST {CONTACTS}/batch/read",
        "POST /crm/v3/objects/notes/batch/create",
    ]
    assert len(at.bodies()) == 50
    assert at.records("contacts").keys() == people
    assert {at.state(event) for event in events} == {EventState.DONE}


def test_a_label_is_an_association_of_its_own_and_goes_alone(at: Office, tmp_path: Path) -> None:
    label = {"name": "decides", "label": "Decision maker"}
    at.crm("POST", "/crm/v4/associations/deals/contacts/labels", label)
    steps = """\
        - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}
        - associate: [{object: deals, id: "{{ body.deal }}"}, contact]
          label: Decision maker
          when: "{{ body.decides }}"
        - dissociate: [{object: deals, id: "{{ body.deal }}"}, contact]
          label: Decision maker
          when: "{{ not body.decides }}"
        """
    speak(at, tmp_path, steps)
    deal = made(at, DEALS, dealname="one", pipeline="default", dealstage="closedwon")
    (event,) = tell(at, {"deal": deal, "email": "zoe@x.example", "decides": True})
    assert at.state(event) is EventState.DONE
    (contact,) = at.records("contacts")
    labelled = links(at, "deals", deal, "contacts")[contact]
    assert len(labelled) == 2  # the label, and the association without one
    tell(at, {"deal": deal, "email": "zoe@x.example", "decides": False})
    assert len(links(at, "deals", deal, "contacts")[contact]) == 1
    assert links(at, "deals", deal, "contacts")[contact] < labelled


def test_dissociate_without_a_label_takes_the_pair_apart(at: Office, tmp_path: Path) -> None:
    steps = """\
        - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}
        - {upsert: company, object: companies, key: {domain: "{{ body.email | domain }}"}}
        - associate: [contact, company]
          when: "{{ not body.left }}"
        - dissociate: [contact, company]
          when: "{{ body.left }}"
        """
    speak(at, tmp_path, steps)
    tell(at, {"email": "zoe@acme.example"}, {"email": "kim@acme.example"})
    company = next(iter(at.records("companies")))
    assert len(links(at, "companies", company, "contacts")) == 2
    tell(at, {"email": "zoe@acme.example", "left": True})
    assert len(links(at, "companies", company, "contacts")) == 1


def test_unpin_leaves_nothing_pinned_and_the_note_where_it_was(at: Office, tmp_path: Path) -> None:
    steps = """\
        - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}
        - {log: note, on: [contact], set: {hs_note_body: "look"}, when: "{{ not body.over }}"}
        - {pin: note, to: contact}
        - {unpin: contact, when: "{{ body.over }}"}
        """
    speak(at, tmp_path, steps)
    tell(at, {"email": "zoe@x.example"})
    assert at.contact("zoe@x.example")["hs_pinned_engagement_id"] in at.records("notes")
    tell(at, {"email": "zoe@x.example", "over": True})
    assert not at.contact("zoe@x.example").get("hs_pinned_engagement_id")
    assert at.bodies() == ["look"]


def test_a_step_repeats_for_each_element_and_what_refers_to_it_as_well(
    at: Office, tmp_path: Path
) -> None:
    steps = """\
        - upsert: person
          each: "{{ body.people | where('email') }}"
          object: contacts
          key: {email: "{{ item.email }}"}
          set: {jobtitle: "{{ item.role.name }} {{ index }}"}
        - upsert: company
          object: companies
          key: {domain: "{{ body.site }}"}
        - associate: [person, company]
        - log: note
          on: [person, company]
          set:
            hs_note_body: "{% for each in body.people %}{{ each.email or 'nobody' }};{% endfor %}"
        """
    speak(at, tmp_path, steps)
    people = [
        {"email": "a@acme.example", "role": {"name": "Chief"}},
        {"email": None, "role": {"name": "Nobody"}},
        {"email": "b@acme.example"},
    ]
    (event,) = tell(at, {"site": "https://acme.example/x", "people": people})
    assert at.state(event) is EventState.DONE
    titles = {e["properties"]["email"]: e["properties"] for e in at.records("contacts").values()}
    assert titles["a@acme.example"]["jobtitle"] == "Chief 0"
    assert titles["b@acme.example"]["jobtitle"] == "1"
    (company,) = at.records("companies")
    assert links(at, "companies", company, "contacts").keys() == at.records("contacts").keys()
    assert at.bodies() == ["a@acme.example;nobody;b@acme.example;"]


@pytest.mark.parametrize("people", [None, [], "missing"])
def test_a_list_that_is_missing_null_or_empty_is_no_fault(
    people: object, at: Office, tmp_path: Path
) -> None:
    steps = """\
        - {upsert: person, each: "{{ body.people }}", object: contacts, key: {email: "{{ item }}"}}
        - {upsert: company, object: companies, key: {domain: acme.example}}
        - associate: [person, company]
        """
    speak(at, tmp_path, steps)
    (event,) = tell(at, {} if people == "missing" else {"people": people})
    assert at.state(event) is EventState.DONE
    assert len(at.records("companies")) == 1


def test_of_types_the_exact_one_counts_then_the_family_then_the_default(
    at: Office, tmp_path: Path
) -> None:
    rest = """\
        default:
          - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}, set: {city: any}}
        ignore:
          - quiet.*
          - {when: "{{ body.test }}", because: it is only a test}
        """
    steps = """\
        - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}, set: {city: it}}
        """
    speak(at, tmp_path, steps, rest=rest)
    events = tell(
        at,
        {"email": "a@x.example"},
        {"email": "b@x.example", "type": "other"},
        {"email": "c@x.example", "type": "quiet.one"},
        {"email": "d@x.example", "test": True},
    )
    cities = {
        e["properties"]["email"]: e["properties"]["city"] for e in at.records("contacts").values()
    }
    assert cities == {"a@x.example": "it", "b@x.example": "any"}
    assert [at.state(event) for event in events] == [
        EventState.DONE,
        EventState.DONE,
        EventState.IGNORED,
        EventState.IGNORED,
    ]
    assert "ignores 'quiet.one'" in said(at, events[2])
    assert said(at, events[3]).endswith("ignored: it is only a test")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("merge_id", ["new", "preserve"])
def test_a_key_still_names_its_record_after_that_was_merged_away(
    redis_url: str, tmp_path: Path, merge_id: str, *, known: bool
) -> None:
    steps = """\
        - upsert: contact
          object: contacts
          key: {email: "{{ body.email }}"}
          set: {city: "{{ body.city }}"}
        - {log: note, on: [contact], set: {hs_note_body: "{{ body.city }}"}}
        - {pin: note, to: contact}
        """
    with office(redis_url, tmp_path, switches=STRICT.changed(merge_id=merge_id)) as at:
        speak(at, tmp_path, steps)
        if known:
            tell(at, {"email": "a@x.example"}, {"email": "b@x.example"})
            ids = {e["properties"]["email"]: id for id, e in at.records("contacts").items()}
        else:
            ids = {e: made(at, CONTACTS, email=e) for e in ("a@x.example", "b@x.example")}
        merge = {"primaryObjectId": ids["a@x.example"], "objectIdToMerge": ids["b@x.example"]}
        at.crm("POST", f"{CONTACTS}/merge", merge)
        (event,) = tell(at, {"email": "b@x.example", "city": "Oslo"})
        assert at.state(event) is EventState.DONE
        contact = one(at, "contacts")
        assert (contact["email"], contact["city"]) == ("a@x.example", "Oslo")
        note = at.records("notes")[contact["hs_pinned_engagement_id"]]
        assert note["properties"]["hs_note_body"] == "Oslo"


# Values


def test_times_of_every_kind_become_the_crm_s(at: Office, tmp_path: Path) -> None:
    steps = """\
        - create: deal
          object: deals
          set:
            dealname: "{{ body.at | as_time | date('%d.%m.%Y') }}"
            closedate: "{{ body.at | as_time }}"
            pipeline: default
            dealstage: closedwon
        """
    speak(at, tmp_path, steps)
    same = "2026-09-21T14:13:20Z"
    tell(
        at,
        *(
            {"at": written}
            for written in (
                1_790_000_000,
                "1790000000000",
                "2026-09-21T16:13:20+02:00",
                "Mon, 21 Sep 2026 14:13:20 +0000",
            )
        ),
    )
    deals = [each["properties"] for each in at.records("deals").values()]
    assert [(each["dealname"], each["closedate"]) for each in deals] == [("21.09.2026", same)] * 4


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (12900, "usd", "129"),
        (1999, "eur", "19.99"),
        (500, "JPY", "500"),
        (12345, "KWD", "12.345"),
        (None, "usd", None),
    ],
)
def test_an_amount_in_the_smallest_unit_becomes_that_in_the_currency(
    amount: object, currency: str, expected: str | None, at: Office, tmp_path: Path
) -> None:
    steps = """\
        - create: deal
          object: deals
          set:
            dealname: order
            amount: "{{ body.amount | money(body.currency) }}"
            pipeline: default
            dealstage: closedwon
        """
    speak(at, tmp_path, steps)
    tell(at, {"amount": amount, "currency": currency})
    found: str | None = one(at, "deals").get("amount")
    assert (found and float(found)) == (expected and float(expected))


def test_names_phones_and_companies_are_taken_from_what_people_write(
    at: Office, tmp_path: Path
) -> None:
    steps = """\
        - upsert: contact
          object: contacts
          key: {email: "{{ body.from | email }}"}
          set:
            firstname: "{{ body.name | first_name }}"
            lastname: "{{ body.name | last_name }}"
            phone: "{{ body.phone | phone(body.country) }}"
        - upsert: company
          object: companies
          key: {domain: "{{ body.from | email | company_domain }}"}
          optional: true
        - associate: [contact, company]
        """
    speak(at, tmp_path, steps)
    work, home = tell(
        at,
        {
            "from": "Zoe Ann Lind <Zoe@Sales.Acme.example>",
            "name": " Zoe  Ann Lind",
            "phone": "22 22 55 55",
            "country": "no",
        },
        {"from": "kim@gmail.com", "name": "Kim", "phone": "+1 (415) 555-2671"},
    )
    zoe = at.contact("zoe@sales.acme.example")
    assert (zoe["firstname"], zoe["lastname"], zoe["phone"]) == ("Zoe Ann", "Lind", "+4722225555")
    kim = at.contact("kim@gmail.com")
    assert (kim["firstname"], kim.get("lastname"), kim["phone"]) == ("Kim", None, "+14155552671")
    assert one(at, "companies")["domain"] == "sales.acme.example"
    assert [at.state(event) for event in (work, home)] == [EventState.DONE] * 2


def test_a_payload_s_text_is_shown_in_a_note_and_never_runs(at: Office, tmp_path: Path) -> None:
    steps = CONTACT + (
        "- log: note\n  on: [contact]\n"
        '  set: {hs_note_body: "<b>{{ body.a }}</b> {{ body.b | text_to_html }} '
        '{{ body.c | safe_html }}"}\n'
    )
    speak(at, tmp_path, steps)
    tell(
        at,
        {
            "email": "zoe@x.example",
            "a": "<script>alert(1)</script> & co",
            "b": "one\ntwo <i>",
            "c": "<i>fine</i>",
        },
    )
    assert at.bodies() == [
        "<b>&lt;script&gt;alert(1)&lt;/script&gt; &amp; co</b> one<br>two &lt;i&gt; <i>fine</i>"
    ]


@pytest.mark.parametrize("text", ["x" * 70_000, "&" * 70_000, "<b>" * 30_000])
def test_a_note_longer_than_hubspot_takes_is_cut_and_made(
    text: str, at: Office, tmp_path: Path
) -> None:
    steps = CONTACT + '- {log: note, on: [contact], set: {hs_note_body: "{{ body.text }}"}}\n'
    speak(at, tmp_path, steps)
    (event,) = tell(at, {"email": "zoe@x.example", "text": text})
    assert at.state(event) is EventState.DONE
    (body,) = at.bodies()
    assert 65_000 < len(body) <= 65_536
    assert body.endswith(("x…", "&amp;…", "&gt;…", "&lt;b…"))


def test_text_is_cut_to_what_its_property_holds_where_the_mapping_says_so(
    at: Office, tmp_path: Path
) -> None:
    steps = """\
        - upsert: contact
          object: contacts
          key: {email: "{{ body.email }}"}
          set:
            city: "{{ body.text | truncate_to(10) }}"
            jobtitle: "{{ body.text | truncate_to }}"
        """
    speak(at, tmp_path, steps)
    tell(at, {"email": "zoe@x.example", "text": "x" * 70_000})
    found = at.contact("zoe@x.example")
    assert found["city"] == "xxxxxxxxx…"
    assert len(found["jobtitle"]) == 65_536


def test_values_that_are_missing_null_or_empty_leave_a_property_and_null_clears_it(
    at: Office, tmp_path: Path
) -> None:
    steps = """\
        - upsert: contact
          object: contacts
          key: {email: "{{ body.email }}"}
          set:
            firstname: "{{ body.names.first }}"
            lastname: "{{ body.names['last'] }}"
            city: "{{ body.city | or_clear }}"
            jobtitle: "{{ body.job or 'unknown' }}"
            phone: null
        """
    speak(at, tmp_path, steps)
    made(at, CONTACTS, email="zoe@x.example", firstname="Zoe", city="Oslo", phone="1")
    (event,) = tell(at, {"email": "zoe@x.example", "names": {"first": None}, "city": None})
    assert at.state(event) is EventState.DONE
    found = at.contact("zoe@x.example")
    assert found["firstname"] == "Zoe"
    assert not found.get("lastname")
    assert not found.get("city")
    assert not found.get("phone")
    assert found["jobtitle"] == "unknown"


def test_a_list_becomes_the_options_of_a_property(at: Office, tmp_path: Path) -> None:
    body = {
        "name": "wants",
        "label": "Wants",
        "groupName": "contactinformation",
        "type": "enumeration",
        "fieldType": "checkbox",
        "options": [{"label": each, "value": each} for each in ("tea", "ale", "milk")],
    }
    at.crm("POST", "/crm/v3/properties/contacts", body)
    steps = """\
        - upsert: contact
          object: contacts
          key: {email: "{{ body.email }}"}
          set: {wants: "{{ body.wants | pluck('name') }}"}
        """
    speak(at, tmp_path, steps)
    wants = [{"name": "tea"}, {}, {"name": "milk"}]
    tell(at, {"email": "zoe@x.example", "wants": wants})
    assert at.contact("zoe@x.example")["wants"] == "tea;milk"


def test_what_hubspot_reports_of_our_own_changes_is_ignored(at: Office) -> None:
    at.writer = replace(at.writer, sources={ENDPOINT: sources.load("hubspot")})
    change = {
        "type": "contact.propertyChange",
        "portalId": 1,
        "objectId": 7,
        "propertyName": "firstname",
        "propertyValue": "Zoe",
    }
    ours, theirs = tell(
        at,
        {**change, "changeSource": "INTEGRATION", "sourceId": "77"},
        {**change, "changeSource": "INTEGRATION", "sourceId": "77", "propertyName": "weight"},
    )
    assert at.state(ours) is at.state(theirs) is EventState.IGNORED
    assert said(at, ours).endswith("ignored: an integration made this change, perhaps our own")
    assert at.records("contacts") == {}
