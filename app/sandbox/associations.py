"""Associations of one record: in the object path, in the forms of v3 and of v4."""

import orjson
from flask import Blueprint, Response, request

from app.sandbox.asking import answer, cursor, number
from app.sandbox.batches import Body, type_keys
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.errors import unreadable
from app.sandbox.model import Record
from app.sandbox.shapes import envelope, link_name, shown

PAGE = 500


def linked(crm: Crm, kind: ObjectType, record: Record, to_kind: ObjectType) -> list[Body]:
    """Return what a record is associated with, in the form of v4."""
    types = crm.link_types.between(kind.id, to_kind.id)
    return [
        {
            "toObjectId": int(to_id),
            "associationTypes": [
                {
                    "category": key[0],
                    "typeId": key[1],
                    "label": types[key].label if key in types else None,
                }
                for key in keys
            ],
        }
        for (to_type, to_id), keys in record.links.items()
        if to_type == to_kind.id
    ]


def linked_v3(crm: Crm, kind: ObjectType, record: Record, to_kind: ObjectType) -> list[Body]:
    """Return what a record is associated with, in the form of v3: a row for each type."""
    types = crm.link_types.between(kind.id, to_kind.id)
    return [
        {"id": to_id, "type": link_name(kind, to_kind, types.get(key))}
        for (to_type, to_id), keys in record.links.items()
        if to_type == to_kind.id
        for key in keys
    ]


def both_ways(
    crm: Crm, kind: ObjectType, record: Record, to_kind: ObjectType, other: Record
) -> list[Body]:
    """Return the rows of a default association: it is reported in both directions."""
    found: list[Body] = []
    for from_kind, a, into, b in ((kind, record, to_kind, other), (to_kind, other, kind, record)):
        link = crm.link_types.default(from_kind.id, into.id)
        spec = {"associationCategory": link.category, "associationTypeId": link.type_id}
        found.append({"from": {"id": a.id}, "to": {"id": b.id}, "associationSpec": spec})
    return found


def blueprint(crm: Crm) -> Blueprint:
    """Return the association routes below a record."""
    page = Blueprint("associations", __name__)

    @page.get("/<name>/<record_id>/associations/<to_name>")
    def listed(name: str, record_id: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record = crm.get(kind, record_id)
        limit = number("limit", default=PAGE, most=PAGE)
        form = linked_v3 if "/v3/" in request.path else linked
        found, start = form(crm, kind, record, to_kind), cursor()
        body: Body = {"results": found[start : start + limit]}
        if len(found) > start + limit:
            after = str(start + limit)
            link = f"{request.base_url}?after={after}&limit={limit}"
            body["paging"] = {"next": {"after": after, "link": link}}
        return answer(body)

    @page.put("/<name>/<record_id>/associations/<to_name>/<to_id>/<type_id>")
    def put_v3(name: str, record_id: str, to_name: str, to_id: str, type_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record, other = crm.get(kind, record_id), crm.get(to_kind, to_id)
        crm.links.add(record, other, [crm.link_types.named(kind.id, to_kind.id, type_id)])
        body = shown(crm, kind, record, associations=[to_kind.name])
        return answer(body, crm.switches.v3_association_put_code)

    @page.delete("/<name>/<record_id>/associations/<to_name>/<to_id>/<type_id>")
    def delete_v3(name: str, record_id: str, to_name: str, to_id: str, type_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        link = crm.link_types.named(kind.id, to_kind.id, type_id)
        crm.links.remove(crm.get(kind, record_id), to_kind.id, crm.resolved(to_kind, to_id), [link])
        return answer(None, 204)

    @page.put("/<name>/<record_id>/associations/<to_name>/<to_id>")
    def put(name: str, record_id: str, to_name: str, to_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record, other = crm.get(kind, record_id), crm.get(to_kind, to_id)
        types = crm.link_types.checked(kind.id, to_kind.id, type_keys(_array()))
        crm.links.replace(record, other, types)
        body = {
            "fromObjectTypeId": kind.id,
            "fromObjectId": int(record.id),
            "toObjectTypeId": to_kind.id,
            "toObjectId": int(other.id),
            "labels": [link.label for link in types if link.label],
        }
        return answer(body, 201)

    @page.put("/<name>/<record_id>/associations/default/<to_name>/<to_id>")
    def put_default(name: str, record_id: str, to_name: str, to_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        record, other = crm.get(kind, record_id), crm.get(to_kind, to_id)
        started = crm.now()
        crm.links.add(record, other, [])
        found = both_ways(crm, kind, record, to_kind, other)
        return answer(envelope(crm, found, started=started))

    @page.delete("/<name>/<record_id>/associations/<to_name>/<to_id>")
    def delete(name: str, record_id: str, to_name: str, to_id: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        crm.links.remove(crm.get(kind, record_id), to_kind.id, crm.resolved(to_kind, to_id))
        return answer(None, 204)

    return page


def _array() -> object:
    try:
        return orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise unreadable(str(error)) from None
