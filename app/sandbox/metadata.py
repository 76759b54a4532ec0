"""Properties and their groups, pipelines, owners, schemas, the object library, the account."""

from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, Response, request

from app.sandbox import asking
from app.sandbox.asking import answer, inputs, mapping, required, text
from app.sandbox.batches import Body
from app.sandbox.catalogue import Definition, ObjectType
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.errors import ApiError
from app.sandbox.limits import Limits
from app.sandbox.values import iso

TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    *("booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number"),
    *("phonenumber", "radio", "select", "text", "textarea"),
)


def _shown(definition: Definition) -> Body:
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


def _definition(found: Body) -> Definition:
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


def properties(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v3/properties and its dated forms."""
    page = Blueprint("properties", __name__)

    @page.get("/<name>")
    def listed(name: str) -> Response:
        kind = crm.kind(name)
        return answer({"results": [_shown(each) for each in kind.properties.values()]})

    @page.post("/<name>")
    def create(name: str) -> Response:
        kind = crm.kind(name)
        definition = _definition(asking.body())
        crm.define(kind, definition)
        return answer(_shown(definition), 201)

    @page.get("/<name>/<own_name>")
    def read(name: str, own_name: str) -> Response:
        return answer(_shown(_property(crm.kind(name), own_name)))

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
        return answer(_shown(changed))

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
        made = [_definition(each) for each in inputs(asking.body())]
        for definition in made:
            crm.define(kind, definition)
        now = iso(crm.now())
        body = {"status": "COMPLETE", "results": [_shown(d) for d in made]}
        return answer({**body, "startedAt": now, "completedAt": now}, 201)

    @page.post("/<name>/batch/read")
    def batch_read(name: str) -> Response:
        kind = crm.kind(name)
        wanted = [text(each.get("name")) for each in inputs(asking.body())]
        found = [_shown(kind.properties[n]) for n in wanted if n in kind.properties]
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


OWNERS = (
    {"id": "17", "type": "PERSON", "email": "sales@us.example", "firstName": "Sales",
     "lastName": "Desk", "userId": 9, "teams": []},
    {"id": "18", "type": "PERSON", "email": "support@us.example", "firstName": "Support",
     "lastName": "Desk", "userId": 10, "teams": []},
)  # fmt: skip


def owners(_: Crm) -> Blueprint:
    """Return the routes of owners."""
    page = Blueprint("owners", __name__)
    moments = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}

    @page.get("")
    @page.get("/")
    def listed() -> Response:
        email = request.args.get("email", "")
        found = [o for o in OWNERS if not email or o["email"] == email]
        return answer({"results": [{**o, **moments, "archived": False} for o in found]})

    @page.get("/<owner_id>")
    def read(owner_id: str) -> Response:
        by = "userId" if request.args.get("idProperty") == "userId" else "id"
        for owner in OWNERS:
            if str(owner[by]) == owner_id:
                return answer({**owner, **moments, "archived": False})
        raise ApiError(404, "resource not found", category=None)

    return page


def schemas(crm: Crm) -> Blueprint:
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
            "properties": [_shown(each) for each in kind.properties.values()],
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
            _definition({"groupName": f"{name}_information", **mapping(each)})
            for each in (listed_properties if isinstance(listed_properties, list) else [])
        ]
        needed = required(found, "requiredProperties")
        type_id = f"2-{100 + sum(k.custom for k in crm.types.values())}"
        system = {
            n: d
            for n, d in crm.types["0-3"].properties.items()
            if n in ("createdate", "hs_lastmodifieddate", "hs_object_id", "hubspot_owner_id")
        }
        pin = crm.types["0-3"].properties["hs_pinned_engagement_id"]
        kind = ObjectType(
            id=type_id,
            name=name,
            singular=text(labels.get("singular")).lower() or name,
            labels=tuple((each, text(label)) for each, label in labels.items()),
            required=tuple(text(n) for n in needed) if isinstance(needed, list) else (),
            custom=True,
            pinnable=True,
            properties={**system, pin.name: pin, **{d.name: d for d in definitions}},
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
        link = crm.default_link(kind.id, other.id)
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


def account(crm: Crm, limits: Limits) -> Blueprint:
    """Return the routes of the account, the object library and OAuth."""
    page = Blueprint("account", __name__)

    @page.get("/account-info/<version>/api-usage/daily/private-apps")
    def usage(version: str) -> Response:  # noqa: ARG001 (any version answers alike)
        now = crm.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        row = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": limits.daily,
            "currentUsage": limits.today,
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso(midnight),
        }
        return answer({"results": [row]})

    @page.get("/account-info/<version>/details")
    def details(version: str) -> Response:  # noqa: ARG001 (any version answers alike)
        return answer(
            {
                "portalId": PORTAL_ID,
                "accountType": "DEVELOPER_TEST",
                "timeZone": "UTC",
                "companyCurrency": "EUR",
                "additionalCurrencies": [],
                "utcOffset": "+00:00",
                "utcOffsetMilliseconds": 0,
                "uiDomain": "app.hubspot.example",
                "dataHostingLocation": "eu1",
            }
        )

    def enabled() -> dict[str, bool]:
        return {k.id: k.id in crm.active for k in crm.types.values() if k.activatable}

    @page.get("/crm/v3/object-library/enablement")
    @page.get("/crm/object-library/<version>/enablement")
    def enablement(version: str = "") -> Response:  # noqa: ARG001
        return answer({"enablementByObjectTypeId": enabled()})

    @page.get("/crm/v3/object-library/enablement/<type_id>")
    @page.get("/crm/object-library/<version>/enablement/<type_id>")
    def enablement_of(type_id: str, version: str = "") -> Response:  # noqa: ARG001
        return answer({"enablement": enabled().get(type_id, True)})

    @page.post("/oauth/v1/token")
    @page.post("/oauth/<version>/token")
    def token(version: str = "") -> Response:
        # The dated SDK sends JSON, and so its path takes it; everybody else sends a form.
        given = asking.body() if version and request.is_json else request.form.to_dict()
        grant = text(given.get("grant_type"))
        if grant not in ("authorization_code", "refresh_token"):
            raise ApiError(400, f"grant_type {grant!r} is not supported", category="BAD_GRANT_TYPE")
        own = text(given.get("code")) or text(given.get("refresh_token"))
        if not own or not given.get("client_id"):
            raise ApiError(
                400, "missing or invalid code or refresh token", category="BAD_AUTH_CODE"
            )
        serial = crm.random.randrange(10**9)
        return answer(
            {
                "access_token": f"access-{serial}",
                "refresh_token": text(given.get("refresh_token")) or f"refresh-{own}",
                "expires_in": 1800,
                "token_type": "bearer",
            }
        )

    @page.get("/oauth/v1/refresh-tokens/<own>")
    def refresh_token(own: str) -> Response:
        return answer({"token": own, "hub_id": PORTAL_ID, "client_id": "1", "scopes": []})

    @page.delete("/oauth/v1/refresh-tokens/<own>")
    def forget_token(own: str) -> Response:  # noqa: ARG001 (any token is well known here)
        return answer(None, 204)

    @page.get("/oauth/v1/access-tokens/<own>")
    def access_token(own: str) -> Response:
        return answer(
            {"token": own, "hub_id": PORTAL_ID, "expires_in": 1800, "scopes": [], "app_id": 1}
        )

    return page
