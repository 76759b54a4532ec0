"""A JSON Schema of source files, so that editors complete and underline as one writes."""

from collections.abc import Iterable, Mapping
from typing import Any

from workers.answers.model import PRESETS as HANDSHAKES
from workers.objects import ACTIVITIES, TYPE_IDS, canonical
from workers.signatures.presets import PRESETS as SCHEMES
from workers.sources.compiling import READING_FIELDS
from workers.sources.model import Verb
from workers.sources.references import NAME, PROPERTY
from workers.sources.steps import CATEGORIES, COMMON, FIELDS

Schema = dict[str, Any]
WORD: Schema = {"type": "string", "pattern": r"\S"}
VALUE: Schema = {"type": ["string", "number", "boolean", "null"]}
EXPRESSION: Schema = {"type": "string", "pattern": r"\{\{[\s\S]*\}\}"}
SINGLE: Schema = {"anyOf": [EXPRESSION, {"type": "boolean"}]}
CONDITION: Schema = {"anyOf": [EXPRESSION, {"const": True}]}
OWN_NAME: Schema = {"type": "string", "pattern": rf"^\s*(?:{NAME.pattern})\s*$"}
PROPERTIES: Schema = {"pattern": f"^(?:{PROPERTY.pattern})$"}
KEY: Schema = {
    "description": "The one property whose value names the record.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "propertyNames": PROPERTIES,
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
NAMED = (Verb.UPSERT, Verb.CREATE, Verb.FIND, Verb.LOG)
OF_SOURCES = ("about", "answer", "event", "handshake", "verify")  # a mapping file has none of them
ABOUT: Mapping[str, str] = {
    "upsert": "Create the record that the key names, or update the one that is there.",
    "create": "Make a new record, once for each event.",
    "update": "Update a record that is there: of an earlier step, or by key or id.",
    "archive": "Archive a record: of an earlier step, or by key or id.",
    "associate": "Associate two records.",
    "dissociate": "Take an association of two records away.",
    "log": "Make an activity on one or more records, once for each event.",
    "pin": "Pin an activity of this event to a record.",
    "unpin": "Leave nothing pinned to a record.",
    "find": "Know a record without writing it.",
    "when": "Leave the step out, and what refers to it, unless this is true.",
    "each": "Repeat the step for each element of a list, as `item` and `index`.",
    "name": "A name for a step that has none.",
    "portal": "The portal that the step is for, or several; without it, each one.",
    "object": "The type of record: a name, or an id such as 2-123.",
    "set": "Properties to set. Missing values are left out; null clears.",
    "set_all": "A mapping of properties, made of the event.",
    "optional": "Leave the step out where its key or id has no value.",
    "label": "The association's label.",
    "type": "The association's number.",
    "on": "The records that the activity hangs on.",
}


def json_schema() -> Schema:
    """Return the schema of source and mapping files.

    It accepts whatever loads, and finds what is wrong in the form of a file; what only makes sense
    as a whole (names of steps, types that are there twice, expressions) `hookline check` finds.
    """
    steps: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    ignored = _closed({"when": CONDITION, "because": {}}, ["when"])
    types = (
        r"^(?:\s*[^\s,*][^,*]*(?:\*\s*)?|\s*\*\s*)(?:,(?:\s*[^\s,*][^,*]*(?:\*\s*)?|\s*\*\s*))*$"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hookline source",
        "type": "object",
        "additionalProperties": False,
        "anyOf": [{"required": [each]} for each in ("on", "default", "ignore")],
        "if": {"anyOf": [{"required": [each]} for each in OF_SOURCES]},
        "then": {"required": ["source", "verify", "event"]},
        "properties": {
            "about": {"description": "What the source is, for people."},
            "source": {"description": "Whose events these are.", **WORD},
            "verify": {
                "description": "How the sender proves itself.",
                "type": "object",
                "required": ["scheme"],
                "properties": {"scheme": {"enum": sorted(SCHEMES)}},
            },
            "handshake": _handshakes(),
            "answer": _answer(),
            "event": _closed(_reading(), ["id", "type"]),
            "vars": {"type": "object"},
            "keep_headers": {"type": "array", "items": WORD},
            "on": {
                "description": "Steps by type; a.b, a.c or a.*",
                "type": "object",
                "propertyNames": {"pattern": types},
                "additionalProperties": steps,
            },
            "default": steps,
            "ignore": {"type": "array", "items": {"anyOf": [VALUE, ignored]}},
        },
        "$defs": {
            "step": {"oneOf": [_step(verb) for verb in Verb]},
            "record": {
                "description": "The name of an earlier step, or a record by key or id.",
                "anyOf": [WORD, _record()],
            },
            "type": _any_case(_spellings(TYPE_IDS), r"\d-\d+|p_?\w+|p\d+_\w+"),
            "known_type": _any_case(_spellings(TYPE_IDS)),
            "activity": _any_case(_spellings(ACTIVITIES)),
        },
    }


def _closed(properties: Schema, required: Iterable[str] = (), **more: object) -> Schema:
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**({"description": ABOUT[name]} if name in ABOUT else {}), **each}
            for name, each in properties.items()
        },
        **more,
    }
    return {**schema, "required": list(required)} if required else schema


