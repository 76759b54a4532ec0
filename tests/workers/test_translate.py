"""A mapping says what an event asks of the CRM: kind to what is missing, exact about the rest."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import sources
from workers.changes import (
    Archive,
    Associate,
    Change,
    Create,
    Dissociate,
    Find,
    Keyed,
    Link,
    Log,
    Numbered,
    Pin,
    Step,
    Unpin,
    Update,
    Upsert,
)
from workers.errors import MappingError
from workers.events import Event
from workers.sources import Source
from workers.translate import translate, why_nothing

NOW = datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
HEAD = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
vars: {stage: won}
"""
CONTACT = """\
- upsert: contact
  object: contacts
  key: {email: "{{ body.email }}"}
"""
Translate = Callable[..., list[Change]]


def event(body: object = None, *, type: str = "order", headers: Mapping[str, str] = {}) -> Event:
    return Event(
        id="acme.shop-1790000000000-0",
        portal="acme",
        endpoint="shop",
        source="shop",
        source_id="e1",
        type=type,
        time=datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC),
        received=NOW,
        headers=headers,
        body=json.dumps(body).encode(),
    )


def written(folder: Path, steps: str, rest: str = "") -> Source:
    file = folder / "shop.yaml"
    file.write_text(f"{HEAD}{rest}on:\n  order:\n{indent(steps, '    ')}", encoding="utf-8")
    return sources.load(file)


@pytest.fixture
def changes(tmp_path: Path) -> Translate:
    """Translate an event with this body by these steps."""

    def run(steps: str, body: object, **about: object) -> list[Change]:
        headers = about.get("headers", {})
        assert isinstance(headers, dict)
        return translate(event(body, headers=headers), written(tmp_path, steps))

    return run


def upserted(found: list[Change]) -> Mapping[str, str]:
    (only,) = found
    assert isinstance(only, Upsert)
    return only.properties


# Every verb


def test_an_upsert_names_its_record_and_its_line(changes: Translate, tmp_path: Path) -> None:
    (change,) = changes(CONTACT, {"email": " Zoe@Acme.example "})
    key = Keyed(object_type="contacts", property="email", value="zoe@acme.example")
    assert change == Upsert(
        name="contact",
        where=f"{tmp_path}/shop.yaml:7",
        key=key,
        properties={"email": "zoe@acme.example"},
    )


def test_a_domain_is_a_key_in_its_bare_form(changes: Translate) -> None:
    steps = '- upsert: company\n  key: {domain: "{{ body.site }}"}\n'
    (change,) = changes(steps, {"site": "https://www.Acme.example/about"})
    assert isinstance(change, Upsert)
    assert change.key == Keyed(object_type="companies", property="domain", value="acme.example")


def test_every_verb_becomes_its_change(changes: Translate) -> None:
    steps = (
        CONTACT
        + """\
- find: company
  object: "0-2"
  key: {domain: acme.example}
- create: lead
  object: 2-123
  set: {name: "{{ body.email }}"}
- update: deal
  object: deals
  id: 77
  set: {dealstage: "{{ vars.stage }}"}
- update: contact
  set: {city: Oslo}
- associate: [contact, company]
  type: 341
  category: USER_DEFINED
- associate: [deal, contact]
  label: Decision maker
- dissociate: [contact, {object: companies, id: 5}]
- log: note
  activity: note
  on: [contact, {object: deals, id: 78}]
  set: {hs_note_body: Hello}
- pin: note
  to: deal
- unpin: company
- archive: ticket
  object: ticket
  key: {ticket_id: a}
- archive: contact
"""
    )
    found = changes(steps, {"email": "zoe@acme.example"})
    where = {change.name: change.where for change in found}
    contact, company, deal = (Step(name=name) for name in ("contact", "company", "deal"))
    assert found[1:] == [
        Find(
            name="company",
            where=where["company"],
            key=Keyed(object_type="companies", property="domain", value="acme.example"),
        ),
        Create(
            name="lead",
            where=where["lead"],
            object_type="2-123",
            properties={"name": "zoe@acme.example"},
        ),
        Update(
            name="deal",
            where=where["deal"],
            target=Numbered(object_type="deals", id="77"),
            properties={"dealstage": "won"},
        ),
        Update(
            name="update contact",
            where=where["update contact"],
            target=contact,
            properties={"city": "Oslo"},
        ),
        Associate(
            name="associate contact-company",
            where=where["associate contact-company"],
            source=contact,
            to=company,
            link=Link(type_id=341, category="USER_DEFINED"),
        ),
        Associate(
            name="associate deal-contact",
            where=where["associate deal-contact"],
            source=deal,
            to=contact,
            link=Link(label="Decision maker"),
        ),
        Dissociate(
            name="dissociate contact-record",
            where=where["dissociate contact-record"],
            source=contact,
            to=Numbered(object_type="companies", id="5"),
            link=Link(),
        ),
        Log(
            name="note",
            where=where["note"],
            activity_type="notes",
            on=(contact, Numbered(object_type="deals", id="78")),
            properties={"hs_timestamp": "2026-09-21T14:13:20.000Z", "hs_note_body": "Hello"},
        ),
        Pin(
            name="pin note to deal",
            where=where["pin note to deal"],
            activity=Step(name="note"),
            to=deal,
        ),
        Unpin(name="unpin company", where=where["unpin company"], to=company),
        Archive(
            name="ticket",
            where=where["ticket"],
            target=Keyed(object_type="tickets", property="ticket_id", value="a"),
        ),
        Archive(name="archive contact", where=where["archive contact"], target=contact),
    ]


