"""11. All creatable object types, custom ones among them, and those to be activated first."""

from collections.abc import Mapping

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Json, Sdk, SdkError
from workers.crm import described, tenant
from workers.crm.replies import hints, record

NOW = "2026-01-05T10:00:00Z"
# What each needs when it is created, with a value of it.
REQUIRED: dict[tuple[str, str], Mapping[str, str]] = {
    ("0-1", "contacts"): {"email": "ann@example.org"},
    ("0-2", "companies"): {"domain": "acme.example"},
    ("0-3", "deals"): {"dealname": "D", "dealstage": "qualifiedtobuy", "pipeline": "default"},
    ("0-5", "tickets"): {"subject": "T", "hs_pipeline": "0", "hs_pipeline_stage": "1"},
    ("0-7", "products"): {
        "hs_sku": "S1", "hs_folder": "1", "price": "9.50", "name": "P", "description": "d",
    },
    ("0-8", "line_items"): {},
    ("0-14", "quotes"): {"hs_title": "Q", "hs_expiration_date": "2026-02-01"},
    ("0-18", "communications"): {"hs_timestamp": NOW, "hs_communication_channel_type": "SMS"},
    ("0-27", "tasks"): {"hs_timestamp": NOW},
    ("0-46", "notes"): {"hs_timestamp": NOW},
    ("0-47", "meetings"): {"hs_timestamp": NOW},
    ("0-48", "calls"): {"hs_timestamp": NOW},
    ("0-49", "emails"): {"hs_timestamp": NOW, "hs_email_direction": "EMAIL"},
    ("0-54", "marketing_events"): {"hs_event_description": "d", "hs_event_name": "E"},
    ("0-69", "subscriptions"): {"hs_name": "S"},
    ("0-115", "users"): {"hs_internal_user_id": "7", "hs_email": "user@example.org"},
    ("0-116", "postal_mail"): {"hs_timestamp": NOW},
    ("0-123", "orders"): {"hs_order_name": "O"},
    ("0-136", "leads"): {
        "hs_associated_contact_email": "ann@example.org",
        "hs_associated_contact_lastname": "Lee",
        "hs_lead_name": "L",
        "hs_associated_company_domain": "acme.example",
        "hs_associated_contact_firstname": "Ann",
        "hs_associated_company_name": "Acme",
    },
    ("0-162", "services"): {"hs_name": "S", "hs_pipeline": "", "hs_pipeline_stage": ""},
    ("0-410", "courses"): {"hs_course_name": "C"},
    ("0-420", "listings"): {"hs_name": "L"},
    ("0-421", "appointments"): {"hs_appointment_start": NOW},
}  # fmt: skip
TO_ACTIVATE = {"0-162", "0-410", "0-420", "0-421"}
SCHEMA: Json = {
    "name": "boat",
    "labels": {"singular": "Boat", "plural": "Boats"},
    "requiredProperties": ["boat_name"],
    "primaryDisplayProperty": "boat_name",
    "properties": [
        {
            "name": "boat_name", "label": "Name", "type": "string", "fieldType": "text",
            "groupName": "boat_information",
        },
        {
            "name": "hull_no", "label": "Hull", "type": "string", "fieldType": "text",
            "groupName": "boat_information", "hasUniqueValue": True,
        },
    ],
    "associatedObjects": ["CONTACT"],
}  # fmt: skip
KINDS = pytest.mark.parametrize("kind", REQUIRED, ids=[name for _, name in REQUIRED])


def _pipeline(ours: Ours, type_id: str) -> described.Pipeline:
    stages = [{"label": "New", "displayOrder": 0, "metadata": {}}]
    body = {"label": "Ours", "displayOrder": 0, "stages": stages}
    return described.pipeline(ours.send(ours.api.create_pipeline(type_id, body)))


def _properties(ours: Ours, account: Account, kind: tuple[str, str]) -> dict[str, str]:
    """Return what a record needs, with the pipeline that the account has for it."""
    type_id, _ = kind
    if type_id in TO_ACTIVATE:
        account.control("POST", f"activate/{type_id}")
    properties = dict(REQUIRED[kind])
    if properties.get("hs_pipeline") == "":
        there = described.pipelines(ours.send(ours.api.pipelines(type_id)))
        pipeline = there[0] if there else _pipeline(ours, type_id)
        properties |= {"hs_pipeline": pipeline.id, "hs_pipeline_stage": pipeline.stages[0].id}
    return properties


