"""The standard object types and their properties, as a new account has them.

The facts are in `data/object_types.json`: for each type its names, what a create must have, what a
read gives unasked, and its properties by their type.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

import orjson

PIN = "hs_pinned_engagement_id"
OWNER = "hubspot_owner_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A property as an account defines it."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = "information"
    options: tuple[tuple[str, str], ...] = ()  # (label, value)
    unique: bool = False
    read_only: bool = False
    calculated: bool = False
    defined_by_hubspot: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object type: its names, what a create must have, what a read gives unasked."""

    id: str
    name: str
    singular: str
    required: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()  # at least one of these
    required_2026_09: tuple[str, ...] | None = None  # None: as ever
    defaults: tuple[str, ...] = ()
    display: str = ""
    searched: tuple[str, ...] = ()  # what a search's `query` looks into
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    pinnable: bool = False
    activity: bool = False
    activatable: bool = False
    read_only: bool = False
    custom: bool = False
    labels: tuple[tuple[str, str], ...] = ()  # (singular or plural, what people see)
    properties: dict[str, Definition] = field(default_factory=dict)


_FIELDS = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
}
_YES_OR_NO = (("Yes", "true"), ("No", "false"))
_OF_EVERY_ACTIVITY = {
    "datetime": ["hs_timestamp"],
    "string": ["hs_attachment_ids", "hs_body_preview"],
}


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()


def _define(
    name: str,
    kind: str,
    *,
    field_type: str = "",
    options: tuple[tuple[str, str], ...] = (),
    unique: Sequence[str] = (),
    read_only: Sequence[str] = (),
) -> Definition:
    return Definition(
        name=name,
        label=_label(name),
        type=kind,
        field_type=field_type or _FIELDS[kind],
        options=_YES_OR_NO if kind == "bool" else options,
        unique=name in unique,
        read_only=name in read_only,
    )


def _options(listed: Iterable[str | Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_label(each), each) if isinstance(each, str) else (each[0], each[1]) for each in listed
    )


def system(
    *, created: str = "createdate", modified: str = "hs_lastmodifieddate", pinnable: bool
) -> dict[str, Definition]:
    """Return the properties that records of every type have."""
    stamps = dict.fromkeys((created, modified, "hs_createdate"))
    texts = ("hs_object_source", "hs_object_source_id", "hs_unique_creation_key")
    listed = [_define(name, "datetime", read_only=(name,)) for name in stamps]
    listed += [_define(name, "string", read_only=(name,)) for name in texts]
    listed.append(_define("hs_object_id", "number", read_only=("hs_object_id",)))
    listed.append(_define("hs_merged_object_ids", "string", read_only=("hs_merged_object_ids",)))
    listed.append(_define(OWNER, "enumeration"))
    if pinnable:
        listed.append(_define(PIN, "number"))
    return {each.name: each for each in listed}


def _properties(found: Mapping[str, Any], *, created: str, modified: str) -> list[Definition]:
    unique, fixed = found.get("unique", ()), found.get("read_only_properties", ())
    listed = []
    own = [found["properties"], *([_OF_EVERY_ACTIVITY] if found.get("activity") else [])]
    for group in own:
        for kind, names in group.items():
            if kind == "choice":
                listed += [
                    _define(name, "enumeration", field_type=first, options=_options(rest))
                    for name, (first, *rest) in names.items()
                ]
            else:
                listed += [_define(n, kind, unique=unique, read_only=fixed) for n in names]
    pinnable = found.get("pinnable", False)
    return [*listed, *system(created=created, modified=modified, pinnable=pinnable).values()]


@cache
def _loaded() -> dict[str, ObjectType]:
    text = resources.files("app.sandbox").joinpath("data/object_types.json").read_bytes()
    types: dict[str, ObjectType] = {}
    for type_id, found in orjson.loads(text).items():
        created = found.get("created", "createdate")
        modified = found.get("modified", "hs_lastmodifieddate")
        later = found.get("required_2026_09")
        types[type_id] = ObjectType(
            id=type_id,
            name=found["name"],
            singular=found["singular"],
            required=tuple(found.get("required", ())),
            any_of=tuple(found.get("any_of", ())),
            required_2026_09=None if later is None else tuple(later),
            defaults=tuple(found.get("defaults", ())),
            display=found.get("display", ""),
            searched=tuple(found.get("searched", ())),
            created=created,
            modified=modified,
            pinnable=found.get("pinnable", False),
            activity=found.get("activity", False),
            activatable=found.get("activatable", False),
            read_only=found.get("read_only", False),
            properties={
                each.name: each for each in _properties(found, created=created, modified=modified)
            },
        )
    return types


def object_types() -> dict[str, ObjectType]:
    """Return the standard object types by id, each with a table of properties of its own."""
    return {
        type_id: replace(kind, properties=dict(kind.properties))
        for type_id, kind in _loaded().items()
    }


ACTIVITIES = frozenset(kind.id for kind in _loaded().values() if kind.activity)
LIFECYCLE = tuple(value for _, value in _loaded()["0-1"].properties["lifecyclestage"].options)

DEAL_STAGES = (
    ("appointmentscheduled", "0.2"),
    ("qualifiedtobuy", "0.4"),
    ("presentationscheduled", "0.6"),
    ("decisionmakerboughtin", "0.8"),
    ("contractsent", "0.9"),
    ("closedwon", "1.0"),
    ("closedlost", "0.0"),
)
TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)
