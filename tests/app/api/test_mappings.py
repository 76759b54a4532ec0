"""What the API tells of mappings, and of what a changed one would do."""

import json

from tests.app.agency import ACME, SHOP, Agency
from tests.app.api.conftest import Callers

PAYLOAD = json.dumps({"id": "e1", "type": "saved", "email": "a@example.com", "name": "Ada"})


def text_of(callers: Callers) -> str:
    text: str = callers.viewer.get(f"/mappings/{SHOP}")["text"]
    return text


def test_a_mapping_is_shown_with_what_is_wrong_with_it(callers: Callers) -> None:
    told = callers.viewer.get(f"/mappings/{SHOP}")
    assert told["text"].startswith("source: shop\n")
    assert {"saved", "bought"} <= {*told["types"]}
    assert told["checks"] == {"faults": [], "warnings": []}
    rows = callers.viewer.get("/mappings")["mappings"]
    assert [(row["endpoint"], row["faults"]) for row in rows] == [("shop", 0), ("mail", 0)]
    callers.viewer.get("/mappings/none", status=404)
    callers.emea.get(f"/mappings/{SHOP}", status=404)


def test_faults_of_a_changed_text_are_told_with_their_lines(callers: Callers) -> None:
    wrong = text_of(callers).replace("set:", "sets:").replace("object: deals", "objects: deals")
    told = callers.operator.post(f"/mappings/{SHOP}/check", {"text": wrong})
    assert len(told["faults"]) > 1
    assert all(".yaml:" in fault for fault in told["faults"])
    assert callers.operator.post(f"/mappings/{SHOP}/check", {"text": text_of(callers)}) == {
        "faults": [],
        "warnings": [],
    }
    callers.viewer.post(f"/mappings/{SHOP}/check", {"text": wrong}, status=403)
    for text in ("", "{", "- a", "source: 1", "a: &a [*a]", "\x00"):
        told = callers.operator.post(f"/mappings/{SHOP}/check", {"text": text})
        assert told["faults"]


def test_a_payload_shows_its_calls_and_nothing_is_sent(office: Agency, callers: Callers) -> None:
    told = callers.operator.post(f"/mappings/{SHOP}/preview", {"payload": PAYLOAD})
    assert told["faults"] == []
    (event,) = told["events"]
    assert (event["type"], event["source_id"], event["portal"]) == ("saved", "e1", ACME)
    (call,) = told["calls"]
    assert call["path"].endswith("/contacts/batch/upsert")
    assert "a@example.com" in json.dumps(call["body"])
    changed = text_of(callers).replace("firstname:", "lastname:")
    told = callers.operator.post(f"/mappings/{SHOP}/preview", {"payload": PAYLOAD, "text": changed})
    assert "lastname" in json.dumps(told["calls"])
    assert office.store.counts(ACME) == {}


def test_an_accepted_event_shows_its_calls(office: Agency, callers: Callers) -> None:
    (id,) = office.saved([1])
    told = callers.operator.post(f"/mappings/{SHOP}/preview", {"event": id})
    assert "p1@example.com" in json.dumps(told["calls"])
    callers.operator.post(f"/mappings/{SHOP}/preview", {"event": "acme.shop-1-1"}, status=404)
    callers.operator.post(f"/mappings/{SHOP}/preview", {}, status=422)
    callers.operator.post(f"/mappings/{SHOP}/preview", {"payload": "{"}, status=422)
    callers.operator.post(f"/mappings/{SHOP}/preview", {"payload": "[]"}, status=422)


def test_what_the_mapping_ignores_is_told_with_the_reason(callers: Callers) -> None:
    payload = json.dumps({"id": "e1", "type": "skipped"})
    (event,) = callers.operator.post(f"/mappings/{SHOP}/preview", {"payload": payload})["events"]
    assert "ignores 'skipped'" in event["ignored"]


def test_past_events_are_rehearsed_under_a_changed_text(office: Agency, callers: Callers) -> None:
    office.saved(range(3), name="Ada")
    changed = text_of(callers).replace("{{ body.name }}", "{{ body.name | upper }}")
    told = callers.operator.post(f"/mappings/{SHOP}/rehearsal", {"text": changed})
    assert (told["events"], told["whole"], told["dead"]) == (3, True, [])
    rows = [(row["property"], row["before"], row["after"]) for row in told["differences"]]
    assert rows == [("firstname", "Ada", "ADA")] * 3
    told = callers.operator.post(f"/mappings/{SHOP}/rehearsal", {"text": changed, "limit": 2})
    assert (told["events"], told["whole"]) == (2, False)
    same = callers.operator.post(f"/mappings/{SHOP}/rehearsal", {"text": text_of(callers)})
    assert same["differences"] == []
    callers.viewer.post(f"/mappings/{SHOP}/rehearsal", {"text": changed}, status=403)
    assert callers.operator.post(f"/mappings/{SHOP}/rehearsal", {"text": "no"})["faults"]
