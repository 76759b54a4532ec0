"""A batch without traces that is refused has written nothing, whatever refuses it."""

import pytest

from tests.sandbox.account import Account, Json

CONTACTS = "/crm/v3/objects/contacts"
UNIQUE = {
    "name": "order_no",
    "label": "Order number",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
    "hasUniqueValue": True,
}


def _held(account: Account) -> dict[str, Json]:
    found = account.done("GET", "/_sandbox/records", status=200).get("contacts", [])
    return {row["id"]: row["properties"].get("email") for row in found}


def test_two_updates_that_want_one_address_change_neither(account: Account) -> None:
    first, second = account.contact("a@example.org"), account.contact("b@example.org")
    rows = [{"id": each, "properties": {"email": "new@example.org"}} for each in (first, second)]
    account.done("POST", f"{CONTACTS}/batch/update", {"inputs": rows}, status=400)
    assert _held(account) == {first: "a@example.org", second: "b@example.org"}


def test_two_upserts_that_want_one_address_create_neither(account: Account) -> None:
    account.done("POST", "/crm/v3/properties/contacts", UNIQUE, status=201)
    rows = [
        {"id": key, "idProperty": "order_no", "properties": {"email": "new@example.org"}}
        for key in ("1", "2")
    ]
    account.done("POST", f"{CONTACTS}/batch/upsert", {"inputs": rows}, status=400)
    assert _held(account) == {}


def test_two_creates_with_one_unique_value_say_which(account: Account) -> None:
    account.done("POST", "/crm/v3/properties/contacts", UNIQUE, status=201)
    rows = [
        {"properties": {"email": f"{each}@example.org", "order_no": "7"}} for each in ("a", "b")
    ]
    said = account.done("POST", f"{CONTACTS}/batch/create", {"inputs": rows}, status=400)
    assert "already has that value." in said["message"]
    assert _held(account) == {}


def test_an_address_deleted_for_privacy_refuses_the_whole(account: Account) -> None:
    forget = {"objectId": "gone@example.org", "idProperty": "email"}
    account.done("POST", f"{CONTACTS}/gdpr-delete", forget, status=204)
    rows = [{"properties": {"email": f"{each}@example.org"}} for each in ("ok", "gone")]
    account.done("POST", f"{CONTACTS}/batch/create", {"inputs": rows}, status=400)
    assert _held(account) == {}


def test_a_batch_archive_that_names_a_record_twice_archives_nothing(account: Account) -> None:
    first, second = account.contact("a@example.org"), account.contact("b@example.org")
    rows = [{"id": each} for each in (second, first, first)]
    said = account.done("POST", f"{CONTACTS}/batch/archive", {"inputs": rows}, status=400)
    assert said["context"]["ids"] == [first]
    account.read("contacts", second)


def test_two_ids_of_one_merged_record_are_that_record_twice(account: Account) -> None:
    first, second = account.contact("a@example.org"), account.contact("b@example.org")
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    account.done("POST", f"{CONTACTS}/merge", body, status=200)
    rows = [{"id": each, "properties": {"city": "Bonn"}} for each in (first, second)]
    account.done("POST", f"{CONTACTS}/batch/update", {"inputs": rows}, status=400)


@pytest.mark.parametrize("verb", ["create", "update", "upsert"])
def test_an_input_without_properties_is_refused(account: Account, verb: str) -> None:
    contact = account.contact()
    row = {"id": "ann@example.org" if verb == "upsert" else contact, "idProperty": "email"}
    if verb == "update":
        del row["idProperty"]
    said = account.done("POST", f"{CONTACTS}/batch/{verb}", {"inputs": [row]}, status=400)
    assert "Some required fields were not set: [properties]" in said["message"]
