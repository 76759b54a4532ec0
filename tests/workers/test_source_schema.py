"""The schema for editors and the loader agree on the form of a source file."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.skeletons import SIGNINGS, definition
from workers import documents, sources
from workers.errors import Faults
from workers.sources import json_schema
from workers.sources.model import Verb
from workers.sources.steps import COMMON, FIELDS

SCHEMA = jsonschema.Draft202012Validator(json_schema())
HEAD = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
"""
ON = """\
on:
  order:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
"""


def is_valid(text: str) -> bool:
    return SCHEMA.is_valid(documents.parse(text, name="shop.yaml").plain())


def loads(folder: Path, text: str) -> bool:
    file = folder / "shop.yaml"
    file.write_text(text, "utf-8")
    try:
        sources.load(file)
    except Faults:
        return False
    return True


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", sources.shipped())
def test_every_shipped_source_is_valid(name: str) -> None:
    file = Path(sources.__file__).parent / f"{name}.yaml"
    SCHEMA.validate(documents.read(file).plain())


@pytest.mark.parametrize("scheme", SIGNINGS)
def test_a_new_source_is_valid_and_names_its_schema_to_editors(scheme: str) -> None:
    text = definition("shop", SIGNINGS[scheme], folder="sources/shop")
    assert text.startswith("# yaml-language-server: $schema=hookline.schema.json\n")
    assert is_valid(text)


def test_a_mapping_file_is_valid() -> None:
    assert is_valid("source: stripe\nvars: {a: 1}\n" + ON)
    assert is_valid(ON)
    assert not is_valid("source: stripe\nvars: {a: 1}\n")


