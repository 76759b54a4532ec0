"""What the API lets a person do with events that ended badly."""

from tests.app.agency import ACME, Agency
from tests.app.api.conftest import Callers


def dead(office: Agency, count: int, *, first: int = 0) -> list[str]:
    """Events that the CRM refuses."""
    ids = office.saved(range(first, first + count), stage="nonsense")
    office.drain()
    return ids


def test_what_ended_alike_is_one_group(office: Agency, callers: Callers) -> None:
    ids = dead(office, 3)
    (group,) = callers.viewer.get("/groups")["groups"]
    assert (group["state"], group["events"], group["portal"]) == ("dead", 3, ACME)
    assert "lifecyclestage" in group["reason"] or "contact" in group["reason"]
    page = callers.viewer.get("/events", state="dead", group=group["id"])
    assert {each["id"] for each in page["events"]} == set(ids)
    assert callers.emea.get("/groups")["groups"] == []


def test_one_event_is_replayed_by_an_operator_and_noted(office: Agency, callers: Callers) -> None:
    (id,) = dead(office, 1)
    callers.viewer.post(f"/events/{id}/replay", status=403)
    callers.emea.post(f"/events/{id}/replay", status=404)
    assert callers.operator.post(f"/events/{id}/replay")["done"]
    assert callers.viewer.get(f"/events/{id}")["event"]["state"] == "retrying"
    told = callers.operator.post(f"/events/{id}/replay", status=409)
    assert "retrying" in told["detail"]
    (deed,) = office.store.deeds().deeds
    assert (deed.what, deed.on) == ("replay", id)


def test_some_events_are_replayed_and_what_cannot_be_is_told(
    office: Agency, callers: Callers
) -> None:
    ids = dead(office, 2)
    told = callers.operator.post("/replays", {"ids": [*ids, "acme.shop-1-0", "what"]})
    assert told["done"] == 2
    assert [each["done"] for each in told["events"]] == [True, True, False, False]
    callers.operator.post("/replays", {"ids": []}, status=422)
    callers.operator.post("/replays", {"ids": ids, "all": True}, status=422)


def test_events_are_discarded_with_a_reason(office: Agency, callers: Callers) -> None:
    (id,) = dead(office, 1)
    callers.operator.post("/discards", {"ids": [id]}, status=422)
    callers.operator.post("/discards", {"ids": [id], "reason": "  "}, status=422)
    told = callers.operator.post("/discards", {"ids": [id], "reason": "a test of theirs"})
    assert told["done"] == 1
    event = callers.viewer.get(f"/events/{id}")["event"]
    assert (event["state"], event["reason"]) == ("ignored", "discarded: a test of theirs")


def test_all_of_a_group_are_replayed_in_the_background(office: Agency, callers: Callers) -> None:
    ids = dead(office, 5)
    (group,) = callers.viewer.get("/groups")["groups"]
    asked = {"portal": ACME, "group": group["id"]}
    callers.viewer.post("/chores/replay", asked, status=403)
    chore = callers.operator.post("/chores/replay", asked, status=202)
    assert (chore["progress"], chore["expected"], chore["by"]) == ("asked", 5, "token operator")
    office.runtime.carry_on(ACME, chore["id"])
    told = callers.viewer.get(f"/portals/{ACME}/chores/{chore['id']}")
    assert (told["progress"], told["looked"], told["done"]) == ("done", 5, 5)
    assert office.store.backlog(ACME).retrying == len(ids)
    assert callers.viewer.get("/chores")["chores"] == [told]
    callers.operator.post(f"/portals/{ACME}/chores/{chore['id']}/stop", status=409)
    callers.viewer.get(f"/portals/{ACME}/chores/none", status=404)
    callers.emea.get(f"/portals/{ACME}/chores/{chore['id']}", status=404)


def test_all_that_is_meant_is_discarded_in_the_background(office: Agency, callers: Callers) -> None:
    dead(office, 3)
    asked = {"portal": ACME, "words": "no such words", "reason": "old"}
    chore = callers.operator.post("/chores/discard", asked, status=202)
    done = office.runtime.carry_on(ACME, chore["id"])
    assert done is not None
    assert (done.looked, done.done) == (3, 0)
    chore = callers.operator.post("/chores/discard", {**asked, "words": ""}, status=202)
    office.runtime.carry_on(ACME, chore["id"])
    assert office.store.counts(ACME)["ignored"] == 3


def test_a_lost_create_is_settled_by_a_persons_word(office: Agency, callers: Callers) -> None:
    office.server.sandbox.faults.add({"kind": "lost", "path": "/deals/batch/create"})
    (id,) = office.accept({"id": "b1", "type": "bought"})
    callers.operator.post(f"/events/{id}/resolve", {"made": "77"}, status=409)
    office.work_off()
    detail = callers.viewer.get(f"/events/{id}")
    assert (detail["event"]["state"], detail["resolvable"]) == ("unknown", True)
    callers.viewer.post(f"/events/{id}/resolve", {"made": "77"}, status=403)
    callers.operator.post(f"/events/{id}/resolve", {"made": "x"}, status=422)
    assert callers.operator.post(f"/events/{id}/resolve", {"made": "77"})["done"]
    office.work_off()
    detail = callers.viewer.get(f"/events/{id}")
    assert detail["event"]["state"] == "done"
    assert detail["event"]["records"][0]["record"] == "deals/77"


def test_the_overview_tells_how_each_portal_stands(office: Agency, callers: Callers) -> None:
    dead(office, 2)
    office.store.flush_counts()
    office.runtime.tick()
    office.saved(range(10, 13))
    told = callers.viewer.get("/overview")
    acme, emea = told["portals"]
    assert (acme["portal"], acme["waiting"], acme["dead"]) == (ACME, 3, 2)
    assert acme["quota"]["limit"] == 100_000
    assert acme["minutes"][-1]["accepted"] == 3
    assert emea["waiting"] == 0
    assert [each["portal"] for each in callers.emea.get("/overview")["portals"]] == ["emea"]
    callers.viewer.get("/overview", status=422, minutes=0)
