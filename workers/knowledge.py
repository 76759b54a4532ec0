"""What is known before a plan is made: ids, clocks, unique properties, labels, open intents."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from workers.changes import Keyed
from workers.objects import canonical
from workers.stamps import Clock, Stamp

HOOKLINE_KEY = "hookline_key"  # the property of ours that marks what we made
PINNED = "hs_pinned_engagement_id"

RecordId: TypeAlias = tuple[str, str]  # (object type, the CRM's id)
Definition: TypeAlias = tuple[str, str]  # (object type, property)
LabelKey: TypeAlias = tuple[str, str, str]  # (from type, to type, label; "" is the default)


class Uniqueness(StrEnum):
    """Whether the CRM keeps a property's values apart."""

    UNIQUE = "unique"
    PLAIN = "plain"
    NONE = "none"  # there is no such property


BUILT_IN = {
    ("contacts", "email"): Uniqueness.UNIQUE,
    ("companies", "domain"): Uniqueness.PLAIN,
    ("companies", "name"): Uniqueness.PLAIN,
    ("contacts", "phone"): Uniqueness.PLAIN,
    ("contacts", "mobilephone"): Uniqueness.PLAIN,
}


@dataclass(slots=True, kw_only=True)
class Knowledge:
    """What the store and the portal's schema say about what a turn's events mention."""

    ids: Mapping[Keyed, str] = field(default_factory=dict)
    archived: Mapping[Keyed, Stamp] = field(default_factory=dict)
    clocks: Mapping[RecordId, Mapping[str, Clock]] = field(default_factory=dict)
    definitions: Mapping[Definition, Uniqueness] = field(default_factory=dict)
    labels: Mapping[LabelKey, tuple[str, int] | None] = field(default_factory=dict)
    """Category and type id of each label, None for one that the portal does not have."""
    intents: Mapping[str, str] = field(default_factory=dict)  # operation key → id, "" if open
    one_of_a_kind: bool = False  # two records with one key are left alone; else the oldest is taken
    unread: frozenset[tuple[str, ...]] = frozenset()
    """The types, and pairs of types, of which we may not read the properties or the labels."""
    young: frozenset[str] = frozenset()  # open intents on which the CRM may still act

    def uniqueness(self, object_type: str, name: str) -> Uniqueness:
        """Return how the portal keeps `name`; NONE for one that was not looked up."""
        definition = (object_type, name)
        return BUILT_IN.get(definition) or self.definitions.get(definition, Uniqueness.NONE)

    def keeps_apart(self, object_type: str) -> bool:
        """Return True if the CRM itself refuses a second record of the same operation key."""
        return self.uniqueness(object_type, HOOKLINE_KEY) is Uniqueness.UNIQUE


def identity(key: Keyed) -> Keyed:
    """Return the one form of a key, so that two spellings of a record are one."""
    object_type = canonical(key.object_type)
    value = key.value.strip()
    if key.property in ("email", "domain"):
        value = value.lower()
    if value == key.value and object_type == key.object_type:
        return key  # most are in that form already
    return Keyed(object_type=object_type, property=key.property, value=value)


def operation_key(*parts: str) -> str:
    """Return a short name that is the same whenever the same thing is asked again."""
    return hashlib.blake2s("\x1f".join(parts).encode(), digest_size=12).hexdigest()