# Each form of fault that the loader knows, in what it is told for.
FORMS = {
    "nothing": "",
    "a list": "- a\n",
    "no source": HEAD.replace("source: shop\n", "") + ON,
    "an empty source": HEAD.replace("shop", "''") + ON,
    "no verify": HEAD.replace("verify: {scheme: none}\n", "") + ON,
    "no event": "source: shop\nverify: {scheme: none}\n" + ON,
    "an unknown scheme": HEAD.replace("none", "strpe") + ON,
    "no id": HEAD.replace("id:", "di:") + ON,
    "no type": HEAD.replace(', type: "{{ body.type }}"', "") + ON,
    "a time that is no expression": HEAD.replace("event: {", "event: {time: now, ") + ON,
    "an empty list of ids": HEAD.replace('"{{ body.id }}"', "[]") + ON,
    "maps nothing": HEAD,
    "an unknown field": HEAD + ON + "dfault: []\n",
    "an answer that is none": HEAD + "answer: {status: 404}\n" + ON,
    "an unknown answer": HEAD + "answer: {stauts: 200}\n" + ON,
    "an unknown handshake": HEAD + "handshake: {slak: {}}\n" + ON,
    "variables of another form": HEAD + "vars: [a]\n" + ON,
    "headers of another form": HEAD + "keep_headers: X-A\n" + ON,
    "an ignore of another form": HEAD + ON + "ignore: order\n",
    "an ignore without when": HEAD + ON + "ignore: [{because: x}]\n",
    "an unknown ignore": HEAD + ON + "ignore: [{when: '{{ body.x }}', cause: x}]\n",
    "a type of another form": HEAD + ON + "  a*b:\n    - unpin: {object: deals, id: 1}\n",
    "no steps": HEAD + ON + "  other: []\n",
    "steps of another form": HEAD + ON + "  other: {upsert: contact}\n",
    "a default without steps": HEAD + ON + "default: []\n",
}
STEPS = [
    *("upsrt: deal", "{upsert: deal, log: b}", "text", "{create: deal}", "{create: deal, set: {}}"),
    *("{create: deal, set: {a: b}, sett: {}}", "{create: it, set: {a: b}}"),
    *("{create: it, object: dals, set: {a: b}}", "{create: deal, set: {First Name: b}}"),
    *("{create: deal, set: {a: [b]}}", "{create: deal, set: [a]}"),
    *("{create: my deal, set: {a: b}}", "{create: deal, set: 5}"),
    *("{create: deal, name: other, set: {a: b}}", "{create: [deal], set: {a: b}}"),
    *("{find: deal, key: {a: b, c: d}}", "{find: deal}", "{find: deal, key: {a: null}}"),
    *("{find: deal, key: {A b: c}}", "{find: deal, key: {a: [b]}}", "{find: deal, key: a}"),
    *("{find: deal, key: {a: b}, optional: perhaps}", "{find: it, key: {a: b}}"),
    *("{update: contact}", "{update: deal, object: deals, set: {a: b}}"),
    *("{update: deal, key: {a: b}, id: 1, set: {a: b}}", "{archive: [contact]}"),
    *("{update: deal, id: 1, name: other, set: {a: b}}", "{update: {object: deals}, set: {a: b}}"),
    *("associate: [contact]", "associate: contact", "associate: [contact, contact, contact]"),
    *("{associate: [contact, {object: deals}]}", "{associate: [contact, {key: {a: b}}]}"),
    *("{associate: [contact, contact], type: x}", "{associate: [contact, contact], label: 5}"),
    *("{associate: [contact, contact], label: x, type: 1}", "{associate: [contact, 5]}"),
    *("{associate: [contact, contact], category: WORK}", "{dissociate: [contact]}"),
    *("{associate: [contact, contact], type: 1, category: OURS}", "{log: a}", "{log: a, on: []}"),
    *("{log: a, activity: nots, on: contact}", "{log: a, on: [{object: deals}]}"),
    *("{log: a, on: contact, activity: deals}", "{pin: a}", "{unpin: contact, when: false}"),
    *("{pin: {object: deals, id: 1}, to: contact}", "{unpin: contact, when: body.a}"),
    *("{unpin: contact, when: 5}", "{associate: [contact, contact], type: false}"),
    *("{unpin: contact, each: body.l}", "{unpin: contact, portal: []}", "{unpin: ''}"),
    *("{unpin: contact, object: deals}", "{upsert: deal, key: {a: b}, set_all: text}"),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_fault_of_form_that_the_loader_finds_is_underlined(tmp_path: Path, form: str) -> None:
    assert not loads(tmp_path, FORMS[form])
    assert not is_valid(FORMS[form])


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_form_that_the_loader_refuses_is_underlined(tmp_path: Path, step: str) -> None:
    text = f"{HEAD}{ON}    - {step}\n"
    assert not loads(tmp_path, text)
    assert not is_valid(text)


# Whatever loads is valid

TEXTS = st.sampled_from(
    [
        *("contact", "deal", "Deals", " 0-3", "2-77", "p_boats", "note", "it", "a b", "", "5"),
        *("{{ body.a }}", "{{ body.l }}", "x {{ body.b }}", "email", "WORK", "calls", "ping.*"),
    ]
)
SCALARS = TEXTS | st.none() | st.booleans() | st.integers(-1, 300) | st.just(1.5)
NAMED = st.sampled_from(["email", "name", "object", "key", "id", "set", "First Name", "optional"])
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMED, inner, max_size=3),
    max_leaves=6,
)
RECORD = st.sampled_from(
    [
        {"object": "deals", "id": 1},
        {"object": " Company", "key": {"domain": "{{ body.d }}"}},
        {"object": "2-77", "id": "{{ body.a }}", "optional": True},
    ]
)
GOOD: dict[str, st.SearchStrategy[Any]] = {
    "when": st.sampled_from(["{{ body.a }}", True]),
    "each": st.just("{{ body.l }}"),
    "name": st.sampled_from(["one", "two words"]),
    "portal": st.sampled_from(["acme", ["acme", "b"]]),
    "object": st.sampled_from(["deals", "Contact", "0-2", " companies ", "2-77", "p1_boat", "Tax"]),
    "key": st.dictionaries(st.just("email"), TEXTS, min_size=1),
    "id": SCALARS,
    "optional": st.booleans(),
    "set": st.dictionaries(st.sampled_from(["email", "city", "a_1"]), SCALARS),
    "set_all": st.just("{{ body.a }}"),
    "label": st.just("Buyer"),
    "type": st.integers(1, 9),
    "category": st.sampled_from(["WORK", "USER_DEFINED"]),
    "activity": st.sampled_from(["notes", "Call", "0-27"]),
    "on": st.sampled_from(["contact", ["contact"]]) | st.lists(RECORD, min_size=1, max_size=2),
    "to": st.just("contact") | RECORD,
}
KEYED = {"key": {"email": "{{ body.a }}"}, "object": "Contacts"}
PAIR = ["contact", {"object": "deals", "id": 1}]
RIGHT: dict[Verb, list[dict[str, Any]]] = {
    Verb.UPSERT: [{"upsert": "deal", **KEYED}, {"upsert": " lead", "key": {"a": True}}],
    Verb.FIND: [{"find": "deal", **KEYED}, {"find": "it", **KEYED, "object": "p_boats"}],
    Verb.CREATE: [{"create": "deal", "set": {"city": 1.5}}, {"create": "lead", "set_all": True}],
    Verb.UPDATE: [
        {"update": "contact", "set": {"city": None}},
        {"update": {"object": "0-3", "id": 5}, "set_all": "{{ body.a }}"},
        {"update": "it", "object": "deals", "id": "{{ body.a }}", "set": {"city": "Oslo"}},
    ],
    Verb.ARCHIVE: [{"archive": "contact"}, {"archive": "deal", "id": 5}, {"archive": "x", **KEYED}],
    Verb.ASSOCIATE: [{"associate": PAIR}, {"associate": PAIR, "type": 3, "category": "WORK"}],
    Verb.DISSOCIATE: [{"dissociate": PAIR}, {"dissociate": PAIR, "label": "Buyer"}],
    Verb.LOG: [{"log": "note", "on": ["contact"]}, {"log": "call", "activity": "0-48", "on": PAIR}],
    Verb.PIN: [{"pin": "logged", "to": "contact"}],
    Verb.UNPIN: [{"unpin": "contact"}, {"unpin": {"object": "deals", "id": 1}}],
}


