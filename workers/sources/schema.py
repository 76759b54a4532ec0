"""A JSON Schema of source files, so that editors complete and underline as one writes."""

from collections.abc import Iterable, Mapping
from typing import Any

from workers.answers.model import PRESETS as HANDSHAKES
from workers.objects import ACTIVITIES, TYPE_IDS
from workers.signatures.presets import PRESETS as SCHEMES
from workers.sources.loading import READING_FIELDS
from workers.sources.model import Verb
from workers.sources.steps import CATEGORIES, COMMON, FIELDS

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
VALUE: Schema = {"type": ["string", "number", "boolean", "null"]}
EXPRESSION: Schema = {"type": "string", "pattern": r"\{\{[\s\S]*\}\}"}
CONDITION: Schema = {"anyOf": [EXPRESSION, {"const": True}]}
KEY: Schema = {
    "description": "The one property whose value names the record.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": {"type": ["string", "number"]},
}
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
    """Return the schema of source and mapping files."""
    steps: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hookline source",
        "type": "object",
        "additionalProperties": False,
        "required": ["source"],
        "properties": {
            "about": TEXT,
            "source": TEXT,
            "verify": {
                "type": "object",
                "required": ["scheme"],
                "properties": {"scheme": {"enum": sorted(SCHEMES)}},
            },
            "handshake": {"type": "object", "examples": [{name: {}} for name in HANDSHAKES]},
            "answer": _closed({"status": {"type": "integer"}, "body": TEXT, "type": TEXT}),
            "event": _closed(_reading()),
            "vars": {"type": "object"},
            "keep_headers": {"type": "array", "items": TEXT},
            "on": {
                "description": "Steps by type; a.b, a.c or a.*",
                "type": "object",
                "additionalProperties": steps,
            },
            "default": steps,
            "ignore": {
                "type": "array",
                "items": {"anyOf": [TEXT, _closed({"when": CONDITION, "because": TEXT}, ["when"])]},
            },
        },
        "$defs": {
            "step": {"oneOf": [_step(verb) for verb in Verb]},
            "record": {
                "description": "The name of an earlier step, or a record by key or id.",
                "anyOf": [
                    TEXT,
                    _closed(
                        {
                            "object": _object(),
                            "key": KEY,
                            "id": {"type": ["string", "number"]},
                            "optional": {"type": "boolean"},
                        },
                        ["object"],
                    ),
                ],
            },
        },
    }


def _closed(properties: Schema, required: Iterable[str] = ()) -> Schema:
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**({"description": ABOUT[name]} if name in ABOUT else {}), **each}
            for name, each in properties.items()
        },
    }
    return {**schema, "required": list(required)} if required else schema


def _reading() -> Schema:
    single = dict.fromkeys(READING_FIELDS, EXPRESSION)
    several = {"type": "array", "minItems": 1, "items": TEXT}
    return {**single, "id": {"anyOf": [TEXT, several]}, "type": TEXT}


def _object() -> Schema:
    return {"anyOf": [{"enum": sorted(TYPE_IDS)}, TEXT]}


def _step(verb: Verb) -> Schema:
    record: Schema = {"$ref": "#/$defs/record"}
    fields: Schema = {
        "when": CONDITION,
        "each": EXPRESSION,
        "name": TEXT,
        "portal": {"anyOf": [TEXT, {"type": "array", "minItems": 1, "items": TEXT}]},
        "object": _object(),
        "key": KEY,
        "id": {"type": ["string", "number"]},
        "optional": {"type": "boolean"},
        "set": {"type": "object", "additionalProperties": VALUE},
        "set_all": EXPRESSION,
        "label": TEXT,
        "type": {"type": "integer"},
        "category": {"enum": list(CATEGORIES)},
        "activity": {"enum": sorted(ACTIVITIES)},
        "on": {"anyOf": [record, {"type": "array", "minItems": 1, "items": record}]},
        "to": record,
    }
    subject: Schema = TEXT
    if verb in (Verb.ASSOCIATE, Verb.DISSOCIATE):
        subject = {"type": "array", "minItems": 2, "maxItems": 2, "items": record}
    elif verb is Verb.UNPIN:
        subject = record
    needed = {Verb.UPSERT: ["key"], Verb.FIND: ["key"], Verb.LOG: ["on"], Verb.PIN: ["to"]}
    chosen = {name: fields[name] for name in (*FIELDS[verb], *COMMON)}
    return _closed({verb.value: subject, **chosen}, [verb.value, *needed.get(verb, ())])
