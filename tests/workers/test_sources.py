"""Source files are read whole or refused with every fault; those shipped do what they say."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import documents, sources
from workers.bodies import decoded
from workers.changes import Change, Log, Upsert
from workers.errors import MappingError, SourceError
from workers.events import Arrival, Event
from workers.sources import Source, arrivals, json_schema
from workers.sources.model import Verb
from workers.sources.steps import COMMON, FIELDS
from workers.translate import translate

NOW = datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
SAMPLES = Path(__file__).parent.parent / "sources"
SENDERS = {
    *("stripe", "hubspot", "shopify", "github", "slack", "calendly", "typeform", "zendesk"),
    *("intercom", "zoom", "docusign", "mailchimp", "twilio", "sendgrid", "segment"),
    "meta_lead_ads",
}
GENERIC = {"standard_webhooks", "svix", "cloudevents", "hmac", "basic", "bearer", "token"}
HEAD = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
"""
STEPS = """\
on:
  order:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
"""


def file_of(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def faults(folder: Path, text: str) -> list[str]:
    file = file_of(folder, text)
    with pytest.raises(SourceError) as caught:
        sources.load(file)
    return [fault.replace(str(file), "shop.yaml") for fault in caught.value.faults]


def steps_faults(folder: Path, steps: str) -> list[str]:
    return faults(folder, f"{HEAD}{STEPS}{steps}")


def arrived(source: Source, sample: Path) -> list[Arrival]:
    delivery = json.loads(sample.read_bytes())
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    raw = delivery["raw"].encode() if "raw" in delivery else json.dumps(delivery["body"]).encode()
    body = decoded(raw, content_type=headers["content-type"])
    return arrivals(source, endpoint="door", headers=headers, body=body, received=NOW)


def translated(arrival: Arrival, source: Source) -> list[Change]:
    event = Event(
        id="acme.door-1790000000000-0",
        portal="acme",
        endpoint=arrival.endpoint,
        source=arrival.source,
        source_id=arrival.source_id,
        type=arrival.type,
        time=arrival.time or NOW,
        received=NOW,
        headers=arrival.headers,
        body=arrival.body,
    )
    return translate(event, source)


# The sources that are shipped


def test_every_sender_and_every_open_standard_is_shipped() -> None:
    assert set(sources.shipped()) == SENDERS | GENERIC


@pytest.mark.parametrize("name", sources.shipped())
def test_a_shipped_source_has_samples_and_each_is_understood(name: str) -> None:
    source = sources.load(name)
    found = {sample: arrived(source, sample) for sample in (SAMPLES / name).glob("*.sample.json")}
    assert len(found) >= 2
    assert all(found.values())
    for each in found.values():
        for arrival in each:
            assert source.steps_for(arrival.type) is not None, arrival.type
            translated(arrival, source)


@pytest.mark.parametrize("name", sources.shipped())
def test_a_shipped_mapping_writes_records_from_its_samples(name: str) -> None:
    source = sources.load(name)
    changes = [
        change
        for sample in (SAMPLES / name).glob("*.sample.json")
        for arrival in arrived(source, sample)
        for change in translated(arrival, source)
    ]
    assert any(isinstance(change, Upsert | Log) for change in changes)


@pytest.mark.parametrize("name", sources.shipped())
def test_ids_are_unlike_for_unlike_events_and_tell_nobody_s_address(name: str) -> None:
    source = sources.load(name)
    ids = [
        arrival.source_id
        for sample in (SAMPLES / name).glob("*.sample.json")
        for arrival in arrived(source, sample)
    ]
    assert len(ids) == len(set(ids))
    assert not any("@" in each for each in ids)


@pytest.mark.parametrize("name", sources.shipped())
def test_a_sample_that_arrives_again_is_the_same_event(name: str) -> None:
    source = sources.load(name)
    for sample in (SAMPLES / name).glob("*.sample.json"):
        assert arrived(source, sample) == arrived(source, sample)


# Reading what arrives


def test_a_body_of_many_events_becomes_many_events() -> None:
    source = sources.load("hubspot")
    found = arrived(source, SAMPLES / "hubspot" / "changes.sample.json")
    assert len(found) == 5
    assert [arrival.type for arrival in found[:2]] == ["contact.creation", "contact.propertyChange"]
    assert json.loads(found[0].body)["eventId"] == 900


def test_only_the_headers_that_the_mapping_names_are_kept(tmp_path: Path) -> None:
    steps = '      set: {city: "{{ headers.x_city }}", a: "{{ headers[\'X-Other\'] }}"}\n'
    source = sources.load(file_of(tmp_path, f"{HEAD}keep_headers: [X-Third]\n{STEPS}{steps}"))
    headers = {"x-city": "Oslo", "x-other": "b", "x-third": "c", "x-fourth": "d"}
    (arrival,) = arrivals(
        source,
        endpoint="e",
        headers=headers,
        body={"id": "1", "type": "order"},
        received=NOW,
    )
    assert arrival.headers == {"x-city": "Oslo", "x-other": "b", "x-third": "c"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"type": "order"}, "id: is missing"),
        ({"id": "", "type": "order"}, "id: is missing"),
        ({"id": {"a": 1}, "type": "order"}, "id: {'a': 1} is a mapping"),
        ({"id": "1"}, "type: is missing"),
        ({"id": "1", "type": "x" * 300}, "type: is too long"),
        ([], "type: is missing"),
        ("text", "is missing"),
    ],
    ids=["no id", "empty id", "odd id", "no type", "long type", "list", "text"],
)
def test_an_event_that_cannot_be_told_is_refused(tmp_path: Path, body: object, reason: str) -> None:
    source = sources.load(file_of(tmp_path, HEAD + STEPS))
    with pytest.raises(MappingError) as caught:
        arrivals(source, endpoint="e", headers={}, body=body, received=NOW)
    assert reason in str(caught.value)
    assert "shop.yaml:3" in str(caught.value)


