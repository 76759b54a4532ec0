"""3. Batch read by id and by unique property, with history."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Sdk
from workers.crm.replies import matched, unaccounted


@pytest.fixture
def contacts(ours: Ours) -> dict[str, str]:
    """Ids of contacts by their addresses."""
    emails = [f"c{n}@example.org" for n in range(5)]
    return {email: ours.made("contacts", email=email, firstname="C").id for email in emails}


def test_records_are_read_by_their_ids_in_whatever_order(
    sdk: Sdk, ours: Ours, contacts: dict[str, str]
) -> None:
    ids = list(contacts.values())
    call = ours.api.read_batch("contacts", ids=ids, properties=["email"])
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (200, ())
    found = {row.properties["email"]: row.input for row in matched(call, reply).results}
    assert found == contacts
    read = sdk.batch("contacts", "read", [{"id": id} for id in ids], properties=["email"])
    assert {row["properties"]["email"]: row["id"] for row in read["results"]} == contacts


def test_contacts_are_read_by_address_in_any_letter_case(
    sdk: Sdk, ours: Ours, contacts: dict[str, str]
) -> None:
    emails = [email.upper() for email in contacts]
    call = ours.api.read_batch("contacts", ids=emails, key_property="email", properties=["email"])
    reply = ours.send(call)
    assert unaccounted(call, reply) == ()
    assert {str(row.input): row.id for row in matched(call, reply).results} == contacts
    read = sdk.batch("contacts", "read", [{"id": each} for each in emails], key_property="email")
    assert {row["id"] for row in read["results"]} == set(contacts.values())


def test_records_are_read_by_a_unique_property_of_ones_own(sdk: Sdk, ours: Ours) -> None:
    sdk.create_property(
        "deals",
        {
            "name": "order_no", "label": "Order", "type": "string", "fieldType": "text",
            "groupName": "dealinformation", "hasUniqueValue": True,
        },
    )  # fmt: skip
    deal = {"pipeline": "default", "dealstage": "qualifiedtobuy"}
    made = {n: ours.made("deals", dealname=n, order_no=n, **deal).id for n in ("A1", "A2")}
    call = ours.api.read_batch(
        "deals", ids=["A1", "A2"], key_property="order_no", properties=["order_no"]
    )
    reply = ours.send(call)
    assert unaccounted(call, reply) == ()
    assert {row.properties["order_no"]: row.id for row in matched(call, reply).results} == made
    read = sdk.batch("deals", "read", [{"id": "A2"}], key_property="order_no")
    assert [row["id"] for row in read["results"]] == [made["A2"]]


def test_history_comes_along(sdk: Sdk, ours: Ours, contacts: dict[str, str]) -> None:
    [id, *_] = contacts.values()
    sdk.update("contacts", id, {"firstname": "Cee"})
    call = ours.api.read_batch("contacts", ids=[id], history=["firstname"])
    [row] = matched(call, ours.send(call)).results
    assert [version.value for version in row.history["firstname"]] == ["Cee", "C"]
    read = sdk.batch("contacts", "read", [{"id": id}], history=["firstname"])
    assert len(read["results"][0]["propertiesWithHistory"]["firstname"]) == 2


def test_ids_that_are_not_there_are_named_by_one_error(
    sdk: Sdk, ours: Ours, contacts: dict[str, str]
) -> None:
    [id, *_] = contacts.values()
    call = ours.api.read_batch("contacts", ids=[id, "424242", "424243"])
    reply = ours.send(call)
    parsed = matched(call, reply)
    assert (reply.status, unaccounted(call, reply)) == (207, ())
    assert [row.id for row in parsed.results] == [id]
    [error] = parsed.errors
    assert (error.category, set(error.ids)) == ("OBJECT_NOT_FOUND", {"424242", "424243"})
    read = sdk.batch("contacts", "read", [{"id": id}, {"id": "424242"}])
    assert [row["id"] for row in read["results"]] == [id]


def test_an_archived_record_is_read_only_when_asked_for(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    sdk.archive("contacts", made["id"])
    call = ours.api.read_batch("contacts", ids=[made["id"]])
    assert matched(call, ours.send(call)).results == ()
    call = ours.api.read_batch("contacts", ids=[made["id"]], archived=True)
    assert [row.id for row in matched(call, ours.send(call)).results] == [made["id"]]


@pytest.mark.parametrize(
    ("inputs", "history", "status"), [(101, 0, 400), (50, 1, 207), (51, 1, 400)]
)
def test_a_batch_is_of_at_most_a_hundred_and_of_fifty_with_history(
    plain: Plain, inputs: int, history: int, status: int
) -> None:
    body = {
        "properties": [],
        "propertiesWithHistory": ["email"][:history],
        "inputs": [{"id": str(9_000_000 + n)} for n in range(inputs)],
    }
    answer = plain("POST", "objects/contacts/batch/read", body)
    assert answer.status == status
    if inputs > 100:
        assert answer.body["message"] == (
            "The maximum number of inputs supported in a batch is 100. "
            "Please reduce the number of items and try again"
        )


def test_an_id_given_twice_refuses_the_batch(plain: Plain, contacts: dict[str, str]) -> None:
    [id, *_] = contacts.values()
    body = {"properties": [], "propertiesWithHistory": [], "inputs": [{"id": id}, {"id": id}]}
    answer = plain("POST", "objects/contacts/batch/read", body)
    assert (answer.status, answer.body["category"]) == (400, "VALIDATION_ERROR")
    assert answer.body["context"]["ids"] == [id]


def test_an_empty_batch_is_refused(plain: Plain) -> None:
    for verb in ("read", "create", "update", "upsert", "archive"):
        answer = plain("POST", f"objects/contacts/batch/{verb}", {"inputs": []})
        assert answer.status == 400, verb


def test_a_body_without_inputs_says_so(plain: Plain) -> None:
    answer = plain("POST", "objects/contacts/batch/read", {})
    assert answer.status == 400
    assert "Some required fields were not set: [inputs]" in answer.body["message"]


def test_the_envelope_of_a_batch_has_what_is_promised(
    plain: Plain, contacts: dict[str, str]
) -> None:
    body = {
        "properties": ["email"],
        "propertiesWithHistory": [],
        "inputs": [{"id": int(id)} for id in contacts.values()],
    }
    answer = plain("POST", "objects/contacts/batch/read", body)
    assert (answer.status, answer.body["status"]) == (200, "COMPLETE")
    assert answer.body.keys() >= {"results", "startedAt", "completedAt"}
    assert not answer.body.keys() & {"errors", "numErrors"}
    assert all(isinstance(row["id"], str) for row in answer.body["results"])
