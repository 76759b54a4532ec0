"""Refusals: the envelope, the credentials, and what a request itself must be."""

import pytest

from tests.sandbox.account import Account

CONTACTS = "/crm/v3/objects/contacts"


@pytest.mark.parametrize(
    ("token", "method", "status", "category"),
    [
        ("", "GET", 401, "INVALID_AUTHENTICATION"),
        ("Basic abc", "GET", 401, "INVALID_AUTHENTICATION"),
        ("Bearer expired", "GET", 401, "EXPIRED_AUTHENTICATION"),
        ("Bearer readonly", "POST", 403, "MISSING_SCOPES"),
    ],
)
def test_credentials_are_asked_for(
    account: Account, token: str, method: str, status: int, category: str
) -> None:
    answer = account.call(method, CONTACTS, headers={"Authorization": token})
    said = answer.json()
    assert (answer.status_code, said["category"]) == (status, category)
    assert said["status"] == "error"
    assert said["correlationId"] == answer.headers["x-hubspot-correlation-id"]


def test_an_id_that_is_not_there_is_told_in_few_words_or_more(account: Account) -> None:
    said = account.done("GET", f"{CONTACTS}/1", status=404)
    assert said["message"] == "resource not found"
    assert "category" not in said
    account.control("switches", notfound_body="category")
    assert account.done("GET", f"{CONTACTS}/1", status=404)["category"] == "OBJECT_NOT_FOUND"


def test_an_id_that_is_no_number_is_told_so(account: Account) -> None:
    said = account.done("GET", f"{CONTACTS}/ann", status=404)
    assert said["message"] == "Object not found.  objectId are usually numeric."
    assert said["context"]["id"] == ["ann"]


def test_a_path_that_there_is_not_is_a_page(account: Account) -> None:
    answer = account.call("GET", "/crm/v3/nothing")
    assert answer.status_code == 404
    assert "text/html" in answer.headers["Content-Type"]


def test_a_method_that_there_is_not_is_405(account: Account) -> None:
    assert account.call("PUT", CONTACTS, {}).status_code == 405


def test_a_body_must_be_json(account: Account) -> None:
    headers = {"Content-Type": "text/plain"}
    assert account.call("POST", CONTACTS, {}, headers=headers).status_code == 415
    answer = account.session.post(
        account.server.url + CONTACTS,
        data=b"{",
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 400


def test_a_long_address_is_414(account: Account) -> None:
    answer = account.call("GET", CONTACTS, properties="x" * 9_000)
    assert answer.status_code == 414


def test_a_list_may_be_asked_for_in_either_spelling(account: Account) -> None:
    contact = account.contact(firstname="Ann", city="Berlin")
    for query in ("properties=firstname,city", "properties=firstname&properties=city"):
        found = account.done("GET", f"{CONTACTS}/{contact}?{query}", status=200)["properties"]
        assert (found["firstname"], found["city"]) == ("Ann", "Berlin")


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v3/objects/contacts/",
        "/crm/objects/v3/contacts",
        "/crm/objects/2026-03/contacts",
        "/crm/objects/2027-03-beta/0-1",
        "/crm/v3/objects/Contact",
    ],
)
def test_a_type_has_many_addresses(account: Account, path: str) -> None:
    contact = account.contact()
    rows = account.done("GET", path, status=200)["results"]
    assert [row["id"] for row in rows] == [contact]


def test_a_type_that_there_is_not_cannot_be_inferred(account: Account) -> None:
    said = account.done("GET", "/crm/v3/objects/shoes", status=400)
    assert said["message"].startswith("Unable to infer object type")


def test_a_type_that_must_be_activated_answers_only_then(account: Account) -> None:
    body = {"properties": {"hs_course_name": "Knots"}}
    account.done("POST", "/crm/v3/objects/0-410", body, status=403)
    library = "/crm/v3/object-library/enablement"
    told = account.done("GET", library, status=200)["enablementByObjectTypeId"]
    assert told["0-410"] is False
    account.control("activate/courses")
    account.done("POST", "/crm/v3/objects/0-410", body, status=201)
    assert account.done("GET", f"{library}/0-410", status=200) == {"enablement": True}


def test_an_association_in_the_wrong_direction_says_which_is_right(account: Account) -> None:
    contact = account.contact()
    note = account.note()
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    path = f"/crm/v4/objects/contacts/{contact}/associations/notes/{note}"
    said = account.done("PUT", path, types, status=400)
    assert "invalid from object type 0-1" in said["message"]
    assert "expected: 0-46" in said["message"]


def test_search_finds_a_new_record_only_after_a_while(account: Account) -> None:
    contact = account.contact()
    body = {
        "filterGroups": [
            {"filters": [{"propertyName": "email", "operator": "EQ", "value": "ann@example.org"}]}
        ]
    }
    assert account.done("POST", f"{CONTACTS}/search", body, status=200)["total"] == 0
    account.control("clock", by_s=30)
    found = account.done("POST", f"{CONTACTS}/search", body, status=200)
    assert [row["id"] for row in found["results"]] == [contact]


def test_a_list_is_read_page_by_page_to_its_end(account: Account) -> None:
    made = [account.contact(f"c{number:02}@example.org") for number in range(25)]
    got: list[str] = []
    query: dict[str, object] = {"limit": 10}
    for _ in range(3):
        page = account.done("GET", CONTACTS, status=200, **query)
        got += [row["id"] for row in page["results"]]
        if "paging" in page:
            query["after"] = page["paging"]["next"]["after"]
    assert "paging" not in page
    assert got == made
