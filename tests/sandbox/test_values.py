"""Values: what a property takes, how it is stored, and every fault at once."""

import pytest

from tests.sandbox.account import Account

CONTACTS = "/crm/v3/objects/contacts"


@pytest.mark.parametrize(
    ("kind", "name", "sent", "held"),
    [
        ("contacts", "email", " Ann@Example.ORG ", "ann@example.org"),
        ("contacts", "annualrevenue", 12, "12"),
        ("contacts", "annualrevenue", "12.50", "12.50"),
        ("contacts", "hs_email_optout", True, "true"),
        ("contacts", "hs_email_optout", "FALSE", "false"),
        ("contacts", "lifecyclestage", "customer", "customer"),
        ("contacts", "favorite_topics", "news;offers", "news;offers"),
        ("contacts", "hubspot_owner_id", 17, "17"),
        ("companies", "domain", "Acme.EXAMPLE", "acme.example"),
        ("deals", "closedate", "2026-01-05T11:00:00+01:00", "2026-01-05T10:00:00Z"),
        ("deals", "closedate", 1767607200123, "2026-01-05T10:00:00.123Z"),
    ],
)
def test_a_value_is_stored_as_its_type_has_it(
    account: Account, kind: str, name: str, sent: object, held: str
) -> None:
    account.control("switches", required_on_create="none")
    made = account.create(kind, **{name: sent})
    assert account.read(kind, made["id"], name)["properties"][name] == held


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("shoe", "43", "PROPERTY_DOESNT_EXIST"),
        ("email", "ann", "INVALID_EMAIL"),
        ("email", "ann@localhost", "INVALID_EMAIL"),
        ("annualrevenue", "much", "INVALID_LONG"),
        ("annualrevenue", "nan", "INVALID_LONG"),
        ("hs_email_optout", "yes", "INVALID_OPTION"),
        ("lifecyclestage", "Customer", "INVALID_OPTION"),
        ("lifecyclestage", "friend", "INVALID_OPTION"),
        ("favorite_topics", "news;gossip", "INVALID_OPTION"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("createdate", "2026-01-05", "READ_ONLY_VALUE"),
    ],
)
def test_a_value_that_is_not_taken_says_why(
    account: Account, name: str, sent: str, code: str
) -> None:
    body = {"properties": {"firstname": "Ann", name: sent}}
    said = account.done("POST", CONTACTS, body, status=400)
    assert said["category"] == "VALIDATION_ERROR"
    assert said["message"].startswith("Property values were not valid: [")
    (error,) = said["errors"]
    assert error["code"] == code
    assert error["context"]["propertyName"] == [name]


def test_every_bad_value_of_a_record_is_told_at_once(account: Account) -> None:
    body = {"properties": {"email": "x", "shoe": "43", "annualrevenue": "much"}}
    said = account.done("POST", CONTACTS, body, status=400)
    assert {each["context"]["propertyName"][0] for each in said["errors"]} == {
        "email",
        "shoe",
        "annualrevenue",
    }


def test_a_date_is_at_midnight(account: Account) -> None:
    definition = {"name": "born", "label": "Born", "type": "date", "fieldType": "date"}
    body = {**definition, "groupName": "contactinformation"}
    account.done("POST", "/crm/v3/properties/contacts", body, status=201)
    contact = account.contact(born=1430438400000)
    assert account.read("contacts", contact, "born")["properties"]["born"] == "2015-05-01"
    said = account.done(
        "PATCH",
        f"{CONTACTS}/{contact}",
        {"properties": {"born": 1579179660000}},
        status=400,
    )
    assert said["errors"][0]["message"] == "1579179660000 is at 13:1:0.0 UTC, not midnight!"


def test_a_leading_semicolon_adds_to_what_is_chosen(account: Account) -> None:
    contact = account.contact(favorite_topics="news")
    path = f"{CONTACTS}/{contact}"
    for sent, held in ((";offers", "news;offers"), (";news", "news;offers"), ("events", "events")):
        account.done("PATCH", path, {"properties": {"favorite_topics": sent}}, status=200)
        found = account.read("contacts", contact, "favorite_topics")["properties"]
        assert found["favorite_topics"] == held


def test_an_empty_value_clears_and_is_left_out_or_null(account: Account) -> None:
    contact = account.contact(firstname="Ann")
    body = {"properties": {"firstname": ""}}
    account.done("PATCH", f"{CONTACTS}/{contact}", body, status=200)
    assert "firstname" not in account.read("contacts", contact, "firstname")["properties"]
    account.control("switches", empty_properties="null")
    found = account.read("contacts", contact, "firstname", "shoe")["properties"]
    assert found["firstname"] is None
    assert "shoe" not in found


def test_history_has_every_value_the_newest_first(account: Account) -> None:
    contact = account.contact(firstname="Ann")
    body = {"properties": {"firstname": "Anna"}}
    account.done("PATCH", f"{CONTACTS}/{contact}", body, status=200)
    found = account.read("contacts", contact, propertiesWithHistory="firstname")
    versions = found["propertiesWithHistory"]["firstname"]
    assert [each["value"] for each in versions] == ["Anna", "Ann"]
    assert all(each["sourceType"] == "INTEGRATION" and each["timestamp"] for each in versions)


def test_the_lenient_sandbox_ignores_what_it_does_not_know(lenient: Account) -> None:
    made = lenient.create("contacts", shoe="43", hs_object_id="1", lifecyclestage="Customer")
    assert made["properties"]["lifecyclestage"] == "customer"
    assert "shoe" not in made["properties"]
    assert made["properties"]["hs_object_id"] == made["id"]


def test_a_stage_belongs_to_its_pipeline(account: Account) -> None:
    body = {"properties": {"dealname": "D", "pipeline": "default", "dealstage": "1"}}
    said = account.done("POST", "/crm/v3/objects/deals", body, status=400)
    assert said["errors"][0]["code"] == "INVALID_OPTION"
    body = {"properties": {"dealname": "D", "pipeline": "no", "dealstage": "closedwon"}}
    account.done("POST", "/crm/v3/objects/deals", body, status=400)


def test_a_unique_value_belongs_to_one_record_and_a_type_has_ten_such(account: Account) -> None:
    account.control("switches", required_on_create="none")
    definition = {"label": "No", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    for number in range(10):
        body = {**definition, "name": f"no_{number}", "groupName": "dealinformation"}
        account.done("POST", "/crm/v3/properties/deals", body, status=201)
    body = {**definition, "name": "no_10", "groupName": "dealinformation"}
    account.done("POST", "/crm/v3/properties/deals", body, status=400)
    holder = account.create("deals", no_0="A1")["id"]
    said = account.done("POST", "/crm/v3/objects/deals", {"properties": {"no_0": "A1"}}, status=400)
    assert f"{holder} already has that value" in said["message"]
    assert account.read("deals", "A1", idProperty="no_0")["id"] == holder


def test_a_taken_address_is_a_conflict_that_names_its_holder(account: Account) -> None:
    holder = account.contact()
    other = account.contact("b@example.org")
    taken = {"properties": {"email": "ANN@example.org"}}
    for method, path in (("POST", CONTACTS), ("PATCH", f"{CONTACTS}/{other}")):
        said = account.done(method, path, taken, status=409)
        assert said["message"] == f"Contact already exists. Existing ID: {holder}"
        assert said["category"] == "CONFLICT"