def test_an_id_of_several_parts_depends_on_each(tmp_path: Path) -> None:
    head = HEAD.replace('"{{ body.id }}"', '["{{ body.a }}", "{{ body.b }}"]')
    source = sources.load(file_of(tmp_path, head + STEPS))

    def id_of(a: object, b: object) -> str:
        body = {"a": a, "b": b, "type": "order"}
        (arrival,) = arrivals(source, endpoint="e", headers={}, body=body, received=NOW)
        return arrival.source_id

    assert len({id_of("x", "y"), id_of("xy", ""), id_of("", "xy"), id_of("x", None)}) == 4
    assert id_of("x", "y") == id_of("x", "y")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "event", "data", "entry", "changes"]), inner
        )
    ),
    max_leaves=15,
)
LOADED: dict[str, Source] = {}


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sources.shipped()), body=JSON)
def test_any_body_is_events_or_a_reason(name: str, body: object) -> None:
    source = LOADED.setdefault(name, sources.load(name))
    reasons: list[str] = []
    found: list[Arrival] = []
    try:
        found = arrivals(source, endpoint="e", headers={}, body=body, received=NOW)
    except MappingError as error:
        reasons.append(str(error))
    assert all(reason.startswith(f"sources/{name}.yaml:") for reason in reasons)
    assert all(arrival.source_id and arrival.type for arrival in found)


# Files with faults


