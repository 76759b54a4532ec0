"""Pins: one activity a record, associated first, or merely not shown."""

from tests.sandbox.account import CONTACT_TO_NOTE, Account, link

PIN = "hs_pinned_engagement_id"


def test_an_activity_that_is_associated_can_be_pinned(account: Account) -> None:
    contact = account.contact()
    note = account.note(contact)
    account.done(
        "PATCH", f"/crm/v3/objects/contacts/{contact}", {"properties": {PIN: note}}, status=200
    )
    assert account.read("contacts", contact, PIN)["properties"][PIN] == note


def test_the_id_of_a_pin_may_be_a_number(account: Account) -> None:
    contact = account.contact()
    note = account.note(contact)
    body = {"properties": {PIN: int(note)}}
    account.done("PATCH", f"/crm/v3/objects/contacts/{contact}", body, status=200)
    assert account.read("contacts", contact, PIN)["properties"][PIN] == note


def test_another_pin_takes_the_place_of_the_first(account: Account) -> None:
    contact = account.contact()
    first, second = account.note(contact), account.note(contact)
    for note in (first, second):
        body = {"properties": {PIN: note}}
        account.done("PATCH", f"/crm/v3/objects/contacts/{contact}", body, status=200)
    assert account.read("contacts", contact, PIN)["properties"][PIN] == second


def test_an_empty_value_unpins(account: Account) -> None:
    contact = account.contact()
    note = account.note(contact)
    for value in (note, ""):
        body = {"properties": {PIN: value}}
        account.done("PATCH", f"/crm/v3/objects/contacts/{contact}", body, status=200)
    assert PIN not in account.read("contacts", contact, PIN)["properties"]


def test_one_create_may_associate_and_pin(account: Account) -> None:
    note = account.note()
    links = [link(note, CONTACT_TO_NOTE)]
    made = account.create("contacts", links=links, email="ann@example.org", **{PIN: note})
    assert made["properties"][PIN] == note


def test_a_stranger_is_not_pinned_and_nothing_else_of_the_request_is_written(
    account: Account,
) -> None:
    contact = account.contact()
    note = account.note()
    body = {"properties": {PIN: note, "firstname": "Ann"}}
    said = account.done("PATCH", f"/crm/v3/objects/contacts/{contact}", body, status=400)
    assert said["category"] == "VALIDATION_ERROR"
    assert said["context"]["propertyName"] == [PIN]
    held = account.read("contacts", contact, PIN, "firstname")["properties"]
    assert PIN not in held
    assert "firstname" not in held


def test_a_create_that_pins_a_stranger_creates_nothing(account: Account) -> None:
    body = {"properties": {"email": "ann@example.org", PIN: account.note()}}
    account.done("POST", "/crm/v3/objects/contacts", body, status=400)
    assert account.done("GET", "/crm/v3/objects/contacts", status=200)["results"] == []


def test_a_record_that_is_no_activity_is_not_pinned(account: Account) -> None:
    contact = account.contact()
    company = account.create("companies", name="Acme")["id"]
    path = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"
    account.done("PUT", path, status=200)
    body = {"properties": {PIN: company}}
    account.done("PATCH", f"/crm/v3/objects/contacts/{contact}", body, status=400)


def test_an_upsert_pins_what_was_associated_before(account: Account) -> None:
    contact = account.contact()
    note = account.note(contact)
    each = {"id": "ann@example.org", "idProperty": "email", "properties": {PIN: note}}
    body = {"inputs": [each]}
    said = account.done("POST", "/crm/v3/objects/contacts/batch/upsert", body, status=200)
    assert said["results"][0]["properties"][PIN] == note


def test_the_lenient_sandbox_keeps_the_pin_of_a_stranger(lenient: Account) -> None:
    contact = lenient.contact()
    note = lenient.note()
    body = {"properties": {PIN: note}}
    lenient.done("PATCH", f"/crm/v3/objects/contacts/{contact}", body, status=200)
    assert lenient.read("contacts", contact, PIN)["properties"][PIN] == note