def test_names_are_unique_even_where_the_file_gives_none(changes: Translate) -> None:
    steps = CONTACT + "- unpin: contact\n- unpin: contact\n- unpin: contact\n  name: again\n"
    names = [change.name for change in changes(steps, {"email": "a@b.example"})]
    assert names == ["contact", "unpin contact", "unpin contact 2", "again"]


# Values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ body.total / 100 }}", "129"),
        ("{{ body.price + 0.2 }}", "0.3"),
        ("{{ body.yes }}", "true"),
        ("{{ body.list }}", "a;b"),
        ("{{ body.when | from_unix }}", "2026-09-21T14:13:20.000Z"),
        ("{{ body.id }}", "9007199254740993"),
        ("Total {{ body.total }} for {{ body.nobody }}", "Total 12900 for"),
        ("{{ headers.x_shop }}", "acme"),
        (
            "{{ event.id }} {{ event.type }} {{ event.endpoint }} {{ event.source }}",
            "e1 order shop shop",
        ),
        ("{{ event.time }}", "2026-09-21T14:13:20.000Z"),
        ("{{ received }}", "2026-09-21T14:30:00.000Z"),
    ],
)
def test_values_reach_the_crm_as_it_takes_them(
    changes: Translate, value: str, expected: str
) -> None:
    body = {
        "email": "a@b.example",
        "total": 12900,
        "price": 0.1,
        "yes": True,
        "list": ["a", "b"],
        "when": 1790000000,
        "id": 9007199254740993,
    }
    steps = CONTACT + f'  set: {{city: "{value}"}}\n'
    found = changes(steps, body, headers={"x-shop": "acme"})
    assert upserted(found)["city"] == expected


def test_literals_are_written_as_they_stand(changes: Translate) -> None:
    steps = CONTACT + "  set: {a: 1.50, b: true, c: '007', d: 12, e: no}\n"
    found = dict(upserted(changes(steps, {"email": "a@b.example"})))
    assert found == {
        "email": "a@b.example",
        "a": "1.50",
        "b": "true",
        "c": "007",
        "d": "12",
        "e": "no",
    }


def test_missing_null_and_empty_values_leave_their_property_out(changes: Translate) -> None:
    steps = CONTACT + '  set: {a: "{{ body.a }}", b: "{{ body.b.c.d }}", c: "{{ body.c }}"}\n'
    found = upserted(changes(steps, {"email": "a@b.example", "a": None, "c": ""}))
    assert dict(found) == {"email": "a@b.example"}


def test_only_what_the_mapping_says_clears_a_property(changes: Translate) -> None:
    steps = (
        CONTACT
        + '  set: {a: null, b: "", c: "{{ body.c | or_clear }}", d: "{{ body.d | or_clear }}"}\n'
    )
    found = upserted(changes(steps, {"email": "a@b.example", "c": None}))
    assert dict(found) == {"email": "a@b.example", "a": "", "b": "", "c": ""}


def test_a_payload_s_text_is_never_html_in_a_note(changes: Translate) -> None:
    steps = (
        CONTACT
        + """\
- log: note
  on: contact
  set: {hs_note_body: "<b>{{ body.text }}</b>", hs_note_title: "{{ body.text }}"}
"""
    )
    (_, note) = changes(steps, {"email": "a@b.example", "text": "<script>"})
    assert isinstance(note, Log)
    assert note.properties["hs_note_body"] == "<b>&lt;script&gt;</b>"
    assert note.properties["hs_note_title"] == "<script>"


