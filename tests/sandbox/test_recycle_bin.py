"""The recycle bin: 90 days by a clock that tests can move; and merges, and what ids lead to."""

from tests.sandbox.account import Account

DAY_S = 86_400


def test_an_archived_record_is_read_and_listed_as_such_alone(account: Account) -> None:
    contact = account.contact()
    path = f"/crm/v3/objects/contacts/{contact}"
    account.done("DELETE", path, status=204)
    account.done("GET", path, status=404)
    found = account.read("contacts", contact, archived="true")
    assert found["archived"] is True
    assert "archivedAt" in found
    assert account.done("GET", "/crm/v3/objects/contacts", status=200)["results"] == []
    listed = account.done("GET", "/crm/v3/objects/contacts", status=200, archived="True")
    assert [row["id"] for row in listed["results"]] == [contact]


def test_archiving_again_is_well(account: Account) -> None:
    contact = account.contact()
    for _ in range(2):
        account.done("DELETE", f"/crm/v3/objects/contacts/{contact}", status=204)


def test_the_address_of_an_archived_contact_is_free(account: Account) -> None:
    first = account.contact()
    account.done("DELETE", f"/crm/v3/objects/contacts/{first}", status=204)
    assert account.contact() != first


def test_a_record_can_be_restored_with_its_associations(account: Account) -> None:
    contact = account.contact()
    note = account.note(contact)
    account.done("DELETE", f"/crm/v3/objects/contacts/{contact}", status=204)
    assert "associations" not in account.read("notes", note, associations="contacts")
    account.control("clock", by_s=89 * DAY_S)
    account.control(f"restore/contacts/{contact}")
    found = account.read("notes", note, associations="contacts")
    assert {row["id"] for row in found["associations"]["contacts"]["results"]} == {contact}
    assert account.read("contacts", "ann@example.org", idProperty="email")["id"] == contact


def test_after_90_days_a_record_is_gone(account: Account) -> None:
    contact = account.contact()
    path = f"/crm/v3/objects/contacts/{contact}"
    account.done("DELETE", path, status=204)
    account.control("clock", by_s=90 * DAY_S + 1)
    account.done("GET", path, status=404, archived="true")
    account.done("POST", f"/_sandbox/restore/contacts/{contact}", status=404)
    listed = account.done("GET", "/crm/v3/objects/contacts", status=200, archived="true")
    assert listed["results"] == []


def test_both_old_ids_of_a_merge_lead_to_the_new_record(account: Account) -> None:
    first = account.contact("a@example.org", firstname="Ann")
    second = account.contact("b@example.org", firstname="Bea", city="Berlin")
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    merged = account.done("POST", "/crm/v3/objects/contacts/merge", body, status=200)
    assert merged["id"] not in (first, second)
    for each in (first, second, merged["id"]):
        found = account.read("contacts", each, "firstname", "city", "email")
        assert found["id"] == merged["id"]
        assert found["properties"]["firstname"] == "Ann"
        assert found["properties"]["city"] == "Berlin"
    by_second = account.read("contacts", "b@example.org", idProperty="email")
    assert by_second["id"] == merged["id"]


def test_a_merge_may_keep_the_id_of_the_first(account: Account) -> None:
    account.control("switches", merge_id="preserve")
    first, second = account.contact("a@example.org"), account.contact("b@example.org")
    note = account.note(second)
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    merged = account.done("POST", "/crm/v3/objects/contacts/merge", body, status=200)
    assert merged["id"] == first
    found = account.read("contacts", first, associations="notes")
    assert {row["id"] for row in found["associations"]["notes"]["results"]} == {note}


def test_a_contact_deleted_for_privacy_is_gone_and_its_address_blocked(account: Account) -> None:
    contact = account.contact()
    body = {"objectId": "ann@example.org", "idProperty": "email"}
    account.done("POST", "/crm/v3/objects/contacts/gdpr-delete", body, status=204)
    account.done("GET", f"/crm/v3/objects/contacts/{contact}", status=404, archived="true")
    again = {"properties": {"email": "ann@example.org"}}
    account.done("POST", "/crm/v3/objects/contacts", again, status=400)
