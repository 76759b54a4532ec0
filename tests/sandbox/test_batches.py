"""Batches: all or nothing, or each input for itself; never in the order that was sent."""

import pytest

from tests.sandbox.account import Account, Json, link

CONTACTS = "/crm/v3/objects/contacts/batch"


def _new(*emails: str, traced: bool = False) -> Json:
    return {
        "inputs": [
            {
                "properties": {"email": email},
                **({"objectWriteTraceId": f"row-{index}"} if traced else {}),
            }
            for index, email in enumerate(emails)
        ]
    }


def _held(account: Account) -> list[str]:
    rows = account.done("GET", "/crm/v3/objects/contacts", status=200)["results"]
    return sorted(row["properties"]["email"] for row in rows)


def test_without_traces_one_bad_input_fails_all(account: Account) -> None:
    said = account.done("POST", f"{CONTACTS}/create", _new("a@example.org", "b"), status=400)
    assert "Email address b is invalid" in said["message"]
    assert _held(account) == []


def test_without_traces_a_taken_address_fails_all_as_a_conflict(account: Account) -> None:
    existing = account.contact("a@example.org")
    body = _new("new@example.org", "a@example.org")
    said = account.done("POST", f"{CONTACTS}/create", body, status=409)
    assert f"Existing ID: {existing}" in said["message"]
    assert _held(account) == ["a@example.org"]


def test_a_refusal_of_the_whole_names_every_fault(account: Account) -> None:
    said = account.done("POST", f"{CONTACTS}/create", _new("a", "b@example.org", "c"), status=400)
    text = str(said["errors"])
    assert "Email address a is invalid" in text
    assert "Email address c is invalid" in text


def test_with_traces_each_input_is_for_itself(account: Account) -> None:
    existing = account.contact("a@example.org")
    body = _new("a@example.org", "new@example.org", "bad", traced=True)
    said = account.done("POST", f"{CONTACTS}/create", body, status=207)
    assert [row["objectWriteTraceId"] for row in said["results"]] == ["row-1"]
    assert said["numErrors"] == 2
    by_trace = {each["context"]["objectWriteTraceId"][0]: each for each in said["errors"]}
    assert by_trace["row-0"]["category"] == "CONFLICT"
    assert by_trace["row-0"]["context"]["existingId"] == [existing]
    assert by_trace["row-2"]["category"] == "VALIDATION_ERROR"
    for each in said["errors"]:
        assert {"status", "category", "message", "context", "errors", "links"} <= set(each)
    assert _held(account) == ["a@example.org", "new@example.org"]


def test_a_trace_on_some_inputs_is_as_good_as_none(account: Account) -> None:
    body = _new("a@example.org", "bad", traced=True)
    del body["inputs"][1]["objectWriteTraceId"]
    account.done("POST", f"{CONTACTS}/create", body, status=400)
    assert _held(account) == []


def test_a_trace_that_is_there_twice_is_as_good_as_none(account: Account) -> None:
    body = _new("a@example.org", "bad", traced=True)
    body["inputs"][1]["objectWriteTraceId"] = "row-0"
    account.done("POST", f"{CONTACTS}/create", body, status=400)
    assert _held(account) == []


def test_updates_and_upserts_may_lack_multi_status(account: Account) -> None:
    account.control("switches", multi_status="create_only")
    first, second = account.contact("a@example.org"), account.contact("b@example.org")
    body = {
        "inputs": [
            {"id": first, "objectWriteTraceId": "1", "properties": {"firstname": "Ann"}},
            {"id": second, "objectWriteTraceId": "2", "properties": {"shoe": "43"}},
        ]
    }
    account.done("POST", f"{CONTACTS}/update", body, status=400)
    assert "firstname" not in account.read("contacts", first)["properties"]
    account.control("switches", multi_status="all")
    said = account.done("POST", f"{CONTACTS}/update", body, status=207)
    assert [row["id"] for row in said["results"]] == [first]


@pytest.mark.parametrize("traced", [False, True])
def test_a_record_that_is_in_a_batch_twice_refuses_it_whole(account: Account, traced: bool) -> None:  # noqa: FBT001
    emails = ("Ann@example.org", "ann@example.org")
    body = {
        "inputs": [
            {
                "id": email,
                "idProperty": "email",
                "properties": {},
                **({"objectWriteTraceId": str(index)} if traced else {}),
            }
            for index, email in enumerate(emails)
        ]
    }
    said = account.done("POST", f"{CONTACTS}/upsert", body, status=400)
    assert said["message"] == (
        "Duplicate IDs found in batch input: [ann@example.org]. IDs must be unique"
    )
    assert said["context"]["ids"] == ["ann@example.org"]
    assert _held(account) == []


