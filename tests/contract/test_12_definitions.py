"""12a. Properties, their groups, and schemas."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Json, Sdk, SdkError
from workers.crm import described
from workers.crm.replies import hints

TEXT: Json = {
    "name": "favorite_food",
    "label": "Favorite food",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
}


def test_a_property_that_the_sdk_defines_is_used_and_archived_by_our_client(
    sdk: Sdk, ours: Ours
) -> None:
    sdk.create_property("contacts", TEXT)
    definition = described.property_of(ours.send(ours.api.property("contacts", "favorite_food")))
    assert (definition.type, definition.unique, definition.archived) == ("string", False, False)
    made = ours.made("contacts", email="ann@example.org", favorite_food="figs")
    assert ours.read("contacts", made.id, "favorite_food").properties["favorite_food"] == "figs"
    ours.send(ours.api.archive_property("contacts", "favorite_food"))
    names = {each["name"] for each in sdk.properties("contacts")["results"]}
    assert "favorite_food" not in names


def test_a_property_that_our_client_defines_the_sdk_reads_and_changes(sdk: Sdk, ours: Ours) -> None:
    body = TEXT | {
        "type": "enumeration",
        "fieldType": "select",
        "options": [{"label": "Figs", "value": "figs", "displayOrder": 0, "hidden": False}],
    }
    ours.send(ours.api.create_property("contacts", body))
    found = sdk.property("contacts", "favorite_food")
    assert [option["value"] for option in found["options"]] == ["figs"]
    options = [{"label": "Dates", "value": "dates", "displayOrder": 0, "hidden": False}]
    sdk.update_property("contacts", "favorite_food", {"options": options})
    reply = ours.send(ours.api.property("contacts", "favorite_food"))
    assert described.property_of(reply).options == ("dates",)
    call = ours.api.create("contacts", properties={"email": "a@b.example", "favorite_food": "figs"})
    hint = hints(ours.refused(call))
    assert (hint.code, hint.properties) == ("INVALID_OPTION", ("favorite_food",))


def test_a_property_is_defined_once(sdk: Sdk, ours: Ours) -> None:
    sdk.create_property("contacts", TEXT)
    assert ours.refused(ours.api.create_property("contacts", TEXT)).status == 409
    with pytest.raises(SdkError) as caught:
        sdk.create_property("contacts", TEXT)
    assert caught.value.status == 409


def test_properties_are_defined_read_and_archived_in_batches(ours: Ours) -> None:
    names = ["food_one", "food_two"]
    bodies = [TEXT | {"name": name} for name in names]
    ours.send(ours.api.create_property_batch("contacts", bodies=bodies))
    reply = ours.send(ours.api.read_property_batch("contacts", names=names))
    assert {each.name for each in described.properties(reply)} == set(names)
    ours.send(ours.api.archive_property_batch("contacts", names=names))
    left = described.properties(ours.send(ours.api.properties("contacts")))
    assert not {each.name for each in left} & set(names)


def test_at_most_ten_properties_of_a_type_are_unique(ours: Ours) -> None:
    for number in range(10):
        body = TEXT | {"name": f"key_{number}", "hasUniqueValue": True}
        ours.send(ours.api.create_property("contacts", body))
    refused = ours.refused(
        ours.api.create_property("contacts", TEXT | {"name": "key_10", "hasUniqueValue": True})
    )
    assert refused.status == 400


def test_groups_are_made_listed_changed_and_archived(sdk: Sdk, ours: Ours) -> None:
    sdk.create_group("contacts", name="food", label="Food")
    found = {g.name: g for g in described.groups(ours.send(ours.api.property_groups("contacts")))}
    assert found["food"].label == "Food"
    ours.send(ours.api.update_property_group("contacts", "food", {"label": "Meals"}))
    labels = {each["name"]: each["label"] for each in sdk.groups("contacts")["results"]}
    assert labels["food"] == "Meals"
    ours.send(ours.api.archive_property_group("contacts", "food"))
    assert "food" not in {each["name"] for each in sdk.groups("contacts")["results"]}


def test_a_schema_is_defined_read_changed_and_archived(sdk: Sdk, ours: Ours) -> None:
    body: Json = {
        "name": "boat",
        "labels": {"singular": "Boat", "plural": "Boats"},
        "requiredProperties": ["boat_name"],
        "properties": [
            {"name": "boat_name", "label": "Name", "type": "string", "fieldType": "text"}
        ],
        "associatedObjects": ["CONTACT"],
    }
    made = described.schema(ours.send(ours.api.create_schema(body)))
    assert sdk.schema(made.id)["name"] == "boat"
    assert [each["name"] for each in sdk.schemas()["results"]] == ["boat"]
    labels = {"singular": "Ship", "plural": "Ships"}
    ours.send(ours.api.update_schema(made.id, {"labels": labels}))
    assert sdk.schema(made.id)["labels"] == labels
    sdk.archive_schema(made.id)
    assert described.schemas(ours.send(ours.api.schemas())) == ()


def test_each_step_in_the_life_of_a_definition_has_its_status(plain: Plain) -> None:
    one = "properties/contacts/favorite_food"
    assert plain("POST", "properties/contacts", TEXT).status == 201
    read = plain("GET", one)
    assert read.status == 200
    assert read.body.keys() >= {
        "name", "label", "type", "fieldType", "groupName", "options", "hasUniqueValue", "hidden",
        "calculated", "archived", "modificationMetadata", "createdAt", "updatedAt",
    }  # fmt: skip
    assert plain("PATCH", one, {"label": "Food"}).body["label"] == "Food"
    assert plain("DELETE", one).status == 204
    assert plain("GET", one).status == 404
    assert plain("POST", "properties/contacts", TEXT).status == 201


def test_a_unique_property_is_made_so_or_not_at_all(plain: Plain) -> None:
    plain("POST", "properties/contacts", TEXT)
    changed = plain("PATCH", "properties/contacts/favorite_food", {"hasUniqueValue": True})
    assert (changed.status, changed.body["hasUniqueValue"]) == (200, False)


@pytest.mark.parametrize("missing", ["name", "label", "type", "fieldType", "groupName"])
def test_a_definition_that_lacks_a_field_is_refused(plain: Plain, missing: str) -> None:
    body = {name: value for name, value in TEXT.items() if name != missing}
    assert plain("POST", "properties/contacts", body).status == 400


def test_a_property_of_an_unknown_type_or_field_is_refused(plain: Plain) -> None:
    for wrong in ({"type": "poem"}, {"fieldType": "harp"}):
        assert plain("POST", "properties/contacts", TEXT | wrong).status == 400, wrong
