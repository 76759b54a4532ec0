"""Answers about a portal itself → what it is made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.crm.rows import Reply
from workers.crm.shapes import items, mapping, optional, text, texts, whole


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
class Owner:
    """Somebody, or a queue, that records can belong to."""

    id: str
    type: str
    email: str
    first_name: str
    last_name: str
    user_id: str | None
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The schema of an object type."""

    id: str  # 2-123
    name: str
    full_name: str  # p456_name
    labels: Mapping[str, str]
    required: tuple[str, ...]
    primary_display: str
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account itself."""

    portal_id: str
    type: str
    time_zone: str
    currency: str
    ui_domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a daily limit is used."""

    name: str
    limit: int | None
    used: int | None
    resets_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, and what renews it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int


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


def owners(reply: Reply) -> tuple[Owner, ...]:
    """Return a page of owners."""
    return tuple(_owner(item) for item in _results(reply))


def owner(reply: Reply) -> Owner:
    """Return the one owner of an answer."""
    return _owner(mapping(reply.body))


def schemas(reply: Reply) -> tuple[Schema, ...]:
    """Return the schemas of a portal's custom objects."""
    return tuple(_schema(item) for item in _results(reply))


def schema(reply: Reply) -> Schema:
    """Return the one schema of an answer."""
    return _schema(mapping(reply.body))


def enablement(reply: Reply) -> dict[str, bool]:
    """Return which object types, by id, are activated; those not named need no activation."""
    named = mapping(mapping(reply.body).get("enablementByObjectTypeId"))
    return {type_id: value is True for type_id, value in named.items()}


def enabled(reply: Reply) -> bool:
    """Return True if the object type that was asked about is activated."""
    return mapping(reply.body).get("enablement") is True


def account(reply: Reply) -> Account:
    """Return the account's own details."""
    body = mapping(reply.body)
    return Account(
        portal_id=text(body.get("portalId")),
        type=text(body.get("accountType")),
        time_zone=text(body.get("timeZone")),
        currency=text(body.get("companyCurrency")),
        ui_domain=text(body.get("uiDomain")),
    )


def usage(reply: Reply) -> tuple[Usage, ...]:
    """Return how much of each daily limit is used."""
    return tuple(
        Usage(
            name=text(item.get("name")),
            limit=whole(item.get("usageLimit")),
            used=whole(item.get("currentUsage")),
            resets_at=text(item.get("resetsAt")),
        )
        for item in _results(reply)
    )


def token(reply: Reply) -> Token:
    """Return the access token of an exchange or refresh."""
    body = mapping(reply.body)
    return Token(
        access_token=text(body.get("access_token")),
        refresh_token=text(body.get("refresh_token")),
        expires_in_s=whole(body.get("expires_in")) or 0,
    )


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


def _owner(item: Mapping[str, object]) -> Owner:
    return Owner(
        id=text(item.get("id")),
        type=text(item.get("type")),
        email=text(item.get("email")),
        first_name=text(item.get("firstName")),
        last_name=text(item.get("lastName")),
        user_id=optional(item.get("userId")),
        archived=item.get("archived") is True,
    )


def _schema(item: Mapping[str, object]) -> Schema:
    return Schema(
        id=text(item.get("objectTypeId")),
        name=text(item.get("name")),
        full_name=text(item.get("fullyQualifiedName")),
        labels={name: text(value) for name, value in mapping(item.get("labels")).items()},
        required=texts(item.get("requiredProperties")),
        primary_display=text(item.get("primaryDisplayProperty")),
        properties=tuple(_property(each) for each in items(item.get("properties"))),
    )
