"""What a portal says of the object types, properties and associations that mappings use."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.crm.described import Pipeline, Property
from workers.crm.replies import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object type as the portal has it; None for what could not be asked."""

    name: str
    properties: Mapping[str, Property]
    required: tuple[str, ...] | None = None
    pipelines: tuple[Pipeline, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is known of a portal. A type that is in neither `types` nor `absent` is not judged."""

    portal: str
    types: Mapping[str, ObjectType] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()  # types that the portal does not have
    custom: tuple[str, ...] = ()  # the names of its custom objects
    labels: Mapping[tuple[str, str], tuple[Label, ...]] = field(default_factory=dict)
    refused: str = ""  # why nothing at all could be asked
    unasked: tuple[str, ...] = ()  # a line for each part that could not be asked
