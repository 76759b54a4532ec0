"""Search: filters, sorts and pages over an index that lags behind the records."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request

from app.sandbox import asking
from app.sandbox.asking import answer, mapping, number_of, text, words
from app.sandbox.batches import Body
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError
from app.sandbox.filters import OPERATORS, order
from app.sandbox.model import Record
from app.sandbox.shapes import shown

MOST_CHARACTERS, MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 3_000, 5, 6, 18
MOST_HITS, PAGE, MOST_PAGE = 10_000, 10, 200

Hit = tuple[Record, Mapping[str, str]]  # a record, and what the index knows of it


def blueprint(crm: Crm) -> Blueprint:
    """Return the search route below /crm/v3/objects/TYPE and its dated forms."""
    page = Blueprint("search", __name__)

    @page.post("/<name>/search")
    def search(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        if len(request.get_data().decode(errors="replace")) > MOST_CHARACTERS:
            raise ApiError(400, f"The body is longer than {MOST_CHARACTERS} characters.")
        groups = _groups(crm, kind, found)
        limit = number_of(found.get("limit") or PAGE, "limit")
        start = number_of(found.get("after") or 0, "after")
        if limit > MOST_PAGE or start + limit > MOST_HITS:
            raise ApiError(400, f"At most {MOST_PAGE} a page and the first {MOST_HITS} hits.")
        now = crm.now()
        query = text(found.get("query")).lower()
        hits: list[Hit] = []
        for record in crm.all(kind):
            seen = crm.indexed(record, now=now)
            if seen is None or (query and not _is_in(query, kind, seen)):
                continue
            if not groups or any(
                all(_meets(crm, kind, record, seen, f) for f in g) for g in groups
            ):
                hits.append((record, seen))
        _sort(kind, hits, found)
        wanted = words(found.get("properties"))
        results = [
            shown(crm, kind, record, properties=wanted, held=seen)
            for record, seen in hits[start : start + limit]
        ]
        body: Body = {"total": len(hits), "results": results}
        if len(hits) > start + limit:
            after = str(start + limit)
            body["paging"] = {"next": {"after": after, "link": f"{request.base_url}?after={after}"}}
        return answer(body)

    return page


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _groups(crm: Crm, kind: ObjectType, found: Body) -> list[list[Body]]:
    """Return the filter groups of a body. Raises ApiError for too many, or one that is wrong."""
    listed = found.get("filterGroups")
    groups = [[mapping(f) for f in _list(mapping(group).get("filters"))] for group in _list(listed)]
    if not groups and found.get("filters"):
        groups = [[mapping(f) for f in _list(found["filters"])]]
    if (
        len(groups) > MOST_GROUPS
        or any(len(group) > MOST_FILTERS for group in groups)
        or sum(map(len, groups)) > MOST_IN_ALL
    ):
        raise ApiError(
            400, f"At most {MOST_GROUPS} groups of {MOST_FILTERS} filters, {MOST_IN_ALL} in all."
        )
    for each in (found for group in groups for found in group):
        name, operator = text(each.get("propertyName")), text(each.get("operator"))
        if operator not in OPERATORS:
            raise ApiError(400, f"operator {operator!r} is not one of {', '.join(OPERATORS)}")
        if name.startswith("associations."):
            crm.kind(name.partition(".")[2])
        elif name not in kind.properties:
            raise ApiError(
                400, f'Property "{name}" does not exist', context={"propertyName": [name]}
            )
    return groups


def _is_in(query: str, kind: ObjectType, seen: Mapping[str, str]) -> bool:
    names = kind.searched or ((kind.display,) if kind.display else ())
    return any(query in seen.get(name, "").lower() for name in names)


def _meets(
    crm: Crm, kind: ObjectType, record: Record, seen: Mapping[str, str], found: Body
) -> bool:
    name = text(found.get("propertyName"))
    if name.startswith("associations."):
        to_kind = crm.kind(name.partition(".")[2])
        return (to_kind.id, text(found.get("value"))) in record.links
    compare = OPERATORS[text(found.get("operator"))]
    return compare(kind.properties[name], seen.get(name, ""), found)


def _sort(kind: ObjectType, hits: list[Hit], found: Body) -> None:
    sorts = _list(found.get("sorts"))
    if not sorts:
        return
    if len(sorts) > 1:
        raise ApiError(400, "A search sorts by one property.")
    first = sorts[0]
    if isinstance(first, str):
        name, descending = first.lstrip("-"), first.startswith("-")
    else:
        name = text(mapping(first).get("propertyName"))
        descending = mapping(first).get("direction") == "DESCENDING"
    definition = kind.properties.get(name)
    if definition is None:
        raise ApiError(400, f'Property "{name}" does not exist', context={"propertyName": [name]})
    hits.sort(key=lambda hit: order(definition, hit[1].get(name, "")), reverse=descending)
