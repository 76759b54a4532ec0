"""Answers about definitions → properties, schemas, pipelines. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.crm.rows import Reply
from workers.crm.shapes import items, mapping, text, texts, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """The definition of a property."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    unique: bool
    read_only: bool
    calculated: bool
    archived: bool
    options: tuple[str, ...] = ()  # their internal values


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of properties."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of a pipeline."""

    id: str
    label: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline and its stages, in the order in which they are shown."""

    id: str
    label: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The schema of an object type."""

    id: str  # 2-123
    name: str
    full_name: str  # p456_name
    labels: Mapping[str, str]
    required: tuple[str, ...]
    properties: tuple[Property, ...]


def properties(reply: Reply) -> tuple[Property, ...]:
    """Return the definitions of a list or of a batch."""
    return tuple(_property(item) for item in _results(reply))


def property_of(reply: Reply) -> Property:
    """Return the one definition of an answer."""
    return _property(mapping(reply.body))


def groups(reply: Reply) -> tuple[Group, ...]:
    """Return the groups of properties."""
    return tuple(
        Group(name=text(item.get("name")), label=text(item.get("label")))
        for item in _results(reply)
    )


def pipelines(reply: Reply) -> tuple[Pipeline, ...]:
    """Return the pipelines of an object type."""
    return tuple(_pipeline(item) for item in _ordered(_results(reply)))


def pipeline(reply: Reply) -> Pipeline:
    """Return the one pipeline of an answer."""
    return _pipeline(mapping(reply.body))


def stages(reply: Reply) -> tuple[Stage, ...]:
    """Return the stages of a pipeline."""
    return tuple(_stage(item) for item in _ordered(_results(reply)))


def stage(reply: Reply) -> Stage:
    """Return the one stage of an answer."""
    return _stage(mapping(reply.body))


def schemas(reply: Reply) -> tuple[Schema, ...]:
    """Return the schemas of a portal's custom objects."""
    return tuple(_schema(item) for item in _results(reply))


def schema(reply: Reply) -> Schema:
    """Return the one schema of an answer."""
    return _schema(mapping(reply.body))


def _results(reply: Reply) -> list[Mapping[str, object]]:
    return items(mapping(reply.body).get("results"))


def _ordered(found: list[Mapping[str, object]]) -> list[Mapping[str, object]]:
    return sorted(found, key=lambda item: whole(item.get("displayOrder")) or 0)


def _property(item: Mapping[str, object]) -> Property:
    return Property(
        name=text(item.get("name")),
        label=text(item.get("label")),
        type=text(item.get("type")),
        field_type=text(item.get("fieldType")),
        group=text(item.get("groupName")),
        unique=item.get("hasUniqueValue") is True,
        read_only=mapping(item.get("modificationMetadata")).get("readOnlyValue") is True,
        calculated=item.get("calculated") is True,
        archived=item.get("archived") is True,
        options=tuple(text(each.get("value")) for each in items(item.get("options"))),
    )


def _pipeline(item: Mapping[str, object]) -> Pipeline:
    return Pipeline(
        id=text(item.get("id")),
        label=text(item.get("label")),
        stages=tuple(_stage(each) for each in _ordered(items(item.get("stages")))),
    )


def _stage(item: Mapping[str, object]) -> Stage:
    return Stage(
        id=text(item.get("id")),
        label=text(item.get("label")),
        metadata={name: text(value) for name, value in mapping(item.get("metadata")).items()},
    )


def _schema(item: Mapping[str, object]) -> Schema:
    return Schema(
        id=text(item.get("objectTypeId")),
        name=text(item.get("name")),
        full_name=text(item.get("fullyQualifiedName")),
        labels={name: text(value) for name, value in mapping(item.get("labels")).items()},
        required=texts(item.get("requiredProperties")),
        properties=tuple(_property(each) for each in items(item.get("properties"))),
    )