@KINDS
def test_a_record_of_each_type_is_made_by_name_and_read_by_id(
    account: Account, sdk: Sdk, ours: Ours, kind: tuple[str, str]
) -> None:
    type_id, name = kind
    properties = _properties(ours, account, kind)
    made = ours.made(name, **properties)
    found = sdk.read(type_id, made.id, properties=list(properties))
    assert found["id"] == made.id
    assert set(properties) <= set(found["properties"])


@KINDS
def test_a_record_of_each_type_is_made_by_the_sdk_by_id_and_read_by_name(
    account: Account, sdk: Sdk, ours: Ours, kind: tuple[str, str]
) -> None:
    type_id, name = kind
    properties = _properties(ours, account, kind)
    made = sdk.create(type_id, properties)
    assert set(properties) <= set(ours.read(name, made["id"], *properties).properties)


@KINDS
def test_what_a_type_needs_is_missed_when_it_is_not_there(
    account: Account, plain: Plain, ours: Ours, kind: tuple[str, str]
) -> None:
    type_id, _ = kind
    properties = _properties(ours, account, kind)
    status = 400 if account.strict and properties else 201
    answer = plain("POST", f"objects/{type_id}", {"properties": {}})
    assert answer.status == status
    if status == 400 and type_id not in ("0-1", "0-2"):  # those need one of several
        named = hints(ours.refused(ours.api.create(type_id, properties={}))).properties
        assert set(named) == set(properties)


@pytest.mark.parametrize("type_id", sorted(TO_ACTIVATE))
def test_a_type_that_is_not_activated_is_refused_until_it_is(
    account: Account, sdk: Sdk, ours: Ours, type_id: str
) -> None:
    kind = next(each for each in REQUIRED if each[0] == type_id)
    listed = tenant.enablement(ours.send(ours.api.enablement()))
    assert listed.keys() == TO_ACTIVATE
    if account.strict:
        assert listed[type_id] is False
        refused = ours.refused(ours.api.create(type_id, properties=REQUIRED[kind]))
        assert refused.status == 403
        with pytest.raises(SdkError) as caught:
            sdk.create(type_id, REQUIRED[kind])
        assert caught.value.status == 403
    properties = _properties(ours, account, kind)
    assert sdk.enablement()["enablementByObjectTypeId"][type_id] is True
    assert tenant.enabled(ours.send(ours.api.enablement_of(type_id))) is True
    assert ours.made(type_id, **properties).id


@pytest.fixture
def boats(sdk: Sdk) -> Json:
    """The schema of a custom object."""
    return sdk.create_schema(SCHEMA)


def test_a_custom_object_goes_by_its_id_and_by_its_full_name(
    sdk: Sdk, ours: Ours, boats: Json
) -> None:
    type_id, full_name = boats["objectTypeId"], boats["fullyQualifiedName"]
    assert type_id.startswith("2-")
    assert full_name.startswith("p")
    assert full_name.endswith("_boat")
    made = ours.made(full_name, boat_name="Argo", hull_no="H1")
    assert sdk.read(type_id, made.id, properties=["boat_name"])["properties"]["boat_name"] == "Argo"
    other = sdk.create(type_id, {"boat_name": "Dory"})
    assert ours.read(full_name, other["id"], "boat_name").properties["boat_name"] == "Dory"


def test_a_custom_object_is_associated_pinned_and_read_by_its_unique_property(
    sdk: Sdk, ours: Ours, boats: Json
) -> None:
    type_id = boats["objectTypeId"]
    boat = ours.made(type_id, boat_name="Argo", hull_no="H1")
    contact = sdk.create("contacts", {"email": "ann@example.org"})
    ours.send(ours.api.associate_default(type_id, boat.id, "contacts", contact["id"]))
    assert len(sdk.associated(type_id, boat.id, "contacts")["results"]) == 1
    call = ours.api.read(type_id, "H1", key_property="hull_no")
    assert record(ours.send(call)).id == boat.id


def test_what_a_custom_object_requires_is_what_its_schema_says(
    account: Account, ours: Ours, boats: Json
) -> None:
    call = ours.api.create(boats["objectTypeId"], properties={"hull_no": "H1"})
    if account.strict:
        assert hints(ours.refused(call)).properties == ("boat_name",)
    else:
        ours.send(call)


@pytest.mark.usefixtures("boats")
def test_a_bare_custom_name_cannot_be_told(plain: Plain) -> None:
    answer = plain("GET", "objects/boat")
    assert answer.status == 400
    assert answer.body["message"].startswith("Unable to infer object type")
