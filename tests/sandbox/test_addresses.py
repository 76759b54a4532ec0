"""A contact's further addresses: in the same pool as the first, and reaching the same record."""

from tests.sandbox.account import Account

CONTACTS = "/crm/v3/objects/contacts"


def _merged(account: Account) -> str:
    first, second = account.contact("a@example.org"), account.contact("b@example.org")
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    return str(account.done("POST", f"{CONTACTS}/merge", body, status=200)["id"])


def test_a_further_address_is_nobody_elses_first(account: Account) -> None:
    contact = account.contact(hs_additional_emails="Second@example.org;third@example.org")
    body = {"properties": {"email": "second@example.org"}}
    said = account.done("POST", CONTACTS, body, status=409)
    assert said["message"] == f"Contact already exists. Existing ID: {contact}"
    found = account.read("contacts", "third@example.org", idProperty="email")
    assert found["id"] == contact


def test_a_first_address_is_nobody_elses_further(account: Account) -> None:
    holder, other = account.contact("a@example.org"), account.contact("b@example.org")
    body = {"properties": {"hs_additional_emails": "a@example.org"}}
    said = account.done("PATCH", f"{CONTACTS}/{other}", body, status=400)
    assert f"{holder} already has that value." in said["message"]


def test_a_further_address_that_is_taken_away_is_free(account: Account) -> None:
    contact = account.contact(hs_additional_emails="second@example.org")
    body = {"properties": {"hs_additional_emails": ""}}
    account.done("PATCH", f"{CONTACTS}/{contact}", body, status=200)
    account.contact("second@example.org")


def test_every_address_of_an_archived_contact_is_free(account: Account) -> None:
    merged = _merged(account)
    account.done("DELETE", f"{CONTACTS}/{merged}", status=204)
    account.contact("a@example.org")
    account.contact("b@example.org")


def test_every_address_of_a_forgotten_contact_is_blocked(account: Account) -> None:
    merged = _merged(account)
    account.done("POST", f"{CONTACTS}/gdpr-delete", {"objectId": merged}, status=204)
    for address in ("a@example.org", "b@example.org"):
        account.done("POST", CONTACTS, {"properties": {"email": address}}, status=400)


def test_an_upsert_by_a_further_address_keeps_the_first(account: Account) -> None:
    merged = _merged(account)
    row = {"id": "b@example.org", "idProperty": "email", "properties": {"city": "Bonn"}}
    said = account.done("POST", f"{CONTACTS}/batch/upsert", {"inputs": [row]}, status=200)
    assert said["results"][0]["id"] == merged
    assert said["results"][0]["properties"]["email"] == "a@example.org"


def test_records_merge_though_a_property_of_theirs_was_deleted(account: Account) -> None:
    definition = {
        "name": "shoe",
        "label": "Shoe",
        "type": "string",
        "fieldType": "text",
        "groupName": "companyinformation",
    }
    account.done("POST", "/crm/v3/properties/companies", definition, status=201)
    ids = [account.create("companies", name=name, shoe="43")["id"] for name in ("A", "B")]
    account.done("DELETE", "/crm/v3/properties/companies/shoe", status=204)
    body = {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}
    merged = account.done("POST", "/crm/v3/objects/companies/merge", body, status=200)
    assert merged["properties"]["name"] == "A"
    assert set(merged["properties"]["hs_merged_object_ids"].split(";")) == set(ids)