@pytest.mark.parametrize("verb", ["create", "read", "update", "upsert", "archive"])
def test_a_batch_has_from_1_to_100_inputs(account: Account, verb: str) -> None:
    said = account.done("POST", f"{CONTACTS}/{verb}", {"inputs": []}, status=400)
    assert said["message"] == "Batch input provided should have at least one object."
    rows = [{"id": str(n), "idProperty": "email", "properties": {}} for n in range(101)]
    said = account.done("POST", f"{CONTACTS}/{verb}", {"inputs": rows}, status=400)
    assert said["message"].startswith("The maximum number of inputs supported in a batch is 100.")


def test_a_batch_read_with_history_has_at_most_50_inputs(account: Account) -> None:
    rows = [{"id": str(n)} for n in range(51)]
    body = {"inputs": rows, "propertiesWithHistory": ["email"]}
    said = account.done("POST", f"{CONTACTS}/read", body, status=400)
    assert "50" in said["message"]


def test_a_batch_without_inputs_says_what_is_missing(account: Account) -> None:
    said = account.done("POST", f"{CONTACTS}/create", {}, status=400)
    assert "Some required fields were not set: [inputs]" in said["message"]


@pytest.mark.parametrize("verb", ["read", "update"])
def test_unknown_ids_are_told_in_a_207_even_without_traces(account: Account, verb: str) -> None:
    contact = account.contact()
    body = {"inputs": [{"id": each, "properties": {"city": "X"}} for each in (contact, "1", "2")]}
    said = account.done("POST", f"{CONTACTS}/{verb}", body, status=207)
    assert [row["id"] for row in said["results"]] == [contact]
    (error,) = said["errors"]
    assert error["category"] == "OBJECT_NOT_FOUND"
    assert error["message"].startswith("Could not get some CONTACT objects")
    assert sorted(error["context"]["ids"]) == ["1", "2"]


def test_an_upsert_says_which_records_are_new(account: Account) -> None:
    contact = account.contact("a@example.org")
    body = {
        "inputs": [
            {"id": email, "idProperty": "email", "properties": {"city": "X"}}
            for email in ("A@example.org", "new@example.org")
        ]
    }
    said = account.done("POST", f"{CONTACTS}/upsert", body, status=200)
    assert {row["properties"]["email"]: row["new"] for row in said["results"]} == {
        "a@example.org": False,
        "new@example.org": True,
    }
    assert contact in {row["id"] for row in said["results"]}
    assert "errors" not in said


def test_an_upsert_needs_a_unique_property(account: Account) -> None:
    body = {"inputs": [{"id": "acme.example", "idProperty": "domain", "properties": {}}]}
    said = account.done("POST", "/crm/v3/objects/companies/batch/upsert", body, status=400)
    assert said["message"].startswith(
        "Unable to perform update/upsert by non-unique 0-2 property domain"
    )


def test_results_are_not_in_the_order_of_the_inputs(account: Account) -> None:
    emails = [f"c{number:02}@example.org" for number in range(40)]
    said = account.done("POST", f"{CONTACTS}/create", _new(*emails), status=201)
    got = [row["properties"]["email"] for row in said["results"]]
    assert sorted(got) == emails
    assert got != emails


def test_ids_are_not_consecutive(account: Account) -> None:
    emails = [f"c{number:02}@example.org" for number in range(20)]
    said = account.done("POST", f"{CONTACTS}/create", _new(*emails), status=201)
    ids = sorted(int(row["id"]) for row in said["results"])
    assert len(set(ids)) == 20
    assert ids != list(range(ids[0], ids[0] + 20))


def test_a_bad_association_fails_its_input_with_the_record(account: Account) -> None:
    body = {
        "inputs": [
            {
                "properties": {"hs_timestamp": "2026-01-05T10:00:00Z"},
                "associations": [link("404", 202)],
                "objectWriteTraceId": "a",
            },
            {"properties": {"hs_timestamp": "2026-01-05T10:00:00Z"}, "objectWriteTraceId": "b"},
        ]
    }
    said = account.done("POST", "/crm/v3/objects/notes/batch/create", body, status=207)
    assert [row["objectWriteTraceId"] for row in said["results"]] == ["b"]
    assert "CONTACT=404 is not valid" in said["errors"][0]["message"]


def test_a_batch_archive_ignores_ids_that_are_not_there(account: Account) -> None:
    contact = account.contact()
    body = {"inputs": [{"id": contact}, {"id": "1"}]}
    account.done("POST", f"{CONTACTS}/archive", body, status=204)
    account.done("GET", f"/crm/v3/objects/contacts/{contact}", status=404)
