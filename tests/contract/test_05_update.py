"""5. Update by id and by another key; batch update."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Sdk, SdkError
from workers.crm.calls import UpdateRow
from workers.crm.replies import hints, matched, record, unaccounted


def test_what_the_sdk_updates_our_client_reads(sdk: Sdk, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org", firstname="Ann")
    sdk.update("contacts", made.id, {"phone": "+15550100"})
    row = ours.read("contacts", made.id, "phone", "firstname")
    assert (row.properties["phone"], row.properties["firstname"]) == ("+15550100", "Ann")


def test_what_our_client_updates_the_sdk_reads(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    ours.send(ours.api.update("contacts", made["id"], properties={"firstname": "Ann"}))
    assert sdk.read("contacts", made["id"])["properties"]["firstname"] == "Ann"


def test_a_contact_is_updated_by_its_address(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    call = ours.api.update(
        "contacts", "ann@example.org", properties={"firstname": "Ann"}, key_property="email"
    )
    assert record(ours.send(call)).id == made["id"]
    sdk.update("contacts", "ann@example.org", {"lastname": "Lee"}, key_property="email")
    row = ours.read("contacts", made["id"], "firstname", "lastname")
    assert (row.properties["firstname"], row.properties["lastname"]) == ("Ann", "Lee")


def test_an_empty_value_clears(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org", "phone": "1"})
    ours.send(ours.api.update("contacts", made["id"], properties={"phone": ""}))
    assert not ours.read("contacts", made["id"], "phone").properties.get("phone")
    assert not sdk.read("contacts", made["id"], properties=["phone"])["properties"].get("phone")


def test_a_batch_updates_by_id_and_answers_for_each(sdk: Sdk, ours: Ours) -> None:
    ids = [sdk.create("contacts", {"email": f"c{n}@example.org"})["id"] for n in range(5)]
    rows = [UpdateRow(id=id, properties={"firstname": f"n{id}"}, trace=f"t{id}") for id in ids]
    call = ours.api.update_batch("contacts", rows=rows)
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (200, ())
    assert {row.input for row in matched(call, reply).results} == {f"t{id}" for id in ids}
    for id in ids:
        assert sdk.read("contacts", id)["properties"]["firstname"] == f"n{id}"


def test_a_batch_of_the_sdk_is_read_by_our_client(sdk: Sdk, ours: Ours) -> None:
    ids = [ours.made("contacts", email=f"c{n}@example.org").id for n in range(3)]
    inputs = [{"id": id, "properties": {"city": f"of {id}"}} for id in ids]
    updated = sdk.batch("contacts", "update", inputs)
    assert {row["id"] for row in updated["results"]} == set(ids)
    assert [ours.read("contacts", id, "city").properties["city"] for id in ids] == [
        f"of {id}" for id in ids
    ]


def test_ids_that_are_not_there_are_named_and_the_others_updated(ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    rows = [UpdateRow(id=id, properties={"city": "Ghent"}) for id in (made.id, "424242")]
    call = ours.api.update_batch("contacts", rows=rows)
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (207, ())
    assert [error.ids for error in matched(call, reply).errors] == [("424242",)]
    assert ours.read("contacts", made.id, "city").properties["city"] == "Ghent"


def test_an_address_that_another_has_is_a_conflict_that_names_it(sdk: Sdk, ours: Ours) -> None:
    ann = ours.made("contacts", email="ann@example.org")
    bob = ours.made("contacts", email="bob@example.org")
    refused = ours.refused(
        ours.api.update("contacts", bob.id, properties={"email": "ann@example.org"})
    )
    assert (refused.status, hints(refused).existing_id) == (409, ann.id)
    with pytest.raises(SdkError) as caught:
        sdk.update("contacts", bob.id, {"email": "ann@example.org"})
    assert caught.value.status == 409


def test_an_update_of_nothing_is_refused(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    answer = plain("PATCH", f"objects/contacts/{made.id}", {"properties": {}})
    assert answer.status == 400
    assert answer.body["message"] == ("No properties found to update, please provide at least one.")


def test_an_update_says_200_and_a_missing_record_404(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    body = {"properties": {"city": "Ghent"}}
    assert plain("PATCH", f"objects/contacts/{made.id}", body).status == 200
    assert plain("PATCH", "objects/contacts/424242", body).status == 404


def test_a_key_property_that_is_not_unique_is_refused(plain: Plain, ours: Ours) -> None:
    ours.made("companies", name="Acme", domain="acme.example")
    body = {"inputs": [{"id": "acme.example", "idProperty": "domain", "properties": {"name": "A"}}]}
    for verb in ("update", "upsert"):
        answer = plain("POST", f"objects/companies/batch/{verb}", body)
        assert answer.status == 400
        assert "by non-unique 0-2 property domain" in answer.body["message"]


def test_an_id_given_twice_refuses_the_batch_whole(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    each = {"id": made.id, "properties": {"city": "Ghent"}}
    inputs = [{**each, "objectWriteTraceId": trace} for trace in ("a", "b")]
    answer = plain("POST", "objects/contacts/batch/update", {"inputs": inputs})
    assert answer.status == 400
    assert answer.body["message"].startswith(
        f"Duplicate IDs found in batch input: [{made.id}]. IDs must be unique"
    )
    assert "city" not in ours.read("contacts", made.id, "city").properties
