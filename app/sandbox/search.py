"""Search: filters, sorts and pages over an index that lags behind the records."""

import re
from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Response, request

from app.sandbox import asking
from app.sandbox.asking import answer, mapping, text
from app.sandbox.batches import Body
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm, Record
from app.sandbox.errors import ApiError
from app.sandbox.shapes import shown

MOST_CHARACTERS, MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 3_000, 5, 6, 18
MOST_HITS, PAGE, MOST_PAGE = 10_000, 10, 200
ASKED = {
    "0-1": ("firstname", "lastname", "email", "phone", "hs_additional_emails", "company"),
    "0-2": ("website", "phone", "name", "domain"),
    "0-3": ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    "0-5": ("subject", "content", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_id"),
    "0-7": ("name", "description", "price", "hs_sku"),
    "0-46": ("hs_note_body",),
}


def _order(value: str) -> tuple[int, float, str]:
    try:
        return (0, float(value), "")
    except ValueError:
        return (1, 0.0, value.lower())


def _tokens(value: str) -> list[str]:
    return [token for token in re.split(r"[^\w*]+", value.lower()) if token]


def _token_match(value: str, wanted: str) -> bool:
    patterns = [re.compile(re.escape(t).replace(r"\*", ".*") + "$") for t in _tokens(wanted)]
    tokens = _tokens(value)
    return all(any(p.match(t) for t in tokens) for p in patterns)


_COMPARE: dict[str, Callable[[str, Mapping[str, object]], bool]] = {
    "EQ": lambda v, f: v.lower() == text(f.get("value")).lower(),
    "NEQ": lambda v, f: v.lower() != text(f.get("value")).lower(),
    "LT": lambda v, f: v != "" and _order(v) < _order(text(f.get("value"))),
    "LTE": lambda v, f: v != "" and _order(v) <= _order(text(f.get("value"))),
    "GT": lambda v, f: v != "" and _order(v) > _order(text(f.get("value"))),
    "GTE": lambda v, f: v != "" and _order(v) >= _order(text(f.get("value"))),
    "BETWEEN": lambda v, f: (
        v != "" and _order(text(f.get("value"))) <= _order(v) <= _order(text(f.get("highValue")))
    ),
    "IN": lambda v, f: v.lower() in _values(f),
    "NOT_IN": lambda v, f: v.lower() not in _values(f),
    "HAS_PROPERTY": lambda v, _: v != "",
    "NOT_HAS_PROPERTY": lambda v, _: v == "",
    "CONTAINS_TOKEN": lambda v, f: _token_match(v, text(f.get("value"))),
    "NOT_CONTAINS_TOKEN": lambda v, f: not _token_match(v, text(f.get("value"))),
}


def _values(found: Mapping[str, object]) -> list[str]:
    listed = found.get("values")
    return [text(each) for each in listed] if isinstance(listed, list) else []


def _groups(found: Body) -> list[list[Body]]:
    """Return the filter groups of a body. Raises ApiError when there are too many."""
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
    for found_filter in (f for group in groups for f in group):
        operator = text(found_filter.get("operator"))
        if operator not in _COMPARE:
            raise ApiError(400, f"operator {operator!r} is not one of {', '.join(_COMPARE)}")
    return groups


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _matches(crm: Crm, kind: ObjectType, record: Record, found: Body) -> bool:
    name, operator = text(found.get("propertyName")), text(found.get("operator"))
    compare = _COMPARE[operator]
    if name.startswith("associations."):
        to_kind = crm.kind(name.partition(".")[2])
        return any(
            to_type == to_kind.id and to_id == text(found.get("value"))
            for to_type, to_id in record.links
        )
    if name not in kind.properties:
        raise ApiError(400, f'Property "{name}" does not exist', context={"propertyName": [name]})
    return compare(record.properties.get(name, ""), found)


def blueprint(crm: Crm) -> Blueprint:
    """Return the search route below /crm/v3/objects/TYPE and its dated forms."""
    page = Blueprint("search", __name__)

    @page.post("/<name>/search")
    def search(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        if len(request.get_data()) > MOST_CHARACTERS:
            raise ApiError(400, f"The body is longer than {MOST_CHARACTERS} characters.")
        groups = _groups(found)
        limit = int(text(found.get("limit")) or PAGE)
        start = int(text(found.get("after")) or 0)
        if limit > MOST_PAGE or start + limit > MOST_HITS:
            raise ApiError(400, f"At most {MOST_PAGE} a page and the first {MOST_HITS} hits.")
        now = crm.now()
        rows = [
            record
            for record in crm.all(kind)
            if record.searchable is not None and record.searchable <= now
        ]
        if groups:
            rows = [
                r for r in rows if any(all(_matches(crm, kind, r, f) for f in g) for g in groups)
            ]
        query = text(found.get("query")).lower()
        if query:
            asked = ASKED.get(kind.id, ())
            rows = [r for r in rows if any(query in r.properties.get(n, "").lower() for n in asked)]
        _sort(rows, found)
        wanted = [text(each) for each in _list(found.get("properties"))]
        results = [shown(crm, kind, r, properties=wanted) for r in rows[start : start + limit]]
        body: Body = {"total": len(rows), "results": results}
        if len(rows) > start + limit:
            body["paging"] = {"next": {"after": str(start + limit)}}
        return answer(body)

    return page


def _sort(rows: list[Record], found: Body) -> None:
    sorts = _list(found.get("sorts"))
    if not sorts:
        return
    first = sorts[0]
    if isinstance(first, str):
        name, descending = first.lstrip("-"), first.startswith("-")
    else:
        name = text(mapping(first).get("propertyName"))
        descending = mapping(first).get("direction") == "DESCENDING"
    rows.sort(key=lambda r: _order(r.properties.get(name, "")), reverse=descending)
