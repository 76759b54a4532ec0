"""Answers about associations → pairs, labels, and who is associated with whom. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from workers.crm.faults import RowError, error
from workers.crm.rows import Reply
from workers.crm.shapes import after, items, mapping, optional, text, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One association of an answer."""

    from_id: str
    to_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsReply:
    """The associations that a batch made, and its errors."""

    results: tuple[Pair, ...]
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One association type; `label` is None for the unlabelled one."""

    category: str
    type_id: int
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A record that another is associated with, and how."""

    id: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPage:
    """One page of the records that another is associated with."""

    results: tuple[Linked, ...]
    next: str | None


def pairs(reply: Reply) -> PairsReply:
    """Return the associations that a batch says it made; empty for a 204."""
    body = mapping(reply.body)
    return PairsReply(
        results=tuple(
            Pair(from_id=_end(item, "fromObjectId", "from"), to_id=_end(item, "toObjectId", "to"))
            for item in items(body.get("results"))
        ),
        errors=tuple(error(item) for item in items(body.get("errors"))),
    )


def associations(reply: Reply) -> dict[str, tuple[str, ...]]:
    """Return which records each record of a batch read is associated with, each id once.

    Where there are more than one answer holds, `unfinished` has the cursor.
    """
    found: dict[str, tuple[str, ...]] = {}
    for item in items(mapping(reply.body).get("results")):
        to_ids = [_end(to, "toObjectId", "to") for to in items(item.get("to"))]
        found[_end(item, "fromObjectId", "from")] = tuple(dict.fromkeys(to_ids))
    return found


def unfinished(reply: Reply) -> dict[str, str]:
    """Return the cursor of each record of a batch read whose associations go on."""
    found = {
        _end(item, "fromObjectId", "from"): after(item)
        for item in items(mapping(reply.body).get("results"))
    }
    return {from_id: cursor for from_id, cursor in found.items() if cursor is not None}


def linked(reply: Reply) -> LinkedPage:
    """Return a page of the records that one is associated with, and how."""
    body = mapping(reply.body)
    return LinkedPage(
        results=tuple(
            Linked(
                id=_end(item, "toObjectId", "to"),
                labels=tuple(_label(each) for each in items(item.get("associationTypes"))),
            )
            for item in items(body.get("results"))
        ),
        next=after(body),
    )


def labels(reply: Reply) -> tuple[Label, ...]:
    """Return the association types of two object types."""
    return tuple(_label(item) for item in items(mapping(reply.body).get("results")))


def _label(item: Mapping[str, object]) -> Label:
    return Label(
        category=text(item.get("category")),
        type_id=whole(item.get("typeId")) or 0,
        label=optional(item.get("label")),
    )


def _end(item: Mapping[str, object], plain: str, nested: str) -> str:
    direct = item.get(plain)
    return text(mapping(item.get(nested)).get("id")) if direct is None else text(direct)