def test_all_faults_of_a_file_are_told_at_once_in_the_order_of_its_lines(tmp_path: Path) -> None:
    text = """\
source: shop
verify: {scheme: strpe}
event: {id: "{{ body.id }", tpye: x}
answer: {status: 404}
handshake: {slak: {}}
on:
  order:
    - upsrt: contact
    - upsert: contact
      object: contcts
      key: {a: b, c: d}
      sett: {}
    - pin: contact
"""
    found = faults(tmp_path, text)
    assert [fault.split(": ")[0] for fault in found] == [
        *("shop.yaml:2", "shop.yaml:3", "shop.yaml:3", "shop.yaml:3", "shop.yaml:4"),
        *("shop.yaml:5", "shop.yaml:8", "shop.yaml:10", "shop.yaml:11", "shop.yaml:12"),
        "shop.yaml:13",
    ]
    assert all(";" in fault or "?" in fault for fault in found)  # each says what to do


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ("    - upsrt: deal\n", "'upsrt' is no step; did you mean 'upsert'?"),
        ("    - {upsert: a, log: b}\n", "a step has `upsert` and `log`; make a step of each"),
        ("    - text\n", "a step is text; begin it with"),
        ("    - {create: deal, set: {a: b}, sett: {}}\n", "`create` has no 'sett'; did you mean"),
        ("    - {create: deal}\n", "`create: deal` sets nothing; add `set`"),
        ("    - {create: it, set: {a: b}}\n", "it is not said of which type 'it' is; add `obj"),
        ("    - {create: it, object: dals, set: {a: b}}\n", "no type of object; did you mean 'd"),
        ("    - {create: deal, set: {First Name: b}}\n", "'First Name' is no property's name"),
        ("    - {create: deal, set: {a: [b]}}\n", "a is a list; write text, a number or {{ … }}"),
        ("    - {create: deal, set: [a]}\n", "`set` is a list; write it as `name: value` lines"),
        ("    - {create: my deal, set: {a: b}}\n", "'my deal' is no name; use letters"),
        ("    - {find: deal, key: {a: b, c: d}}\n", "a key of 2 properties; write exactly one"),
        ("    - {find: deal}\n", "the record has no key; write exactly one"),
        ("    - {find: deal, key: {a: null}}\n", "the key a is nothing; write an expression"),
        ("    - {find: contact, key: {a: b}}\n", "a step 'contact' already (shop.yaml:6); rename"),
        ("    - {update: deal, set: {a: b}}\n", "no earlier step is called 'deal'; use one of"),
        ("    - {update: contact}\n", "`update contact` sets nothing; add `set`"),
        ("    - associate: [contact]\n", "`associate` joins two records; write [one, other]"),
        ("    - associate: [contact, cntact]\n", "called 'cntact'; did you mean 'contact'?"),
        ("    - {associate: [contact, contact], type: x}\n", "write the association's number"),
        ("    - {associate: [contact, contact], label: x, type: 1}\n", "keep one of the two"),
        ("    - {associate: [contact, contact], category: WORK}\n", "`category` needs `type`"),
        ("    - {log: a, activity: nots, on: contact}\n", "no activity; did you mean 'notes'?"),
        ("    - {log: a}\n", "`log: a` hangs on nothing; add `on: [contact]`"),
        ("    - {log: a, on: []}\n", "hangs on at least one record; name it"),
        ("    - {log: a, on: [{object: deals}]}\n", "the record has no key"),
        ("    - {pin: contact, to: contact}\n", "only activities are pinned; add a `log` before"),
        ("    - {pin: a}\n", "no earlier step is called 'a'"),
        ("    - {log: a, on: contact}\n    - pin: a\n", "does not say to which record; add `to:"),
        ("    - {log: a, on: contact}\n    - {pin: a, to: a}\n", "name the record that it hangs"),
        ("    - {unpin: contact, when: false}\n", "this step never runs; remove it"),
        ("    - {unpin: contact, when: '{{ body.a }} == 1'}\n", "write one {{ … }} with nothing"),
        ("    - {unpin: contact, when: body.a}\n", "`when` is 'body.a'; write one {{ … }}"),
        ("    - {unpin: contact, when: '{{ body.a | x }}'}\n", "there is no filter 'x'"),
        ("    - {unpin: contact, name: contact}\n", "there is a step 'contact' already"),
        (
            "    - {log: a, each: '{{ body.l }}', on: contact}\n    - {pin: a, to: contact}\n",
            "which 'a' is meant? repeat this step over the same `each`",
        ),
        ("  order: []\n", "'order' stands here twice"),
        ("  order , x:\n    - unpin: b\n", "'order' is spoken for in shop.yaml:5"),
        ("  a*b:\n    - {create: deal, set: {a: b}}\n", "'a*b' is no list of types"),
        ("  other: []\n", "'other' has a list; list its steps, or name the type under `ignore`"),
        ("ignore: [order]\n", "'order' is spoken for in shop.yaml:5, so this is never reached"),
        ("ignore: [{because: x}]\n", "`ignore` has no `when`; add a condition"),
        ("ignore: order\n", "`ignore` is text; write a list of types"),
        ("dfault: []\n", "a source file has no 'dfault'; did you mean 'default'?"),
        (
            "vars: {a: 1}\ndefault:\n  - {create: deal, set: {a: '{{ vars.b }}'}}\n",
            "no 'b' in vars",
        ),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(tmp_path: Path, steps: str, fault: str) -> None:
    found = steps_faults(tmp_path, steps)
    assert any(fault in each for each in found), found
    assert all(each.startswith("shop.yaml:") for each in found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "a source file is nothing"),
        ("- a\n", "a source file is a list"),
        (STEPS, "does not say whose source it is"),
        ("source: shop\n" + STEPS, "does not say how it signs; add `verify`"),
        ("source: shop\n" + STEPS, "does not say where an event's id, type and time are"),
        (HEAD, "the file maps nothing; add `on`"),
        (HEAD.replace("id:", "di:") + STEPS, "`event` has no id"),
        (HEAD + STEPS + "on: [\n", "is not YAML"),
    ],
)
def test_a_file_that_lacks_something_says_what(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in each for each in faults(tmp_path, text))


