"""Forgetting a person by the API: told first, then done; by admins; the trail has no address."""

import pytest

from tests.app.agency import ACME, EMEA, Agency
from tests.app.api.conftest import Callers
from workers.store import Query

ZOE = "zoe@example.com"


@pytest.fixture
def known(office: Agency) -> str:
    """An event about Zoe that was handled, beside one about somebody else."""
    (id,) = office.accept({"id": "z1", "type": "saved", "email": ZOE, "note": True})
    office.saved([1])
    office.work_off()
    return id


def left(office: Agency) -> list[str]:
    return [each.event.source_id for each in office.store.browse([ACME], Query(), limit=9).rows]


def test_it_is_told_what_would_go_and_nothing_goes(
    callers: Callers, office: Agency, known: str
) -> None:
    page = callers.admin.post("/persons/look", {"email": "ZOE@example.com"})
    acme, emea = page["portals"]
    assert page["done"] is False
    assert acme["events"] == [{"id": known, "type": "saved", "state": "done"}]
    assert (acme["portal"], acme["crm"], len(acme["contacts"])) == (ACME, None, 1)
    assert (emea["portal"], emea["events"], emea["contacts"]) == (EMEA, [], [])
    assert sorted(left(office)) == ["evt_1", "z1"]
    assert ZOE not in str(page)
    assert callers.admin.get("/audit")["deeds"] == []


def test_it_is_erased_and_the_trail_has_no_address(
    callers: Callers, office: Agency, known: str
) -> None:
    page = callers.admin.post("/persons/forget", {"email": ZOE})
    assert page["done"] is True
    assert page["faults"] == []
    assert [(each["portal"], each["crm"]) for each in page["portals"]] == [
        (ACME, "deleted"),
        (EMEA, "deleted"),
    ]
    assert left(office) == ["evt_1"]
    callers.admin.get(f"/events/{known}", status=404)
    deeds = callers.admin.get("/audit")["deeds"]
    assert {each["on"] for each in deeds} == {f"{page['who']} in {name}" for name in (ACME, EMEA)}
    assert {each["what"] for each in deeds} == {"forget"}
    assert ZOE not in str(deeds)
    again = callers.admin.post("/persons/look", {"email": ZOE, "portal": ACME})
    assert [each["events"] for each in again["portals"]] == [[]]


def test_a_crm_that_is_down_is_told_and_the_contact_is_deleted_when_it_is_said_again(
    callers: Callers, office: Agency, known: str
) -> None:
    assert office.store.event(known) is not None
    office.server.sandbox.faults.add(
        {"kind": "status", "path": "gdpr-delete", "status": 503, "times": 1}
    )
    ask = {"email": ZOE, "portal": ACME}
    page = callers.admin.post("/persons/forget", ask)
    (row,) = page["portals"]
    assert row["crm"] == "not asked"
    assert "Say the same again" in page["faults"][0]
    assert left(office) == ["evt_1"]
    contacts = row["contacts"]
    assert callers.admin.post("/persons/look", ask)["portals"][0]["contacts"] == contacts
    (again,) = callers.admin.post("/persons/forget", ask)["portals"]
    assert (again["crm"], again["contacts"], again["events"]) == ("deleted", contacts, [])
    assert callers.admin.post("/persons/look", ask)["portals"][0]["contacts"] == []


def test_the_crm_keeps_the_contact_if_so_said(callers: Callers, office: Agency, known: str) -> None:
    ask = {"email": ZOE, "portal": ACME, "keep_crm": True}
    (row,) = callers.admin.post("/persons/forget", ask)["portals"]
    assert row["crm"] == "kept"
    assert office.store.event(known) is None
    assert callers.admin.post("/persons/look", {"email": ZOE})["portals"][0]["contacts"] == []


def test_what_is_no_address_or_no_portal_is_refused(callers: Callers) -> None:
    for path in ("/persons/look", "/persons/forget"):
        callers.admin.post(path, {"email": "zoe"}, status=422)
        callers.admin.post(path, {}, status=422)
        callers.admin.post(path, {"email": ZOE, "portal": "acne"}, status=404)
        callers.operator.post(path, {"email": ZOE}, status=403)


def test_what_somebody_wrote_is_on_record_without_addresses(callers: Callers) -> None:
    callers.operator.post("/chores/replay", {"portal": ACME, "words": f"of {ZOE}"}, status=202)
    (deed,) = callers.admin.get("/audit")["deeds"]
    assert deed["detail"]["words"] == "of …"
    (chore,) = callers.viewer.get("/chores")["chores"]
    assert chore["words"] == f"of {ZOE}"
    callers.admin.post("/persons/forget", {"email": ZOE, "portal": ACME})
    (chore,) = callers.viewer.get("/chores")["chores"]
    assert chore["words"] == "[erased]"
