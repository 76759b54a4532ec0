"""Associations: in the object path, in batches, and their labels."""

from collections.abc import Iterable

import orjson
from flask import Blueprint, Response, request

from app.sandbox import asking
from app.sandbox.asking import answer, inputs, mapping, number, required, text
from app.sandbox.batches import Body
from app.sandbox.catalogue import LinkType, ObjectType
from app.sandbox.crm import Crm, Record
from app.sandbox.errors import ApiError
from app.sandbox.shapes import envelope, shown

MOST_PAIRS = 2_000
MOST_READ = 1_000


def _types(listed: object) -> list[tuple[str, int]]:
    items = listed if isinstance(listed, list) else []
    return [
        (
            text(mapping(each).get("associationCategory")) or "HUBSPOT_DEFINED",
            int(text(mapping(each).get("associationTypeId")) or 0),
        )
        for each in items
    ]


def _to(crm: Crm, kind: ObjectType, record: Record, to_kind: ObjectType) -> list[Body]:
    """Return what a record is associated with, in the form of v4."""
    found: list[Body] = []
    for (to_type, to_id), types in record.links.items():
        if to_type != to_kind.id:
            continue
        listed = []
        for category, type_id in types:
            link = crm.link_type(kind.id, to_type, category, type_id)
            label = link.label if link else None
            listed.append({"category": category, "typeId": type_id, "label": label})
        found.append({"toObjectId": int(to_id), "associationTypes": listed})
    return found


