"""A call as data: one HTTP request to the CRM, and the inputs that it may carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request to the CRM, before it is sent."""

    name: str  # "batch upsert"
    object_type: str = ""
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    form: bool = False  # the body is form-encoded, not JSON; a form carries its own credentials
    inputs: int = 1  # how many inputs must be accounted for in the answer
    meter: str = "crm"  # the budget that it draws from: crm, search or associations
    repeat_safe: bool = True  # sending it twice has the effect of sending it once
    silent: bool = False  # a success may come without a body


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertRow:
    """One record of a batch upsert, named by the value of a unique property."""

    key: str
    properties: Mapping[str, str]
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTo:
    """An association that is made together with a record."""

    to_id: str
    category: str = "HUBSPOT_DEFINED"
    type_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRow:
    """One new record of a batch create, with its associations."""

    properties: Mapping[str, str]
    links: Sequence[LinkTo] = ()
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRow:
    """One record of a batch update, named by its id, or by a unique property's value."""

    id: str
    properties: Mapping[str, str]
    key_property: str | None = None
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Two records and the kind of their association."""

    from_id: str
    to_id: str
    category: str = "HUBSPOT_DEFINED"
    type_id: int | None = None


def types_body(*types: tuple[str, int | None]) -> list[dict[str, object]]:
    """Return association types, (category, id) each, as the CRM wants them."""
    return [
        {"associationCategory": category, "associationTypeId": type_id}
        for category, type_id in types
    ]


def links_body(links: Sequence[LinkTo]) -> list[dict[str, object]]:
    """Return the `associations` of a create: one entry for each record, with all its types."""
    by_record: dict[str, list[tuple[str, int | None]]] = {}
    for link in links:
        by_record.setdefault(link.to_id, []).append((link.category, link.type_id))
    return [
        {"to": {"id": to_id}, "types": types_body(*types)} for to_id, types in by_record.items()
    ]
