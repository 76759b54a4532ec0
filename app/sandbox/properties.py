"""Properties of an object type, and the groups they are in."""

from dataclasses import replace

from flask import Blueprint, Response

from app.sandbox import asking
from app.sandbox.asking import answer, inputs, mapping, required, text
from app.sandbox.batches import Body
from app.sandbox.catalogue import Definition, ObjectType
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError
from app.sandbox.values import iso

TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    *("booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number"),
    *("phonenumber", "radio", "select", "text", "textarea"),
)


def shown(definition: Definition) -> Body:
    """Return a property as HubSpot writes it."""
    return {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "fieldType": definition.field_type,
        "groupName": definition.group,
        "description": definition.description,
        "options": [
            {"label": label, "value": value, "displayOrder": index, "hidden": False}
            for index, (label, value) in enumerate(definition.options)
        ],
        "hasUniqueValue": definition.unique,
        "hidden": False,
        "formField": False,
        "displayOrder": -1,
        "calculated": definition.calculated,
        "externalOptions": definition.name == "hubspot_owner_id",
        "hubspotDefined": definition.defined_by_hubspot,
        "archived": False,
        "modificationMetadata": {
            "archivable": not definition.defined_by_hubspot,
            "readOnlyDefinition": definition.defined_by_hubspot,
            "readOnlyOptions": definition.defined_by_hubspot,
            "readOnlyValue": definition.read_only or definition.calculated,
        },
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
    }


def _options(found: Body) -> tuple[tuple[str, str], ...]:
    listed = found.get("options")
    return tuple(
        (text(mapping(each).get("label")), text(mapping(each).get("value")))
        for each in (listed if isinstance(listed, list) else [])
    )


def definition_of(found: Body) -> Definition:
    """Return the property that a body defines. Raises ApiError with what is missing or wrong."""
    missing = [n for n in ("name", "label", "type", "fieldType", "groupName") if not found.get(n)]
    if missing:
        raise ApiError(
            400,
            "Invalid input JSON on line 1, column 2. "
            f"Some required fields were not set: [{', '.join(missing)}]",
        )
    if found["type"] not in TYPES or found["fieldType"] not in FIELD_TYPES:
        raise ApiError(400, f"{found['type']} / {found['fieldType']} is not a type of property.")
    options = _options(found)
    if found["type"] == "bool" and {value for _, value in options} != {"true", "false"}:
        raise ApiError(400, "A bool property needs the options true and false.")
    return Definition(
        name=text(found["name"]).lower(),
        label=text(found["label"]),
        type=text(found["type"]),
        field_type=text(found["fieldType"]),
        group=text(found["groupName"]),
        options=options,
        unique=found.get("hasUniqueValue") is True,
        defined_by_hubspot=False,
        description=text(found.get("description")),
    )


def _property(kind: ObjectType, name: str) -> Definition:
    definition = kind.properties.get(name)
    if definition is None:
        raise ApiError(
            404, f"Property {name} on {kind.id} does not exist", category="OBJECT_NOT_FOUND"
        )
    return definition


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v3/properties and its dated forms."""
    page = Blueprint("properties", __name__)

    @page.get("/<name>")
    def listed(name: str) -> Response:
        kind = crm.kind(name)
        return answer({"results": [shown(each) for each in kind.properties.values()]})

    @page.post("/<name>")
    def create(name: str) -> Response:
        kind = crm.kind(name)
        definition = definition_of(asking.body())
        crm.define(kind, definition)
        return answer(shown(definition), 201)

    @page.get("/<name>/<own_name>")
    def read(name: str, own_name: str) -> Response:
        return answer(shown(_property(crm.kind(name), own_name)))

    @page.patch("/<name>/<own_name>")
    def update(name: str, own_name: str) -> Response:
        kind = crm.kind(name)
        definition = _property(kind, own_name)
        found = asking.body()
        changed = replace(
            definition,
            label=text(found.get("label")) or definition.label,
            description=text(found.get("description")) or definition.description,
            options=_options(found) if "options" in found else definition.options,
        )
        kind.properties[own_name] = changed
        return answer(shown(changed))

    @page.delete("/<name>/<own_name>")
    def delete(name: str, own_name: str) -> Response:
        kind = crm.kind(name)
        definition = kind.properties.get(own_name)
        if definition is not None and definition.defined_by_hubspot:
            raise ApiError(400, f"{own_name} is defined by HubSpot and cannot be deleted.")
        kind.properties.pop(own_name, None)
        return answer(None, 204)

    @page.post("/<name>/batch/create")
    def batch_create(name: str) -> Response:
        kind = crm.kind(name)
        made = [definition_of(each) for each in inputs(asking.body())]
        for definition in made:
            crm.define(kind, definition)
        now = iso(crm.now())
        body = {"status": "COMPLETE", "results": [shown(d) for d in made]}
        return answer({**body, "startedAt": now, "completedAt": now}, 201)

    @page.post("/<name>/batch/read")
    def batch_read(name: str) -> Response:
        kind = crm.kind(name)
        wanted = [text(each.get("name")) for each in inputs(asking.body())]
        found = [shown(kind.properties[n]) for n in wanted if n in kind.properties]
        now = iso(crm.now())
        return answer(
            {"status": "COMPLETE", "results": found, "startedAt": now, "completedAt": now}
        )

    @page.post("/<name>/batch/archive")
    def batch_archive(name: str) -> Response:
        kind = crm.kind(name)
        for each in inputs(asking.body()):
            kind.properties.pop(text(each.get("name")), None)
        return answer(None, 204)

    @page.get("/<name>/groups")
    def groups(name: str) -> Response:
        return answer({"results": list(crm.groups.get(crm.kind(name).id, {}).values())})

    @page.post("/<name>/groups")
    def create_group(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        own_name = text(required(found, "name"))
        groups_of = crm.groups.setdefault(kind.id, {})
        if own_name in groups_of:
            raise ApiError(409, f"Property group '{own_name}' already exists.", category="CONFLICT")
        groups_of[own_name] = {
            "name": own_name,
            "label": text(required(found, "label")),
            "displayOrder": found.get("displayOrder", -1),
            "archived": False,
        }
        return answer(groups_of[own_name], 201)

    def group(name: str, own_name: str) -> Body:
        found = crm.groups.get(crm.kind(name).id, {}).get(own_name)
        if found is None:
            raise ApiError(404, f"There is no group {own_name}", category="OBJECT_NOT_FOUND")
        return found

    @page.get("/<name>/groups/<own_name>")
    def read_group(name: str, own_name: str) -> Response:
        return answer(group(name, own_name))

    @page.patch("/<name>/groups/<own_name>")
    def update_group(name: str, own_name: str) -> Response:
        found, given = group(name, own_name), asking.body()
        found.update({n: given[n] for n in ("label", "displayOrder") if n in given})
        return answer(found)

    @page.delete("/<name>/groups/<own_name>")
    def delete_group(name: str, own_name: str) -> Response:
        crm.groups.get(crm.kind(name).id, {}).pop(own_name, None)
        return answer(None, 204)

    return page
