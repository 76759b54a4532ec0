"""Associations in batches, below /crm/v4/associations/TYPE/TYPE and its other forms."""

from flask import Blueprint, Response, request

from app.sandbox import asking
from app.sandbox.asking import answer, inputs, mapping, number_of, text
from app.sandbox.associations import both_ways, linked, linked_v3
from app.sandbox.batches import Body, type_keys
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError
from app.sandbox.link_types import LinkType
from app.sandbox.model import Record
from app.sandbox.shapes import envelope

MOST_PAIRS, MOST_READ, PAGE = 2_000, 1_000, 500


def _is_v3() -> bool:
    return "/v3/" in request.path


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes that associate many records at once."""
    page = Blueprint("association batches", __name__)

    @page.post("/<name>/<to_name>/batch/create")
    def create(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        results: list[Body] = []
        errors: list[Body] = []
        listed = inputs(asking.body(), most=MOST_PAIRS)
        spoiled = asking.spoiled(len(listed))
        for index, each in enumerate(listed):
            try:
                if index in spoiled:
                    raise ApiError(500, "internal error", category="INTERNAL_ERROR")  # noqa: TRY301
                record, other = _ends(crm, each, kind, to_kind)
                if "type" in each:
                    types = [crm.link_types.named(kind.id, to_kind.id, text(each["type"]))]
                else:
                    keys = type_keys(each.get("types"))
                    types = crm.link_types.checked(kind.id, to_kind.id, keys)
                crm.links.add(record, other, types)
            except ApiError as error:
                errors.append(_pair_row(error, each))
                continue
            results.append(_created(each, kind, to_kind, types))
        body = envelope(crm, results, errors, started=started)
        return answer(body, 207 if errors else 201)

    @page.post("/<name>/<to_name>/batch/associate/default")
    def associate_default(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        results: list[Body] = []
        errors: list[Body] = []
        for each in inputs(asking.body(), most=MOST_PAIRS):
            try:
                record, other = _ends(crm, each, kind, to_kind)
                crm.links.add(record, other, [])
            except ApiError as error:
                errors.append(_pair_row(error, each))
                continue
            results += both_ways(crm, kind, record, to_kind, other)
        body = envelope(crm, results, errors, started=started)
        return answer(body, 207 if errors else 200)

    @page.post("/<name>/<to_name>/batch/read")
    def read(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        results: list[Body] = []
        absent: list[str] = []
        form = _once_each if _is_v3() else linked
        for each in inputs(asking.body(), most=MOST_READ):
            record = crm.find(kind, text(each.get("id")))
            found = [] if record is None else form(crm, kind, record, to_kind)
            if record is None or not found:
                absent.append(text(each.get("id")))
                continue
            start = number_of(each.get("after") or "0", "after")
            row: Body = {"from": {"id": record.id}, "to": found[start : start + PAGE]}
            if len(found) > start + PAGE:
                row["paging"] = {"next": {"after": str(start + PAGE)}}
            results.append(row)
        errors = [_none_found(kind, to_kind, absent).row(None)] if absent else []
        body = envelope(crm, results, errors, started=started)
        return answer(body, 207 if errors else 200)

    @page.post("/<name>/<to_name>/batch/archive")
    def archive(name: str, to_name: str) -> Response:
        return _archived(crm, name, to_name, labels_only=False)

    @page.post("/<name>/<to_name>/batch/labels/archive")
    def archive_labels(name: str, to_name: str) -> Response:
        return _archived(crm, name, to_name, labels_only=True)

    return page


def _once_each(crm: Crm, kind: ObjectType, record: Record, to_kind: ObjectType) -> list[Body]:
    """Return what a record is associated with in the form of v3, under its first type alone."""
    found: dict[object, Body] = {}
    for row in linked_v3(crm, kind, record, to_kind):
        found.setdefault(row["id"], row)
    return [*found.values()]


def _ends(crm: Crm, each: Body, kind: ObjectType, to_kind: ObjectType) -> tuple[Record, Record]:
    """Return the two records of an input. Raises the 404 that says which is not there."""
    keys = text(mapping(each.get("from")).get("id")), text(mapping(each.get("to")).get("id"))
    record, other = crm.find(kind, keys[0]), crm.find(to_kind, keys[1])
    if record is None or other is None:
        gone = [key for key, found in zip(keys, (record, other), strict=True) if found is None]
        raise ApiError(
            404,
            "One or more objects of the association do not exist.",
            category="OBJECT_NOT_FOUND",
            context={"ids": gone},
        )
    return record, other


def _pair_row(error: ApiError, each: Body) -> Body:
    """Return the error of one pair, with both its ends."""
    ends = {
        "fromObjectId": [text(mapping(each.get("from")).get("id"))],
        "toObjectId": [text(mapping(each.get("to")).get("id"))],
    }
    error.context = {**error.context, **ends}
    return error.row(None)


def _created(each: Body, kind: ObjectType, to_kind: ObjectType, types: list[LinkType]) -> Body:
    ids = [text(mapping(each.get(end)).get("id")) for end in ("from", "to")]
    if _is_v3():
        return {"from": {"id": ids[0]}, "to": {"id": ids[1]}, "type": text(each.get("type"))}
    return {
        "fromObjectTypeId": kind.id,
        "fromObjectId": int(ids[0]),
        "toObjectTypeId": to_kind.id,
        "toObjectId": int(ids[1]),
        "labels": [link.label for link in types if link.label],
    }


def _none_found(kind: ObjectType, to_kind: ObjectType, ids: list[str]) -> ApiError:
    return ApiError(
        404,
        f"No {to_kind.name} is associated with {kind.name} {', '.join(ids)}.",
        category="OBJECT_NOT_FOUND",
        context={"fromObjectId": ids, "ids": ids},
        subCategory="crm.associations.NO_ASSOCIATIONS_FOUND",
    )


def _archived(crm: Crm, name: str, to_name: str, *, labels_only: bool) -> Response:
    kind, to_kind = crm.kind(name), crm.kind(to_name)
    started = crm.now()
    for each in inputs(asking.body(), most=MOST_PAIRS):
        record = crm.find(kind, text(mapping(each.get("from")).get("id")))
        if record is None:
            continue
        types = None
        if labels_only:
            keys = type_keys(each.get("types"))
            types = crm.link_types.checked(kind.id, to_kind.id, keys)
        to = each.get("to")
        for target in to if isinstance(to, list) else [to]:
            to_id = crm.resolved(to_kind, text(mapping(target).get("id")))
            crm.links.remove(record, to_kind.id, to_id, types)
    if "/v3/" in request.path or "/v4/" in request.path:
        return answer(None, 204)
    return answer(envelope(crm, [], started=started))