def test_an_activity_happens_at_its_event_s_time_unless_it_says_otherwise(
    changes: Translate,
) -> None:
    steps = (
        CONTACT
        + """\
- log: one
  on: contact
- log: two
  on: contact
  set: {hs_timestamp: "{{ body.at | from_unix }}"}
- upsert: meeting
  object: meetings
  key: {booking: x}
"""
    )
    found = changes(steps, {"email": "a@b.example", "at": 0})
    times = [c.properties["hs_timestamp"] for c in found[1:] if isinstance(c, Log | Upsert)]
    assert times == [
        "2026-09-21T14:13:20.000Z",
        "1970-01-01T00:00:00.000Z",
        "2026-09-21T14:13:20.000Z",
    ]


def test_properties_can_be_named_by_the_payload(changes: Translate) -> None:
    steps = (
        CONTACT
        + """\
  set_all: "{{ {body.name: body.value, 'Not a name': 1, 'hs_note_body': '<b>', 'x': body.none} }}"
  set: {b: own}
"""
    )
    found = upserted(changes(steps, {"email": "a@b.example", "name": "a", "value": 5}))
    assert dict(found) == {
        "email": "a@b.example",
        "a": "5",
        "hs_note_body": "&lt;b&gt;",
        "b": "own",
    }


# Conditions


def test_a_step_whose_condition_is_false_goes_with_what_refers_to_it(changes: Translate) -> None:
    steps = (
        CONTACT
        + """\
- upsert: deal
  when: "{{ body.total > 100 }}"
  object: deals
  key: {order_id: "{{ body.id }}"}
- associate: [deal, contact]
- log: both
  on: [deal, contact]
- log: alone
  on: deal
- pin: alone
  to: contact
- pin: both
  to: deal
- update: deal
  set: {a: b}
- archive: deal
"""
    )
    found = changes(steps, {"email": "a@b.example", "total": 5, "id": 1})
    assert [change.name for change in found] == ["contact", "both"]
    assert isinstance(found[1], Log)
    assert found[1].on == (Step(name="contact"),)
    assert len(changes(steps, {"email": "a@b.example", "total": 500, "id": 1})) == 9


@pytest.mark.parametrize(
    "value", [None, False, 0, "", [], {}, "false"], ids=["null", "no", "0", "empty", "l", "m", "f"]
)
def test_conditions_are_false_for_nothing(changes: Translate, value: object) -> None:
    steps = CONTACT + '  when: "{{ body.value }}"\n'
    assert changes(steps, {"email": "a@b.example", "value": value}) == []


def test_a_key_without_a_value_is_a_fault_unless_it_is_optional(changes: Translate) -> None:
    with pytest.raises(MappingError, match=r"shop\.yaml:9: key email: has no value"):
        changes(CONTACT, {"email": "  "})
    assert changes(CONTACT + "  optional: true\n", {"email": None}) == []


def test_a_record_named_in_place_may_be_optional(changes: Translate) -> None:
    steps = (
        CONTACT
        + """\
- log: note
  on: [contact, {object: deals, id: "{{ body.deal }}", optional: true}]
"""
    )
    (_, note) = changes(steps, {"email": "a@b.example"})
    assert isinstance(note, Log)
    assert note.on == (Step(name="contact"),)


# Repeating


LINES = """\
- upsert: deal
  object: deals
  key: {order_id: "{{ body.id }}"}
- upsert: line
  each: "{{ body.lines }}"
  when: "{{ item.sku }}"
  object: line_items
  key: {line_id: "{{ body.id }}-{{ index }}"}
  set: {name: "{{ item.title }}"}
"""
ORDER = {
    "id": 9,
    "lines": [{"sku": "a", "title": "Mug"}, {"title": "None"}, {"sku": "c", "title": "Cup"}],
}


def test_a_step_repeats_over_a_list(changes: Translate) -> None:
    found = changes(LINES, ORDER)
    assert [change.name for change in found] == ["deal", "line[0]", "line[2]"]
    assert isinstance(found[2], Upsert)
    assert dict(found[2].properties) == {"line_id": "9-2", "name": "Cup"}


def test_steps_over_the_same_list_mean_the_same_element(changes: Translate) -> None:
    steps = LINES + '- associate: [line, deal]\n  each: "{{ body.lines }}"\n'
    found = [c for c in changes(steps, ORDER) if isinstance(c, Associate)]
    assert [(c.name, c.source) for c in found] == [
        ("associate line-deal[0]", Step(name="line[0]")),
        ("associate line-deal[2]", Step(name="line[2]")),
    ]


