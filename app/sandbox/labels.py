"""Association types of an account: their labels, and how many of each a record may have."""

from collections.abc import Iterable

from flask import Blueprint, Response

from app.sandbox import asking
from app.sandbox.asking import answer, inputs, number_of, required, text
from app.sandbox.batches import Body
from app.sandbox.crm import Crm
from app.sandbox.link_types import LinkType
from app.sandbox.shapes import envelope


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes of association labels."""
    page = Blueprint("labels", __name__)

    @page.get("/<name>/<to_name>/types")
    def types(name: str, to_name: str) -> Response:
        found = crm.link_types.between(crm.kind(name).id, crm.kind(to_name).id).values()
        return answer({"results": [{"id": str(t.type_id), "name": t.name} for t in found]})

    @page.get("/<name>/<to_name>/labels")
    def labels(name: str, to_name: str) -> Response:
        found = crm.link_types.between(crm.kind(name).id, crm.kind(to_name).id).values()
        return answer({"results": _rows(found)})

    @page.post("/<name>/<to_name>/labels")
    def create(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        found = asking.body()
        made = crm.link_types.add_label(
            kind.id,
            to_kind.id,
            name=text(required(found, "name")),
            label=text(required(found, "label")),
            inverse=text(found.get("inverseLabel")) or None,
        )
        return answer({"results": _rows(made)})

    @page.put("/<name>/<to_name>/labels")
    def rename(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        found = asking.body()
        crm.link_types.rename_label(
            kind.id,
            to_kind.id,
            number_of(required(found, "associationTypeId"), "associationTypeId"),
            label=text(required(found, "label")),
            inverse=text(found.get("inverseLabel")) or None,
        )
        return answer(None, 204)

    @page.delete("/<name>/<to_name>/labels/<int:type_id>")
    def delete(name: str, to_name: str, type_id: int) -> Response:
        crm.links.drop_label(crm.kind(name).id, crm.kind(to_name).id, type_id)
        return answer(None, 204)

    return page


def _rows(links: Iterable[LinkType]) -> list[Body]:
    return [
        {"category": link.category, "typeId": link.type_id, "label": link.label} for link in links
    ]


def limits(crm: Crm) -> Blueprint:
    """Return the routes of how many associations of a type a record may have."""
    page = Blueprint("association limits", __name__)

    def shown(names: Iterable[str] = ()) -> list[Body]:
        pair = tuple(crm.kind(name).id for name in names)
        return [
            {
                "fromObjectTypeId": from_type,
                "toObjectTypeId": to_type,
                "category": category,
                "typeId": type_id,
                "userEnforcedMaxToObjectIds": most,
            }
            for (from_type, to_type, category, type_id), most in crm.links.limits.items()
            if not pair or (from_type, to_type) == pair
        ]

    @page.get("/all")
    def every() -> Response:
        return answer({"results": shown()})

    @page.get("/<name>/<to_name>")
    def of_pair(name: str, to_name: str) -> Response:
        return answer({"results": shown((name, to_name))})

    def put(name: str, to_name: str, *, status: int) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        started = crm.now()
        for each in inputs(asking.body()):
            key = (text(required(each, "category")), number_of(each.get("typeId"), "typeId"))
            crm.link_types.checked(kind.id, to_kind.id, [key])
            most = number_of(required(each, "maxToObjectIds"), "maxToObjectIds")
            crm.links.limits[kind.id, to_kind.id, *key] = most
        return answer(envelope(crm, shown((name, to_name)), started=started), status)

    @page.post("/<name>/<to_name>/batch/create")
    def create(name: str, to_name: str) -> Response:
        return put(name, to_name, status=201)

    @page.post("/<name>/<to_name>/batch/update")
    def update(name: str, to_name: str) -> Response:
        return put(name, to_name, status=200)

    @page.post("/<name>/<to_name>/batch/purge")
    def purge(name: str, to_name: str) -> Response:
        kind, to_kind = crm.kind(name), crm.kind(to_name)
        for each in inputs(asking.body()):
            key = (text(each.get("category")), number_of(each.get("typeId"), "typeId"))
            crm.links.limits.pop((kind.id, to_kind.id, *key), None)
        return answer(None, 204)

    return page
