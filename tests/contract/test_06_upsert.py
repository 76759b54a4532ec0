"""6. Batch upsert by email and by a custom unique property; what a conflict does to one record."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Sdk
from workers.crm.calls import UpsertRow
from workers.crm.replies import hints, matched, unaccounted


def _rows(*emails: str, **properties: str) -> list[UpsertRow]:
    return [
        UpsertRow(key=email, properties={"email": email, **properties}, trace=f"t-{email}")
        for email in emails
    ]


def test_an_upsert_says_which_records_are_new(sdk: Sdk, ours: Ours) -> None:
    there = sdk.create("contacts", {"email": "ann@example.org", "city": "Ghent"})
    rows = _rows("Ann@Example.org", "bob@example.org", phone="+15550100")
    call = ours.api.upsert_batch("contacts", key_property="email", rows=rows)
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (200, ())
    found = {row.input: (row.new, row.id) for row in matched(call, reply).results}
    assert found["t-Ann@Example.org"] == (False, there["id"])
    new, bob = found["t-bob@example.org"]
    assert new is True
    assert sdk.read("contacts", bob, properties=["phone"])["properties"]["phone"] == "+15550100"
    ann = sdk.read("contacts", there["id"], properties=["phone", "city"])["properties"]
    assert (ann["phone"], ann["city"]) == ("+15550100", "Ghent")


def test_what_the_sdk_upserts_our_client_reads(sdk: Sdk, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    inputs = [
        {"id": email, "idProperty": "email", "properties": {"firstname": "X"}}
        for email in ("ann@example.org", "bob@example.org")
    ]
    found = sdk.batch("contacts", "upsert", inputs)
    flags = {row["id"]: row["new"] for row in found["results"]}
    assert flags.pop(made.id) is False
    [bob] = flags
    assert flags[bob] is True
    row = ours.read("contacts", bob, "email", "firstname")
    assert row.properties.items() >= {"email": "bob@example.org", "firstname": "X"}.items()


def test_an_upsert_by_a_unique_property_of_ones_own_stores_the_key(sdk: Sdk, ours: Ours) -> None:
    sdk.create_property(
        "tickets",
        {
            "name": "issue_no", "label": "Issue", "type": "string", "fieldType": "text",
            "groupName": "ticketinformation", "hasUniqueValue": True,
        },
    )  # fmt: skip
    properties = {"subject": "Broken", "hs_pipeline": "0", "hs_pipeline_stage": "1"}
    row = UpsertRow(key="I-1", properties=properties, trace="t1")
    call = ours.api.upsert_batch("tickets", key_property="issue_no", rows=[row])
    [first] = matched(call, ours.send(call)).results
    [again] = matched(call, ours.send(call)).results
    assert (first.new, again.new, first.id) == (True, False, again.id)
    found = sdk.read("tickets", "I-1", key_property="issue_no", properties=["issue_no", "subject"])
    assert (found["id"], found["properties"]["issue_no"]) == (first.id, "I-1")


def test_a_unique_value_that_is_taken_names_its_holder(sdk: Sdk, ours: Ours) -> None:
    sdk.create_property(
        "companies",
        {
            "name": "vat_no", "label": "VAT", "type": "string", "fieldType": "text",
            "groupName": "companyinformation", "hasUniqueValue": True,
        },
    )  # fmt: skip
    holder = ours.made("companies", name="Acme", vat_no="BE1")
    other = ours.made("companies", name="Other")
    refused = ours.refused(ours.api.update("companies", other.id, properties={"vat_no": "BE1"}))
    hint = hints(refused)
    assert (refused.status, hint.existing_id, hint.properties) == (400, holder.id, ("vat_no",))
    assert (hint.values, hint.ids) == (("BE1",), (other.id,))


def test_results_need_not_come_in_the_order_of_the_inputs(sdk: Sdk, ours: Ours) -> None:
    emails = [f"c{n}@example.org" for n in range(100)]
    call = ours.api.upsert_batch("contacts", key_property="email", rows=_rows(*emails))
    reply = ours.send(call)
    assert unaccounted(call, reply) == ()
    by_input = {row.input: row.id for row in matched(call, reply).results}
    assert by_input.keys() == {f"t-{email}" for email in emails}
    for email in emails[::20]:
        found = sdk.read("contacts", email, key_property="email")
        assert found["id"] == by_input[f"t-{email}"]


def test_ids_are_not_consecutive(ours: Ours) -> None:
    emails = [f"c{n}@example.org" for n in range(20)]
    call = ours.api.upsert_batch("contacts", key_property="email", rows=_rows(*emails))
    ids = sorted(int(row.id) for row in matched(call, ours.send(call)).results)
    assert ids[-1] - ids[0] > len(ids)


@pytest.mark.parametrize("one", ["ann@example.org", "ANN@example.org"])
def test_a_key_given_twice_in_any_letter_case_refuses_the_batch(plain: Plain, one: str) -> None:
    inputs = [
        {"id": id, "idProperty": "email", "properties": {"city": "x"}, "objectWriteTraceId": trace}
        for id, trace in ((one, "a"), ("ann@example.org", "b"))
    ]
    assert plain("POST", "objects/contacts/batch/upsert", {"inputs": inputs}).status == 400


def test_the_flag_is_among_what_is_promised_of_a_result(plain: Plain) -> None:
    each = {"id": "ann@example.org", "idProperty": "email", "properties": {"city": "Ghent"}}
    body = {"inputs": [{**each, "objectWriteTraceId": "r1"}]}
    answer = plain("POST", "objects/contacts/batch/upsert", body)
    assert answer.status == 200
    [row] = answer.body["results"]
    assert (row["new"], row["objectWriteTraceId"], row["archived"]) == (True, "r1", False)
    assert row["properties"]["email"] == "ann@example.org"
