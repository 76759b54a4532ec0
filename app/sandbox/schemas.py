"""Custom objects: their schemas."""

from dataclasses import replace

from flask import Blueprint, Response

from app.sandbox import asking, properties
from app.sandbox.asking import answer, mapping, required, text
from app.sandbox.batches import Body
from app.sandbox.catalogue import ObjectType, system
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.errors import ApiError


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes of custom objects' schemas."""
    page = Blueprint("schemas", __name__)

    def shown(kind: ObjectType) -> Body:
        return {
            "id": kind.id.partition("-")[2],
            "objectTypeId": kind.id,
            "fullyQualifiedName": f"p{PORTAL_ID}_{kind.name}",
            "name": kind.name,
            "labels": dict(kind.labels)
            or {"singular": kind.singular.capitalize(), "plural": kind.name.capitalize()},
            "requiredProperties": list(kind.required),
            "searchableProperties": [],
            "secondaryDisplayProperties": [],
            "primaryDisplayProperty": next(iter(kind.required), "hs_object_id"),
            "properties": [properties.shown(each) for each in kind.properties.values()],
            "associations": [],
            "archived": False,
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
        }

    @page.get("")
    @page.get("/")
    def listed() -> Response:
        return answer({"results": [shown(k) for k in crm.types.values() if k.custom]})

    @page.post("")
    @page.post("/")
    def create() -> Response:
        found = asking.body()
        name = text(required(found, "name")).lower()
        labels = mapping(required(found, "labels"))
        listed_properties = required(found, "properties")
        definitions = [
            properties.definition_of({"groupName": f"{name}_information", **mapping(each)})
            for each in (listed_properties if isinstance(listed_properties, list) else [])
        ]
        needed = required(found, "requiredProperties")
        type_id = f"2-{100 + sum(k.custom for k in crm.types.values())}"
        kind = ObjectType(
            id=type_id,
            name=name,
            singular=text(labels.get("singular")).lower() or name,
            labels=tuple((each, text(label)) for each, label in labels.items()),
            required=tuple(text(n) for n in needed) if isinstance(needed, list) else (),
            custom=True,
            pinnable=True,
            properties={**system(pinnable=True), **{d.name: d for d in definitions}},
        )
        if any(each.custom and each.name == name for each in crm.types.values()):
            raise ApiError(409, f"There is an object type {name}.", category="CONFLICT")
        crm.types[type_id] = kind
        return answer(shown(kind), 201)

    @page.get("/<name>")
    def read(name: str) -> Response:
        return answer(shown(crm.kind(name)))

    @page.patch("/<name>")
    def update(name: str) -> Response:
        kind, found = crm.kind(name), asking.body()
        if not kind.custom:
            raise ApiError(400, "Only custom objects can be changed.")
        labels = mapping(found.get("labels"))
        needed = found.get("requiredProperties")
        kind = replace(
            kind,
            labels=tuple((n, text(v)) for n, v in {**dict(kind.labels), **labels}.items()),
            required=tuple(map(text, needed)) if isinstance(needed, list) else kind.required,
        )
        crm.types[kind.id] = kind
        return answer(shown(kind))

    @page.post("/<name>/associations")
    def associate(name: str) -> Response:
        kind, found = crm.kind(name), asking.body()
        other = crm.kind(text(required(found, "toObjectTypeId")))
        link = crm.link_types.default(kind.id, other.id)
        return answer(
            {
                "id": str(link.type_id),
                "fromObjectTypeId": kind.id,
                "toObjectTypeId": other.id,
                "name": text(found.get("name")) or f"{kind.name}_to_{other.name}",
            },
            201,
        )

    @page.delete("/<name>/associations/<identifier>")
    def dissociate(name: str, identifier: str) -> Response:  # noqa: ARG001 (a pair keeps its type)
        crm.kind(name)
        return answer(None, 204)

    @page.delete("/<name>")
    def delete(name: str) -> Response:
        kind = crm.kind(name)
        if not kind.custom:
            raise ApiError(400, "Only custom objects can be deleted.")
        del crm.types[kind.id]
        return answer(None, 204)

    return page
