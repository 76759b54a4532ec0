"""What the API says of events, and to whom."""

from tests.app.agency import EMEA, MAIL, Agency
from tests.app.api.conftest import Callers


def test_without_credentials_nothing_is_told(office: Agency, callers: Callers) -> None:
    (id,) = office.saved([1])
    for path in ("/events", f"/events/{id}", "/openapi.json"):
        told = callers.stranger.get(path, status=401)
        assert told["status"] == 401
        assert id not in str(told)


def test_events_are_listed_page_by_page(office: Agency, callers: Callers) -> None:
    ids = office.saved(range(7))
    first = callers.viewer.get("/events", limit=3)
    second = callers.viewer.get("/events", limit=3, cursor=first["next"])
    third = callers.viewer.get("/events", limit=3, cursor=second["next"])
    told = [each["id"] for page in (first, second, third) for each in page["events"]]
    assert told == ids[::-1]
    assert third["next"] is None
    assert first["events"][0]["state"] == "waiting"


def test_a_handled_event_tells_its_whole_story(office: Agency, callers: Callers) -> None:
    (id,) = office.saved([1], name="Ada", note=True, password="hunter2")
    office.drain()
    told = callers.viewer.get(f"/events/{id}")
    assert told["event"]["state"] == "done"
    (contact, note) = told["event"]["records"]
    assert contact["record"].startswith("contacts/")
    assert contact["url"] == f"{office.server.url}/_sandbox/view/{contact['record']}"
    assert note["record"].startswith("notes/")
    assert [step["verb"] for step in told["steps"]] == ["upsert", "log"]
    assert told["steps"][0]["what"] == "contacts email=p1@example.com"
    assert told["steps"][0]["properties"] == {
        "email": "p1@example.com",
        "firstname": "Ada",
    }
    assert told["steps"][0]["state"] == "applied"
    assert told["steps"][0]["where"].endswith(".yaml:7")
    assert {call["id"] for call in told["calls"]} >= set(told["steps"][0]["calls"])
    sent = told["calls"][0]
    assert sent["status"] in (200, 201)
    assert "p1@example.com" in str(sent["request"])
    assert [moment["what"] for moment in told["timeline"]][:2] == [
        "happened, by the sender",
        "accepted",
    ]
    assert told["timeline"][-1]["what"] == "done"
    assert told["headers"] == {"x-request-id": "r1"}
    assert told["body"]["password"] == "•••"
    assert (told["hidden"], told["revealed"]) == (True, False)


def test_a_call_is_shown_without_what_others_had_in_it(office: Agency, callers: Callers) -> None:
    ids = office.saved(range(20), name="Ada", note=True)
    office.drain()
    told = callers.viewer.get(f"/events/{ids[3]}")
    assert [call["others"] for call in told["calls"]] == [19] * len(told["calls"])
    for call in told["calls"]:
        assert len(call["request"]["inputs"]) == 1
        assert len(call["answer"]["results"]) == 1
    assert "p3@example.com" in str(told["calls"][0]["request"])
    assert "p4@example.com" not in str(told)
    whole = callers.viewer.get(f"/events/{ids[3]}", whole_calls="true")
    assert {len(call["request"]["inputs"]) for call in whole["calls"]} == {20}


def test_what_is_hidden_is_shown_to_an_operator_on_purpose_and_noted(
    office: Agency, callers: Callers
) -> None:
    (id,) = office.saved([1], password="hunter2")
    callers.viewer.get(f"/events/{id}", status=403, reveal="true")
    told = callers.operator.get(f"/events/{id}", reveal="true")
    assert told["body"]["password"] == "hunter2"
    (deed,) = office.store.deeds().deeds
    assert (deed.what, deed.on, deed.who) == ("reveal", id, "token operator")


def test_a_token_for_one_portal_sees_no_other(office: Agency, callers: Callers) -> None:
    (id,) = office.saved([1])
    body: dict[str, object] = {"id": "m1", "type": "saved", "email": "m@example.com"}
    (theirs,) = office.accept(body, lane=MAIL, portal=EMEA)
    assert [each["id"] for each in callers.emea.get("/events")["events"]] == [theirs]
    callers.emea.get(f"/events/{id}", status=404)
    callers.emea.get("/events", status=404, portal="acme")
    assert callers.emea.get("/events", text=id)["events"] == []


def test_filters_are_told_when_they_are_wrong(callers: Callers) -> None:
    told = callers.viewer.get("/events", status=422, limit=0, state="gone", color="red")
    assert {error.partition(":")[0] for error in told["errors"]} == {
        "query.color",
        "query.limit",
        "query.state",
    }
    assert "cursor" in callers.viewer.get("/events", status=422, cursor="what")["detail"]
    callers.viewer.get("/events", status=422, since="yesterday")
    callers.viewer.get("/events/nothing", status=404)
    callers.viewer.get("/nothing", status=404)


def test_events_are_found_by_state_and_time(office: Agency, callers: Callers) -> None:
    office.saved([1], stage="nonsense")
    office.saved([2])
    office.drain()
    office.saved([3])
    counts = {
        state: len(callers.viewer.get("/events", state=state)["events"])
        for state in ("waiting", "done", "dead", "ignored")
    }
    assert counts == {"waiting": 1, "done": 1, "dead": 1, "ignored": 0}
    since = office.now.isoformat()
    assert len(callers.viewer.get("/events", since=since)["events"]) == 3
    assert callers.viewer.get("/events", until=since)["events"] == []


def test_the_document_describes_every_route(callers: Callers) -> None:
    told = callers.viewer.get("/openapi.json")
    assert told["openapi"] == "3.1.0"
    assert {"/api/v1/events", "/api/v1/events/{id}"} <= told["paths"].keys()