def _reading() -> Schema:
    single = dict.fromkeys(READING_FIELDS, SINGLE)
    several = {"type": "array", "minItems": 1, "items": VALUE}
    return {**single, "id": {"anyOf": [VALUE, several]}, "type": VALUE}


def _answer() -> Schema:
    return _closed(
        {
            "status": {"type": "integer", "minimum": 200, "maximum": 299},
            "body": {"type": ["string", "null"]},
            "type": {"type": "string", "pattern": r"^[\w.+-]+/[\w.+-]+$"},
        }
    )


def _handshakes() -> Schema:
    """Return the schema of handshakes: those that have a name, and others that say their method."""
    named: Schema = {"type": ["object", "null"]}
    return {
        "type": "object",
        "properties": dict.fromkeys(HANDSHAKES, named),
        "additionalProperties": {"type": "object", "required": ["method"]},
    }


def _spellings(names: Iterable[str]) -> list[str]:
    """Return every way to write an object type: singular, plural or id."""
    forms = {*TYPE_IDS, *TYPE_IDS.values(), *(name.removesuffix("s") for name in TYPE_IDS)}
    forms |= {"company", "postal_mails", "tax"}
    wanted = {*names}
    return sorted(form for form in forms if canonical(form) in wanted)


def _any_case(forms: list[str], *patterns: str) -> Schema:
    """Return a schema of words in upper and lower case, which editors complete in lower case."""
    folded = ("".join(_either(letter) for letter in form) for form in forms)
    whole = "|".join((*folded, *patterns))
    return {"type": "string", "anyOf": [{"enum": forms}, {"pattern": rf"^\s*(?:{whole})\s*$"}]}


def _either(letter: str) -> str:
    return f"[{letter}{letter.upper()}]" if letter.isalpha() else letter


def _record() -> Schema:
    """Return the schema of a record that is named in place."""
    fields = {"object": {"$ref": "#/$defs/type"}, "key": KEY, "id": VALUE}
    fields["optional"] = {"type": "boolean"}
    return _closed(fields, ["object"], oneOf=[{"required": ["key"]}, {"required": ["id"]}])


def _step(verb: Verb) -> Schema:
    record: Schema = {"$ref": "#/$defs/record"}
    fields: Schema = {
        "when": CONDITION,
        "each": SINGLE,
        "name": WORD,
        "portal": {"anyOf": [WORD, {"type": "array", "minItems": 1, "items": WORD}]},
        "object": {"$ref": "#/$defs/type"},
        "key": KEY,
        "id": VALUE,
        "optional": {"type": "boolean"},
        "set": {
            "type": "object",
            "propertyNames": PROPERTIES,
            "additionalProperties": VALUE,
        },
        "set_all": SINGLE,
        "label": WORD,
        "type": {"type": "integer"},
        "category": {"enum": list(CATEGORIES)},
        "activity": {"$ref": "#/$defs/activity"},
        "on": {"anyOf": [record, {"type": "array", "minItems": 1, "items": record}]},
        "to": record,
    }
    chosen = {name: fields[name] for name in (*FIELDS[verb], *COMMON)}
    if verb in NAMED:
        chosen["name"] = {"not": {}}  # it is called what stands behind its verb
    needed = {Verb.UPSERT: ["key"], Verb.FIND: ["key"], Verb.LOG: ["on"], Verb.PIN: ["to"]}
    required = [verb.value, *needed.get(verb, ())]
    return _closed({verb.value: _subject(verb), **chosen}, required, allOf=_rules(verb))


def _subject(verb: Verb) -> Schema:
    """Return what stands behind a verb."""
    record: Schema = {"$ref": "#/$defs/record"}
    match verb:
        case Verb.ASSOCIATE | Verb.DISSOCIATE:
            return {"type": "array", "minItems": 2, "maxItems": 2, "items": record}
        case Verb.UPDATE | Verb.ARCHIVE | Verb.UNPIN:
            return record
        case Verb.PIN:
            return WORD
        case _:
            return OWN_NAME


def _rules(verb: Verb) -> list[Schema]:
    """Return what the fields of a step must be to one another."""
    rules: list[Schema] = [{}]
    own_type: Schema = {"properties": {verb.value: {"$ref": "#/$defs/known_type"}}}
    typed: Schema = {"anyOf": [{"required": ["object"]}, own_type]}
    if verb in (Verb.UPSERT, Verb.CREATE, Verb.FIND):
        rules.append(typed)
    if verb in (Verb.UPDATE, Verb.ARCHIVE):
        inline = {"anyOf": [{"required": [each]} for each in ("object", "key", "id")]}
        by_one = {"oneOf": [{"required": ["key"]}, {"required": ["id"]}]}
        named: Schema = {"properties": {verb.value: OWN_NAME, "name": {"not": {}}}}
        rules.append({"if": inline, "then": {"allOf": [named, typed, by_one]}})
    if verb in (Verb.CREATE, Verb.UPDATE):
        some: Schema = {"required": ["set"], "properties": {"set": {"minProperties": 1}}}
        rules.append({"anyOf": [some, {"required": ["set_all"]}]})
    if verb in (Verb.ASSOCIATE, Verb.DISSOCIATE):
        rules.append({"not": {"required": ["label", "type"]}})
        rules.append({"dependentRequired": {"category": ["type"]}})
    return rules