@st.composite
def steps(draw: st.DrawFn) -> dict[str, Any]:
    """A step that is right, with a field more perhaps, or with one that is anything."""
    verb = draw(st.sampled_from(list(Verb)))
    found = dict(draw(st.sampled_from(RIGHT[verb])))
    for name in draw(st.lists(st.sampled_from([*FIELDS[verb], *COMMON]), unique=True, max_size=2)):
        found[name] = draw(GOOD[name])
    if draw(st.integers(0, 3)) == 0:
        found[draw(st.sampled_from(sorted(found)))] = draw(ANY)
    return found


IDS = st.sampled_from(["{{ body.id }}", 5, None, True, ["{{ body.a }}", "b", 1]]) | ANY


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """A source file that is nearly right."""
    before: list[dict[str, Any]] = [
        {"upsert": "contact", "key": {"email": "{{ body.e }}"}},
        {"log": "logged", "on": "contact"},
    ]
    found: dict[str, Any] = {
        "source": "shop",
        "verify": {"scheme": "none"},
        "event": {"id": draw(IDS), "type": "t"},
        "on": {"order": before + draw(st.lists(steps(), max_size=1))},
    }
    more = {
        "about": ANY,
        "default": st.lists(steps(), max_size=1).map(lambda one: before + one),
        "vars": st.dictionaries(NAMED, ANY),
        "keep_headers": st.lists(TEXTS),
        "ignore": st.lists(SCALARS | st.just({"when": "{{ body.a }}", "because": ["x"]})),
        "answer": st.fixed_dictionaries({}, optional={"status": SCALARS, "body": SCALARS}),
    }
    for name in draw(st.lists(st.sampled_from(sorted(more)), unique=True, max_size=2)):
        found[name] = draw(more[name])
    if draw(st.integers(0, 5)) == 0:
        found[draw(st.sampled_from(sorted(found)))] = draw(ANY)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@given(found=files())
def test_whatever_loads_is_valid(folder: Path, found: dict[str, Any]) -> None:
    text = documents.dump(found)
    if loads(folder, text):
        SCHEMA.validate(documents.parse(text, name="shop.yaml").plain())


def test_many_of_those_files_load(folder: Path) -> None:
    loaded: list[bool] = []

    @given(found=files())
    def count(found: dict[str, Any]) -> None:
        loaded.append(loads(folder, documents.dump(found)))

    count()
    assert sum(loaded) > 10
