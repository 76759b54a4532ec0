"""What the API tells of the records that Hookline wrote."""

from tests.app.agency import ACME, Agency
from tests.app.api.conftest import Callers


def test_each_property_names_its_writer_and_the_one_before(
    office: Agency, callers: Callers
) -> None:
    ids = []
    for number, name in enumerate(("Ada", "Bea", "Cleo")):
        office.later(minutes=1)
        ids += office.accept(
            {"id": f"e{number}", "type": "saved", "email": "p@example.com", "name": name}
        )
        office.drain()
    told = callers.viewer.get(f"/portals/{ACME}/records/contacts/p@example.com")
    assert told["url"] == f"{office.server.url}/_sandbox/view/{told['record']}"
    rows = {each["property"]: each for each in told["properties"]}
    assert rows["firstname"]["event"] == ids[2]
    assert rows["firstname"]["previous_event"] == ids[1]
    assert rows["firstname"]["where"].endswith("shop.yaml:7")
    assert (rows["firstname"]["type"], rows["firstname"]["source_id"]) == ("saved", "e2")
    history = [each for each in told["history"] if each["property"] == "firstname"]
    assert [each["value"] for each in history] == ["Cleo", "Bea", "Ada"]
    assert [each["event"] for each in history] == ids[::-1]
    assert [each["stands"] for each in history] == [True, False, False]
    by_id = callers.viewer.get(f"/portals/{ACME}/records/contact/{told['id']}")
    assert by_id == told


def test_an_older_event_is_told_to_have_changed_nothing(office: Agency, callers: Callers) -> None:
    office.saved([1], name="New")
    office.drain()
    office.later(minutes=-10)
    (old,) = office.accept({"id": "old", "type": "saved", "email": "p1@example.com", "name": "Old"})
    office.later(minutes=10)
    office.drain()
    told = callers.viewer.get(f"/portals/{ACME}/records/contacts/p1@example.com")
    (row,) = [each for each in told["history"] if each["event"] == old][:1]
    assert (row["state"], row["stands"]) == ("unchanged", False)


def test_what_hookline_did_not_write_is_told_so(callers: Callers) -> None:
    callers.viewer.get(f"/portals/{ACME}/records/contacts/9", status=404)
    callers.viewer.get(f"/portals/{ACME}/records/contacts/a@b.example", status=404)
    callers.viewer.get(f"/portals/{ACME}/records/deals/what", status=422)
    callers.viewer.get("/portals/none/records/contacts/9", status=404)
    callers.emea.get(f"/portals/{ACME}/records/contacts/9", status=404)


def test_events_are_found_by_the_key_of_a_record(office: Agency, callers: Callers) -> None:
    ids = office.saved(range(3))
    office.drain()
    found = callers.viewer.get("/events", key="P1@Example.com ")["events"]
    assert [each["id"] for each in found] == [ids[1]]
    assert callers.viewer.get("/events", key="nobody@example.com")["events"] == []
    assert callers.emea.get("/events", key="p1@example.com")["events"] == []
