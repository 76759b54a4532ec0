"""4. Create and batch create, with associations to records and activities."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Json, Sdk, SdkError
from workers.crm.calls import CreateRow, LinkTo
from workers.crm.replies import hints, matched, record, unaccounted

NOW = "2026-01-05T10:00:00Z"
CONTACT_TO_COMPANY, CONTACT_TO_EMAIL, CONTACT_TO_NOTE, NOTE_TO_CONTACT = 279, 197, 201, 202


def _link(to_id: str, type_id: int) -> Json:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"to": {"id": to_id}, "types": types}


def test_a_contact_comes_with_a_company_and_an_email_when_our_client_makes_it(
    sdk: Sdk, ours: Ours
) -> None:
    company = sdk.create("companies", {"name": "Acme"})
    email = sdk.create("emails", {"hs_timestamp": NOW, "hs_email_direction": "EMAIL"})
    links = [
        LinkTo(to_id=company["id"], type_id=CONTACT_TO_COMPANY),
        LinkTo(to_id=email["id"], type_id=CONTACT_TO_EMAIL),
    ]
    call = ours.api.create("contacts", properties={"email": "ann@example.org"}, links=links)
    row = record(ours.send(call))
    found = sdk.read("contacts", row.id, associations=["companies", "emails"])
    assert found["associations"]["companies"]["results"][0]["id"] == company["id"]
    assert found["associations"]["emails"]["results"][0]["id"] == email["id"]


def test_a_note_comes_with_its_contact_when_the_sdk_makes_it(sdk: Sdk, ours: Ours) -> None:
    contact = ours.made("contacts", email="ann@example.org")
    properties = {"hs_timestamp": NOW, "hs_note_body": "Hello"}
    note = sdk.create("notes", properties, [_link(contact.id, NOTE_TO_CONTACT)])
    row = record(ours.send(ours.api.read("contacts", contact.id, associations=["notes"])))
    assert [link.id for link in row.associations["notes"]] == [note["id"]]


def test_a_batch_of_notes_comes_with_their_contacts(sdk: Sdk, ours: Ours) -> None:
    contacts = [ours.made("contacts", email=f"c{n}@example.org").id for n in range(4)]
    rows = [
        CreateRow(
            properties={"hs_timestamp": NOW, "hs_note_body": id},
            links=[LinkTo(to_id=id, type_id=NOTE_TO_CONTACT)],
            trace=f"t{id}",
        )
        for id in contacts
    ]
    call = ours.api.create_batch("notes", rows=rows)
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (201, ())
    for row in matched(call, reply).results:
        found = sdk.read("notes", row.id, associations=["contacts"], properties=["hs_note_body"])
        contact = found["associations"]["contacts"]["results"][0]["id"]
        assert (row.input, found["properties"]["hs_note_body"]) == (f"t{contact}", contact)


def test_a_batch_that_the_sdk_creates_our_client_reads(sdk: Sdk, ours: Ours) -> None:
    company = ours.made("companies", name="Acme")
    inputs = [
        {
            "properties": {"email": f"c{n}@example.org"},
            "associations": [_link(company.id, CONTACT_TO_COMPANY)],
            "objectWriteTraceId": f"t{n}",
        }
        for n in range(3)
    ]
    made = sdk.batch("contacts", "create", inputs)
    assert len(made["results"]) == 3
    for each in made["results"]:
        call = ours.api.read("contacts", each["id"], associations=["companies"])
        row = record(ours.send(call))
        assert [link.id for link in row.associations["companies"]] == [company.id]


def test_an_address_that_is_taken_names_who_has_it(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    call = ours.api.create("contacts", properties={"email": "ANN@example.org"})
    refused = ours.refused(call)
    assert (refused.status, refused.category) == (409, "CONFLICT")
    assert hints(refused).existing_id == made["id"]
    with pytest.raises(SdkError) as caught:
        sdk.create("contacts", {"email": "ann@example.org"})
    assert caught.value.status == 409
    assert caught.value.body["message"] == f"Contact already exists. Existing ID: {made['id']}"


def test_a_company_domain_is_not_unique(sdk: Sdk, ours: Ours) -> None:
    one = sdk.create("companies", {"domain": "acme.example"})
    assert ours.made("companies", domain="acme.example").id != one["id"]


def test_a_record_with_an_association_that_cannot_be_is_not_made(plain: Plain, ours: Ours) -> None:
    body = {
        "properties": {"email": "ann@example.org"},
        "associations": [_link("424242", CONTACT_TO_COMPANY)],
    }
    assert plain("POST", "objects/contacts", body).status == 400
    call = ours.api.read("contacts", "ann@example.org", key_property="email")
    assert ours.refused(call).status == 404


def test_an_association_type_of_the_other_direction_is_refused(plain: Plain, ours: Ours) -> None:
    contact = ours.made("contacts", email="ann@example.org")
    body = {
        "properties": {"hs_timestamp": NOW},
        "associations": [_link(contact.id, CONTACT_TO_NOTE)],
    }
    assert plain("POST", "objects/notes", body).status == 400


def test_every_fault_of_a_record_is_told_at_once(
    account: Account, plain: Plain, ours: Ours
) -> None:
    properties = {"email": "no address", "lifecyclestage": "mauve", "createdate": "soon"}
    refused = ours.refused(ours.api.create("contacts", properties=properties))
    assert (refused.status, refused.category) == (400, "VALIDATION_ERROR")
    named = set(hints(refused).properties)
    assert named >= {"email", "lifecyclestage"}
    answer = plain(
        "POST", "objects/contacts", {"properties": {"shoe": "1", "email": "a@b.example"}}
    )
    if account.strict:
        assert answer.status == 400
        assert answer.body["message"].startswith("Property values were not valid: [{")
        assert answer.body["errors"][0]["message"] == 'Property "shoe" does not exist'
        codes = {each.get("code") for each in answer.body["errors"]}
        assert codes == {"PROPERTY_DOESNT_EXIST"}
    else:
        assert answer.status == 201


def test_a_record_is_answered_with_201_and_what_was_written(plain: Plain) -> None:
    answer = plain("POST", "objects/contacts", {"properties": {"email": "Ann@Example.org"}})
    assert answer.status == 201
    assert answer.body["properties"].items() >= {"email": "ann@example.org"}.items()
    assert answer.body["properties"]["hs_object_id"] == answer.body["id"]


def test_a_required_property_that_is_missing_is_named(
    account: Account, plain: Plain, ours: Ours
) -> None:
    answer = plain("POST", "objects/calls", {"properties": {"hs_call_title": "x"}})
    if account.strict:
        assert answer.status == 400
        assert answer.body["context"]["properties"] == ["hs_timestamp"]
        assert answer.body["message"] == (
            "Error creating CALL. Some required properties were not set."
        )
        call = ours.api.create("calls", properties={"hs_call_title": "x"})
        assert hints(ours.refused(call)).properties == ("hs_timestamp",)
    else:
        assert answer.status == 201


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b'{"properties":', "application/json", 400),
        (b"[]", "application/json", 400),
        (b"properties=x", "application/x-www-form-urlencoded", 415),
        (b"<x/>", "text/xml", 415),
    ],
)
def test_what_is_no_json_object_is_refused(
    plain: Plain, data: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    assert plain("POST", "objects/contacts", data=data, headers=headers).status == status