def in_object_path(crm: Crm) -> Blueprint:
    """Return the association routes below a record."""
    page = Blueprint("linked", __name__)

    @page.get("/<name>/<record_id>/associations/<to_name>")
    def listed(name: str, record_id: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record = crm.get(kind, record_id)
        limit = number("limit", default=500, most=500)
        rows = _to(crm, kind, record, to_kind)
        start = int(request.args.get("after", "0") or 0)
        if "/v3/" in request.path:
            results: list[Body] = []
            for row in rows:
                plain = f"{kind.singular}_to_{to_kind.singular}"
                results.append({"id": str(row["toObjectId"]), "type": plain})
            return answer({"results": results[start : start + limit]})
        body: Body = {"results": rows[start : start + limit]}
        if len(rows) > start + limit:
            body["paging"] = {"next": {"after": str(start + limit), "link": request.base_url}}
        return answer(body)

    @page.put("/<name>/<record_id>/associations/<to_name>/<to_id>/<type_id>")
    def put_v3(name: str, record_id: str, to_name: str, to_id: str, type_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record, other = crm.get(kind, record_id), crm.get(to_kind, to_id)
        asked = [_named_type(crm, kind, to_kind, type_id)]
        crm.link(record, other, asked)
        body = shown(crm, kind, record, associations=[to_kind.name])
        return answer(body, crm.switches.v3_association_put_code)

    @page.delete("/<name>/<record_id>/associations/<to_name>/<to_id>/<type_id>")
    def delete_v3(name: str, record_id: str, to_name: str, to_id: str, type_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        asked = [_named_type(crm, kind, to_kind, type_id)]
        crm.unlink(crm.get(kind, record_id), to_kind.id, to_id, asked)
        return answer(None, 204)

    @page.put("/<name>/<record_id>/associations/<to_name>/<to_id>")
    def put(name: str, record_id: str, to_name: str, to_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record, other = crm.get(kind, record_id), crm.get(to_kind, to_id)
        types = crm.checked_types(kind.id, to_kind.id, _types(_array()))
        crm.unlink(record, to_kind.id, other.id)
        crm.link(record, other, types)
        found = crm.link_types(kind.id, to_kind.id)
        body = {
            "fromObjectTypeId": kind.id,
            "fromObjectId": int(record.id),
            "toObjectTypeId": to_kind.id,
            "toObjectId": int(other.id),
            "labels": [found[t].label for t in types if found[t].label],
        }
        return answer(body, 201)

    @page.put("/<name>/<record_id>/associations/default/<to_name>/<to_id>")
    def put_default(name: str, record_id: str, to_name: str, to_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record, other = crm.get(kind, record_id), crm.get(to_kind, to_id)
        started = crm.now()
        crm.link(record, other, _default(crm, kind, to_kind))
        rows = _both(crm, kind, record, to_kind, other)
        return answer(envelope(crm, rows, started=started))

    @page.delete("/<name>/<record_id>/associations/<to_name>/<to_id>")
    def delete(name: str, record_id: str, to_name: str, to_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        crm.unlink(crm.get(kind, record_id), to_kind.id, to_id)
        return answer(None, 204)

    return page


def _array() -> object:
    try:
        return orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        raise ApiError(400, "Invalid input JSON: a list of association types") from None


def _named_type(crm: Crm, kind: ObjectType, to_kind: ObjectType, name: str) -> tuple[str, int]:
    """Return the type that a v3 path names by number or by an old snake-case name."""
    for link in crm.link_types(kind.id, to_kind.id).values():
        if name in (str(link.type_id), link.name):
            return (link.category, link.type_id)
    if name.isdigit():
        return crm.checked_types(kind.id, to_kind.id, [("HUBSPOT_DEFINED", int(name))])[0]
    raise ApiError(400, f"{name} is not an association type of {kind.id} and {to_kind.id}.")


def _default(crm: Crm, kind: ObjectType, to_kind: ObjectType) -> list[tuple[str, int]]:
    link = crm.default_link(kind.id, to_kind.id)
    types = [(link.category, link.type_id)]
    if crm.switches.first_company_primary == "on" and "0-2" in (kind.id, to_kind.id):
        types += [
            (t.category, t.type_id)
            for t in crm.link_types(kind.id, to_kind.id).values()
            if t.kind == "primary"
        ]
    return types


def _both(
    crm: Crm, kind: ObjectType, record: Record, to_kind: ObjectType, other: Record
) -> list[Body]:
    """Return the rows of a default association: it is reported in both directions."""
    rows: list[Body] = []
    for from_kind, a, into, b in ((kind, record, to_kind, other), (to_kind, other, kind, record)):
        link = crm.default_link(from_kind.id, into.id)
        spec = {"associationCategory": link.category, "associationTypeId": link.type_id}
        rows.append({"from": {"id": a.id}, "to": {"id": b.id}, "associationSpec": spec})
    return rows


def in_batches(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v4/associations/TYPE/TYPE and its dated forms."""
    page = Blueprint("associations", __name__)

    def ends(each: Body, kind: ObjectType, to_kind: ObjectType) -> tuple[Record, Record]:
        from_id = text(mapping(each.get("from")).get("id"))
        to_id = text(mapping(each.get("to")).get("id"))
        found = crm.find(kind, from_id), crm.find(to_kind, to_id)
        if found[0] is None or found[1] is None:
            gone = [i for i, r in zip((from_id, to_id), found, strict=True) if r is None]
            raise ApiError(
                404,
                "One or more objects of the association do not exist.",
                category="OBJECT_NOT_FOUND",
                context={"ids": gone, "fromObjectId": [from_id], "toObjectId": [to_id]},
            )
        return found[0], found[1]

    @page.post("/<name>/<to_name>/batch/create")
    def create(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        results: list[Body] = []
        errors: list[Body] = []
        for each in inputs(asking.body(), most=MOST_PAIRS):
            try:
                record, other = ends(each, kind, to_kind)
                if "type" in each:
                    types = [_named_type(crm, kind, to_kind, text(each["type"]))]
                else:
                    types = crm.checked_types(kind.id, to_kind.id, _types(each.get("types")))
                crm.link(record, other, types)
            except ApiError as error:
                errors.append(error.row(None))
                continue
            found = crm.link_types(kind.id, to_kind.id)
            results.append(
                {
                    "fromObjectTypeId": kind.id,
                    "fromObjectId": int(record.id),
                    "toObjectTypeId": to_kind.id,
                    "toObjectId": int(other.id),
                    "labels": [found[t].label for t in types if found[t].label],
                }
            )
        status = 207 if errors else 201
        return answer(envelope(crm, results, errors, started=started), status)

    @page.post("/<name>/<to_name>/batch/associate/default")
    def associate_default(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        results: list[Body] = []
        errors: list[Body] = []
        for each in inputs(asking.body(), most=MOST_PAIRS):
            try:
                record, other = ends(each, kind, to_kind)
                crm.link(record, other, _default(crm, kind, to_kind))
            except ApiError as error:
                errors.append(error.row(None))
                continue
            results += _both(crm, kind, record, to_kind, other)
        status = 207 if errors else 200
        return answer(envelope(crm, results, errors, started=started), status)

    @page.post("/<name>/<to_name>/batch/read")
    def read(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        results: list[Body] = []
        absent: list[str] = []
        for each in inputs(asking.body(), most=MOST_READ):
            record = crm.find(kind, text(each.get("id")))
            linked = [] if record is None else _to(crm, kind, record, to_kind)
            if record is None or not linked:
                absent.append(text(each.get("id")))
            else:
                results.append({"from": {"id": record.id}, "to": linked})
        errors = []
        if absent:
            error = ApiError(
                404,
                f"No {to_kind.name} is associated with {kind.name} {', '.join(absent)}.",
                category="OBJECT_NOT_FOUND",
                context={"ids": absent},
                subCategory="crm.associations.NO_ASSOCIATIONS_FOUND",
            )
            errors = [error.row(None)]
        status = 207 if errors else 200
        return answer(envelope(crm, results, errors, started=started), status)

    def archived(name: str, to_name: str, *, labels_only: bool) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        for each in inputs(asking.body(), most=MOST_PAIRS):
            record = crm.find(kind, text(mapping(each.get("from")).get("id")))
            to = each.get("to")
            for target in to if isinstance(to, list) else [to]:
                types = _types(each.get("types")) if labels_only else None
                if record is not None:
                    crm.unlink(record, to_kind.id, text(mapping(target).get("id")), types)
        if "/v3/" in request.path or "/v4/" in request.path:
            return answer(None, 204)
        return answer(envelope(crm, [], started=started))

    @page.post("/<name>/<to_name>/batch/archive")
    def archive(name: str, to_name: str) -> Response:
        return archived(name, to_name, labels_only=False)

    @page.post("/<name>/<to_name>/batch/labels/archive")
    def archive_labels(name: str, to_name: str) -> Response:
        return archived(name, to_name, labels_only=True)

    @page.get("/<name>/<to_name>/types")
    def types_v3(name: str, to_name: str) -> Response:
        found = crm.link_types(crm.kind(name).id, crm.kind(to_name).id).values()
        return answer({"results": [{"id": str(t.type_id), "name": t.name} for t in found]})

    _labels(crm, page)
    return page


def _label_rows(links: Iterable[LinkType]) -> list[Body]:
    return [
        {"category": link.category, "typeId": link.type_id, "label": link.label} for link in links
    ]


def _labels(crm: Crm, page: Blueprint) -> None:
    """Add the routes of association labels."""

    @page.get("/<name>/<to_name>/labels")
    def labels(name: str, to_name: str) -> Response:
        found = crm.link_types(crm.kind(name).id, crm.kind(to_name).id).values()
        return answer({"results": _label_rows(found)})

    @page.post("/<name>/<to_name>/labels")
    def create_label(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        found = asking.body()
        label, own_name = text(required(found, "label")), text(required(found, "name"))
        inverse = text(found.get("inverseLabel")) or label
        type_id = 1 + max((t.type_id for t in crm.labels), default=0)
        inverse_id = type_id + 1 if (inverse != label or kind.id != to_kind.id) else type_id
        made = LinkType(
            from_type=kind.id,
            to_type=to_kind.id,
            type_id=type_id,
            inverse_id=inverse_id,
            label=label,
            kind="label",
            name=own_name,
            category="USER_DEFINED",
        )
        back = LinkType(
            from_type=to_kind.id,
            to_type=kind.id,
            type_id=inverse_id,
            inverse_id=type_id,
            label=inverse,
            kind="label",
            name=own_name,
            category="USER_DEFINED",
        )
        crm.labels += [made] if inverse_id == type_id else [made, back]
        crm.learned_labels()
        return answer({"results": _label_rows(dict.fromkeys((made, back)))})

    @page.put("/<name>/<to_name>/labels")
    def rename_label(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        found = asking.body()
        type_id = int(text(required(found, "associationTypeId")))
        for index, link in enumerate(crm.labels):
            if (link.from_type, link.to_type, link.type_id) == (kind.id, to_kind.id, type_id):
                crm.labels[index] = LinkType(
                    from_type=link.from_type,
                    to_type=link.to_type,
                    type_id=type_id,
                    inverse_id=link.inverse_id,
                    label=text(required(found, "label")),
                    kind="label",
                    name=link.name,
                    category="USER_DEFINED",
                )
                crm.learned_labels()
                return answer(None, 204)
        raise ApiError(404, f"There is no label {type_id}.", category="OBJECT_NOT_FOUND")

    @page.delete("/<name>/<to_name>/labels/<int:type_id>")
    def delete_label(name: str, to_name: str, type_id: int) -> Response:
        pair = {crm.kind(name).id, crm.kind(to_name).id}
        own = next((t for t in crm.labels if t.type_id == type_id), None)
        gone = {type_id, own.inverse_id if own else type_id}
        crm.labels = [
            t for t in crm.labels if t.type_id not in gone or {t.from_type, t.to_type} != pair
        ]
        crm.learned_labels()
        return answer(None, 204)
