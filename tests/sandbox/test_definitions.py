"""Definitions: pipelines, stages, groups and schemas are what they were last made."""

import pytest

from tests.sandbox.account import Account, Json

DEALS = "/crm/v3/pipelines/deals"
NEW: Json = {
    "label": "Boats",
    "displayOrder": 1,
    "stages": [{"label": "New", "displayOrder": 0, "metadata": {"probability": "0.1"}}],
}


def test_a_pipeline_is_replaced_as_a_whole(account: Account) -> None:
    made = account.done("POST", DEALS, NEW, status=201)
    path = f"{DEALS}/{made['id']}"
    body = {**NEW, "label": "Ships", "stages": [{"label": "Old"}, {"label": "Sold"}]}
    account.done("PUT", path, body, status=200)
    found = account.done("GET", path, status=200)
    assert found["label"] == "Ships"
    assert [stage["label"] for stage in found["stages"]] == ["Old", "Sold"]


def test_a_replacement_that_is_refused_leaves_the_pipeline(account: Account) -> None:
    made = account.done("POST", DEALS, NEW, status=201)
    path = f"{DEALS}/{made['id']}"
    account.done("PUT", path, {"label": "Ships"}, status=400)
    assert account.done("GET", path, status=200)["label"] == "Boats"


def test_a_stage_id_is_in_one_pipeline_alone(account: Account) -> None:
    body = {**NEW, "stages": [{"label": "Won", "stageId": "closedwon"}]}
    said = account.done("POST", DEALS, body, status=409)
    assert said["subCategory"] == "PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE"


@pytest.mark.parametrize("path", ["default", "default/stages/closedwon"])
def test_what_records_are_in_is_not_deleted(account: Account, path: str) -> None:
    account.create("deals", dealname="D", pipeline="default", dealstage="closedwon")
    said = account.done("DELETE", f"{DEALS}/{path}", status=400)
    assert said["subCategory"] == "PipelineError.STAGE_ID_IN_USE"


def test_pipelines_are_in_a_snapshot(account: Account) -> None:
    account.control("snapshot/before")
    account.done("POST", f"{DEALS}/default/stages", {"label": "More"}, status=201)
    account.control("restore/before")
    assert len(account.done("GET", f"{DEALS}/default/stages", status=200)["results"]) == 7


@pytest.mark.parametrize("path", ["none", "none/stages", "default/stages/none"])
def test_what_is_not_there_is_not_found(account: Account, path: str) -> None:
    account.done("GET", f"{DEALS}/{path}", status=404)


def test_a_group_is_read_changed_and_deleted(account: Account) -> None:
    groups = "/crm/v3/properties/contacts/groups"
    account.done("POST", groups, {"name": "food", "label": "Food"}, status=201)
    account.done("POST", groups, {"name": "food", "label": "Food"}, status=409)
    account.done("PATCH", f"{groups}/food", {"label": "Meals"}, status=200)
    assert account.done("GET", f"{groups}/food", status=200)["label"] == "Meals"
    account.done("DELETE", f"{groups}/food", status=204)
    account.done("GET", f"{groups}/food", status=404)


def test_a_schema_keeps_its_labels_and_says_what_its_records_need(account: Account) -> None:
    name = {"name": "boat_name", "label": "Name", "type": "string", "fieldType": "text"}
    body = {
        "name": "boat",
        "labels": {"singular": "Sailing boat", "plural": "Sailing boats"},
        "requiredProperties": [],
        "properties": [name],
        "associatedObjects": ["CONTACT"],
    }
    made = account.done("POST", "/crm/v3/schemas", body, status=201)
    assert made["labels"] == body["labels"]
    path = f"/crm-object-schemas/v3/schemas/{made['objectTypeId']}"
    account.done("PATCH", path, {"requiredProperties": ["boat_name"]}, status=200)
    said = account.done(
        "POST", f"/crm/v3/objects/{made['objectTypeId']}", {"properties": {}}, status=400
    )
    assert said["context"]["properties"] == ["boat_name"]
    assert account.create(made["fullyQualifiedName"], boat_name="Ada")["id"]


def test_the_use_of_the_day_counts_calls(account: Account) -> None:
    path = "/account-info/v3/api-usage/daily/private-apps"
    account.control("tier", tier="professional")
    before = account.done("GET", path, status=200)["results"][0]
    account.done("GET", "/crm/v3/objects/contacts", status=200)
    after = account.done("GET", path, status=200)["results"][0]
    assert after["usageLimit"] == 625_000
    assert after["currentUsage"] == before["currentUsage"] + 2