def test_an_expression_over_several_lines_is_faulted_in_its_own(tmp_path: Path) -> None:
    steps = "      set:\n        city: |\n          {{ body.a }}\n\n          {{ body.b | x }}\n"
    (fault,) = steps_faults(tmp_path, steps)
    assert fault.startswith("shop.yaml:13: there is no filter 'x'")


# Finding files


def test_an_unknown_source_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="did you mean 'stripe'"):
        sources.load("stripee")
    with pytest.raises(SourceError, match="cannot be read"):
        sources.load(tmp_path / "none.yaml")


def test_a_folder_of_one_s_own_comes_before_what_is_shipped(tmp_path: Path) -> None:
    own = HEAD.replace("source: shop", "source: stripe") + STEPS
    file_of(tmp_path, own, "stripe.yaml")
    assert list(sources.load("stripe", search=[tmp_path]).on) == ["order"]
    assert "invoice.paid" in sources.load("stripe").on


def test_a_mapping_of_one_s_own_takes_the_place_of_the_source_s(tmp_path: Path) -> None:
    text = """\
source: stripe
vars: {won_stage: "123"}
on:
  invoice.paid:
    - upsert: deal
      key: {stripe_invoice_id: "{{ body.data.object.id }}"}
      set: {dealstage: "{{ vars.won_stage }}", pipeline: "{{ vars.deal_pipeline }}"}
"""
    source = sources.load("stripe", mapping=file_of(tmp_path, text))
    assert list(source.on) == ["invoice.paid"]
    (arrival,) = arrived(source, SAMPLES / "stripe" / "invoice.paid.sample.json")
    (change,) = translated(arrival, source)
    assert isinstance(change, Upsert)
    assert change.properties["dealstage"] == "123"
    assert change.properties["pipeline"] == "default"


def test_a_mapping_cannot_change_how_its_source_is_verified(tmp_path: Path) -> None:
    file = file_of(tmp_path, "source: github\nverify: {scheme: none}\n" + STEPS)
    with pytest.raises(SourceError) as caught:
        sources.load("stripe", mapping=file)
    text = str(caught.value)
    assert "a mapping file has no 'verify'" in text
    assert "this maps 'github', and the endpoint's source is 'stripe'" in text


# The schema for editors


def test_the_schema_knows_every_step_and_field() -> None:
    steps = json_schema()["$defs"]["step"]["oneOf"]
    known = {next(iter(step["required"])): set(step["properties"]) for step in steps}
    assert known == {verb.value: {verb.value, *COMMON, *FIELDS[verb]} for verb in Verb}


def test_the_schema_knows_every_part_of_the_shipped_files() -> None:
    known = set(json_schema()["properties"])
    for name in sources.shipped():
        file = Path(sources.__file__).parent / f"{name}.yaml"
        assert set(documents.read(file).items) <= known
