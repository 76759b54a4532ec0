"""1. Read one record: properties, history, associations, by another key, archived."""

import re

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk, SdkError
from workers.crm.replies import record

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


def test_what_the_sdk_creates_our_client_reads(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org", "firstname": "Ann"})
    row = ours.read("contacts", made["id"], "email", "firstname")
    assert row.id == made["id"]
    assert row.properties.items() >= {"email": "ann@example.org", "firstname": "Ann"}.items()
    assert not row.archived


def test_what_our_client_creates_the_sdk_reads(sdk: Sdk, ours: Ours) -> None:
    made = ours.made("companies", name="Acme", domain="acme.example")
    found = sdk.read("companies", made.id, properties=["name", "domain"])
    assert found["id"] == made.id
    assert found["properties"].items() >= {"name": "Acme", "domain": "acme.example"}.items()


def test_a_contact_is_read_by_its_address_in_any_letter_case(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann+x@example.org"})
    call = ours.api.read("contacts", "Ann+X@Example.org", key_property="email")
    assert record(ours.send(call)).id == made["id"]
    assert sdk.read("contacts", "ann+x@example.org", key_property="email")["id"] == made["id"]


def test_history_has_every_value_the_newest_first(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org", "firstname": "An"})
    sdk.update("contacts", made["id"], {"firstname": "Ann"})
    row = record(ours.send(ours.api.read("contacts", made["id"], history=["firstname"])))
    assert [version.value for version in row.history["firstname"]] == ["Ann", "An"]
    assert all(ISO.fullmatch(version.at) and version.source for version in row.history["firstname"])
    found = sdk.read("contacts", made["id"], history=["firstname"])
    values = [each["value"] for each in found["propertiesWithHistory"]["firstname"]]
    assert values == ["Ann", "An"]


def test_associations_are_read_with_the_record(sdk: Sdk, ours: Ours) -> None:
    company = ours.made("companies", name="Acme")
    link = {
        "to": {"id": company.id},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}],
    }
    made = sdk.create("contacts", {"email": "ann@example.org"}, [link])
    call = ours.api.read("contacts", made["id"], associations=["companies", "deals"])
    row = record(ours.send(call))
    assert [link.id for link in row.associations["companies"]] == [company.id]
    assert "deals" not in row.associations
    found = sdk.read("contacts", made["id"], associations=["companies"])
    assert found["associations"]["companies"]["results"][0]["id"] == company.id


def test_an_archived_record_is_read_only_when_asked_for(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    sdk.archive("contacts", made["id"])
    assert ours.refused(ours.api.read("contacts", made["id"])).status == 404
    row = record(ours.send(ours.api.read("contacts", made["id"], archived=True)))
    assert row.archived
    assert row.archived_at
    assert sdk.read("contacts", made["id"], archived=True)["archived"] is True


def test_a_record_that_is_not_there_is_not_found_by_either(sdk: Sdk, ours: Ours) -> None:
    assert ours.refused(ours.api.read("contacts", "424242")).status == 404
    with pytest.raises(SdkError) as caught:
        sdk.read("contacts", "424242")
    assert caught.value.status == 404


def test_the_body_of_a_record_has_what_is_promised(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    answer = plain("GET", f"objects/contacts/{made.id}")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.body["id"] == made.id
    assert answer.body["archived"] is False
    assert ISO.fullmatch(answer.body["createdAt"])
    assert ISO.fullmatch(answer.body["updatedAt"])
    assert answer.body["properties"].keys() >= {
        "email", "createdate", "lastmodifieddate", "hs_object_id",
    }  # fmt: skip


def test_stamps_and_id_come_with_whatever_was_asked_for(plain: Plain, ours: Ours) -> None:
    made = ours.made("companies", name="Acme")
    answer = plain("GET", f"objects/companies/{made.id}", query="?properties=name,no_such_thing")
    assert set(answer.body["properties"]) == {
        "name", "createdate", "hs_lastmodifieddate", "hs_object_id",
    }  # fmt: skip


def test_a_value_that_is_not_set_is_left_out_or_null_by_preset(
    account: Account, plain: Plain, ours: Ours
) -> None:
    made = ours.made("contacts", email="ann@example.org")
    answer = plain("GET", f"objects/contacts/{made.id}", query="?properties=phone")
    assert ("phone" in answer.body["properties"]) is not account.strict
    assert answer.body["properties"].get("phone") is None


def test_lists_in_a_query_may_be_repeated_or_separated_by_commas(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org", phone="1", city="Ghent")
    one, other = (
        plain("GET", f"objects/contacts/{made.id}", query=query).body
        for query in ("?properties=phone&properties=city", "?properties=phone,city")
    )
    assert one == other
    assert one["properties"].items() >= {"phone": "1", "city": "Ghent"}.items()


def test_types_are_named_by_id_or_by_name_in_any_number_and_case(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    for name in ("contacts", "contact", "0-1", "Contacts", "CONTACT"):
        assert plain("GET", f"objects/{name}/{made.id}").status == 200, name


def test_the_two_kinds_of_404_have_the_bodies_that_were_seen(
    account: Account, plain: Plain
) -> None:
    numeric = plain("GET", "objects/contacts/424242")
    assert (numeric.status, numeric.body["message"]) == (404, "resource not found")
    assert ("category" in numeric.body) is not account.strict
    word = plain("GET", "objects/contacts/ann")
    assert (word.status, word.body["category"]) == (404, "OBJECT_NOT_FOUND")
    assert word.body["message"] == "Object not found.  objectId are usually numeric."


def test_the_record_id_is_no_key_property(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    query = "?idProperty=hs_object_id"
    assert plain("GET", f"objects/contacts/{made.id}", query=query).status == 400