def test_a_step_that_does_not_repeat_means_all_of_a_list(changes: Translate) -> None:
    steps = LINES + "- associate: [deal, line]\n- log: note\n  on: [deal, line]\n"
    found = changes(steps, ORDER)
    pairs = [(c.name, c.to) for c in found if isinstance(c, Associate)]
    assert pairs == [
        ("associate deal-line[0]", Step(name="line[0]")),
        ("associate deal-line[1]", Step(name="line[2]")),
    ]
    (note,) = (c for c in found if isinstance(c, Log))
    assert note.on == (Step(name="deal"), Step(name="line[0]"), Step(name="line[2]"))


def test_a_list_that_is_missing_or_empty_repeats_nothing(changes: Translate) -> None:
    nothing: tuple[object, ...] = (None, [])
    for lines in nothing:
        assert [c.name for c in changes(LINES, {"id": 9, "lines": lines})] == ["deal"]


def test_what_is_no_list_is_a_fault_of_the_event(changes: Translate) -> None:
    with pytest.raises(MappingError, match=r"shop\.yaml:11: each: 'x' is not a list"):
        changes(LINES, {"id": 9, "lines": "x"})
    with pytest.raises(MappingError, match="more than 1,000"):
        changes(LINES, {"id": 9, "lines": [{}] * 1001})


# Failing


def test_a_failure_names_file_line_field_expression_and_reason(changes: Translate) -> None:
    steps = CONTACT + '  set:\n    city: "{{ body.total / 0 }}"\n'
    with pytest.raises(MappingError) as caught:
        changes(steps, {"email": "a@b.example", "total": 5})
    message = str(caught.value)
    assert "shop.yaml:11: city: " in message
    assert "{{ body.total / 0 }}" in message
    assert "DivisionByZero" in message or "division" in message


def test_a_mapping_where_text_is_wanted_is_a_failure(changes: Translate) -> None:
    steps = CONTACT + '  set: {city: "{{ body.address }}"}\n'
    with pytest.raises(MappingError, match="is a mapping; name the part"):
        changes(steps, {"email": "a@b.example", "address": {"city": "Oslo"}})


def test_a_body_that_is_no_json_is_a_failure(tmp_path: Path) -> None:
    broken = event()
    broken = Event(**{name: getattr(broken, name) for name in Event.__slots__} | {"body": b"{"})
    with pytest.raises(MappingError, match="not JSON"):
        translate(broken, written(tmp_path, CONTACT))


# Types


def test_the_most_exact_type_decides(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    steps = "[{create: x, object: deals, set: {name: %s}}]"
    file.write_text(
        HEAD
        + f"on:\n  a.b, a.c: {steps % 'exact'}\n  a.*: {steps % 'near'}\n"
        + f"  a.b.*: {steps % 'nearer'}\n"
        + f"default: {steps % 'rest'}\nignore: [z, 'a.b.x.*']\n",
        encoding="utf-8",
    )
    source = sources.load(file)

    def decided(type: str) -> str:
        found = translate(event({}, type=type), source)
        return "" if not found else str(getattr(found[0], "properties", {})["name"])

    assert {
        type: decided(type) for type in ("a.b", "a.c", "a.d", "a.b.y", "a.b.x.1", "z", "q")
    } == {
        "a.b": "exact",
        "a.c": "exact",
        "a.d": "near",
        "a.b.y": "nearer",
        "a.b.x.1": "",
        "z": "",
        "q": "rest",
    }


def test_an_event_that_asks_for_nothing_says_why(tmp_path: Path) -> None:
    ignore = 'ignore:\n  - boring\n  - {when: "{{ body.test }}", because: a test}\n'
    source = written(tmp_path, CONTACT + '  when: "{{ body.go }}"\n', rest=ignore)
    assert source.steps_for("boring") == ()
    assert source.steps_for("unheard.of") is None

    def reason(type: str, body: object) -> str:
        assert translate(event(body, type=type), source) == []
        return why_nothing(event(body, type=type), source)

    assert "ignores 'boring'" in reason("boring", {})
    assert "maps no 'unheard.of'" in reason("unheard.of", {})
    assert reason("order", {"test": True, "go": True}).endswith("ignored: a test")
    assert "`when`" in reason("order", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "email", "name", "data", "object"]), inner)
    ),
    max_leaves=15,
)


@pytest.mark.parametrize("name", sources.shipped())
@settings(max_examples=15, deadline=None)
@given(body=JSON)
def test_any_body_is_translated_or_refused_with_its_line(name: str, body: object) -> None:
    source = LOADED.setdefault(name, sources.load(name))
    for type in [*source.on, "unheard.of"]:
        reasons: list[str] = []
        try:
            translate(event(body, type=type), source)
        except MappingError as error:
            reasons.append(str(error))
        assert all(reason.startswith("sources/") for reason in reasons)


LOADED: dict[str, Source] = {}
