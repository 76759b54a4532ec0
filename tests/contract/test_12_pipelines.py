"""12b. Pipelines and stages."""

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Sdk
from workers.crm import described


def test_the_pipelines_that_every_account_has(sdk: Sdk, ours: Ours) -> None:
    [deals] = described.pipelines(ours.send(ours.api.pipelines("deals")))
    assert (deals.id, [stage.id for stage in deals.stages]) == (
        "default",
        [
            "appointmentscheduled",
            "qualifiedtobuy",
            "presentationscheduled",
            "decisionmakerboughtin",
            "contractsent",
            "closedwon",
            "closedlost",
        ],
    )
    [tickets] = sdk.pipelines("tickets")["results"]
    assert (tickets["id"], [stage["id"] for stage in tickets["stages"]]) == (
        "0", ["1", "2", "3", "4"],
    )  # fmt: skip
    metadata = deals.stages[0].metadata
    assert metadata["isClosed"] == "false"


def test_a_pipeline_is_made_changed_and_deleted(sdk: Sdk, ours: Ours) -> None:
    stages = [{"label": "New", "displayOrder": 0, "metadata": {"probability": "0.1"}}]
    made = sdk.create_pipeline("deals", {"label": "Boats", "displayOrder": 1, "stages": stages})
    ours.send(ours.api.update_pipeline("deals", made["id"], {"label": "Ships"}))
    read = described.pipeline(ours.send(ours.api.pipeline("deals", made["id"])))
    assert read.label == "Ships"
    sdk.create_stage(
        "deals",
        made["id"],
        {"label": "Sold", "displayOrder": 1, "metadata": {"probability": "1.0"}},
    )
    found = described.stages(ours.send(ours.api.stages("deals", made["id"])))
    assert [stage.label for stage in found] == ["New", "Sold"]
    call = ours.api.update_stage(
        "deals", made["id"], found[1].id, {"label": "Won", "metadata": {"probability": "1.0"}}
    )
    assert described.stage(ours.send(call)).label == "Won"
    ours.send(ours.api.archive_stage("deals", made["id"], found[1].id))
    sdk.archive_pipeline("deals", made["id"])
    assert [each["id"] for each in sdk.pipelines("deals")["results"]] == ["default"]


def test_a_stage_must_belong_to_its_pipeline(sdk: Sdk, ours: Ours) -> None:
    stages = [{"label": "New", "displayOrder": 0, "metadata": {"probability": "0.1"}}]
    made = sdk.create_pipeline("deals", {"label": "Boats", "displayOrder": 1, "stages": stages})
    properties = {"dealname": "D", "pipeline": made["id"], "dealstage": "qualifiedtobuy"}
    assert ours.refused(ours.api.create("deals", properties=properties)).status == 400
    properties["dealstage"] = made["stages"][0]["id"]
    assert ours.made("deals", **properties).id


def test_a_stage_that_a_record_is_in_is_not_deleted(plain: Plain, ours: Ours) -> None:
    ours.made("deals", dealname="D", pipeline="default", dealstage="contractsent")
    answer = plain("DELETE", "pipelines/deals/default/stages/contractsent")
    assert answer.status == 400
    assert "STAGE_ID_IN_USE" in str(answer.body)
