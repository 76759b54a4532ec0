"""What a source file says, compiled: frozen values that `loading` makes and `translate` follows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from workers.changes import Link
from workers.expressions import Expression
from workers.signatures import Scheme

# Properties that HubSpot shows as HTML, so that a payload's text must not be taken for it.
HTML = re.compile(r"hs_\w+_(body|html)|hs_internal_meeting_notes")


class Verb(StrEnum):
    """What a step does; each is the word that begins it in the file."""

    UPSERT = "upsert"
    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    ASSOCIATE = "associate"
    DISSOCIATE = "dissociate"
    LOG = "log"
    PIN = "pin"
    UNPIN = "unpin"
    FIND = "find"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a property is to become."""

    property: str
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The record (or activity) of an earlier step."""

    name: str
    aligned: bool = False  # both steps repeat over the same list: the same element is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class ByKey:
    """The record that has this value of a property."""

    object_type: str
    value: Value
    optional: bool = False  # no record is meant when it is empty, instead of a fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ById:
    """The record with the CRM's own id."""

    object_type: str
    id: Expression
    optional: bool = False


Reference: TypeAlias = Earlier | ByKey | ById


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a mapping. Which fields it has depends on its verb; `loading` sees to that."""

    verb: Verb
    name: str
    place: str
    when: Expression | None = None
    each: Expression | None = None
    portals: frozenset[str] = frozenset()  # those it is for; none: for each
    object_type: str = ""  # what is made: CREATE, LOG
    about: Reference | None = None  # the record it is about; for PIN the activity
    others: tuple[Reference, ...] = ()  # ASSOCIATE: the other one; LOG: `on`; PIN: `to`
    values: tuple[Value, ...] = ()
    more_values: Expression | None = None  # a mapping of properties, made of the event
    link: Link = field(default_factory=Link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwanted:
    """A condition under which events are ignored, and why."""

    when: Expression
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where an event's id, type and time are in what arrives."""

    id: tuple[Expression, ...]  # several: a hash of them all
    type: Expression
    time: Expression | None = None
    each: Expression | None = None  # the events of a body that carries several
    body: Expression | None = None  # what the event's body is, if not what arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind of sender, and what its events ask of the CRM."""

    name: str
    scheme: Scheme
    reading: Reading
    on: Mapping[str, tuple[Step, ...]]  # exact types
    families: Sequence[tuple[str, tuple[Step, ...]]]  # beginnings of types, the longest first
    default: tuple[Step, ...] | None = None
    unwanted: tuple[Unwanted, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    kept_headers: frozenset[str] = frozenset()
    answer: Mapping[str, object] = field(default_factory=dict)
    handshake: Mapping[str, object] = field(default_factory=dict)
    portals: tuple[str, ...] = ()  # of the endpoint; () if it is read without one
    choice: Expression | None = None  # which of them an event is for
    file: str = ""

    def steps_for(self, type: str) -> tuple[Step, ...] | None:
        """Return the steps for a type: () if it is ignored on purpose, None if it is unknown."""
        steps = self.on.get(type)
        if steps is not None:
            return steps
        for beginning, steps in self.families:
            if type.startswith(beginning):
                return steps
        return self.default

    def why_nothing(self, type: str) -> str:
        """Return why an event of this type asks for nothing."""
        match self.steps_for(type):
            case None:
                return f"{self.file} maps no {type!r}; add it under `on`, or `default`"
            case ():
                return f"{self.file} ignores {type!r}"
            case steps:
                why = "no step's `when` was true"
                if any(step.portals for step in steps):
                    why += ", or none is for this portal"
                if self.unwanted:
                    why += ", or `ignore` names it"
                return f"{steps[0].place}: {why}"
