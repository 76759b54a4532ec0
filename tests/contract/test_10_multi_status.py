"""10. Multi-status: a trace on every input harms one alone; without it one harms all."""

from typing import Any

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm.calls import CreateRow, UpdateRow, UpsertRow
from workers.crm.replies import hints, matched, unaccounted


def _inputs(*emails: str, traced: bool) -> list[dict[str, Any]]:
    return [
        {
            "properties": {"email": email},
            "associations": [],
            **({"objectWriteTraceId": f"t-{email}"} if traced else {}),
        }
        for email in emails
    ]


def test_with_traces_a_conflict_harms_itself_only(sdk: Sdk, ours: Ours) -> None:
    there = sdk.create("contacts", {"email": "ann@example.org"})
    emails = ("ann@example.org", "bob@example.org", "no address")
    rows = [CreateRow(properties={"email": email}, trace=f"t-{email}") for email in emails]
    call = ours.api.create_batch("contacts", rows=rows)
    reply = ours.send(call)
    parsed = matched(call, reply)
    assert (reply.status, unaccounted(call, reply)) == (207, ())
    assert [row.input for row in parsed.results] == ["t-bob@example.org"]
    errors = {error.traces: error for error in parsed.errors}
    assert errors["t-ann@example.org",].existing_id == there["id"]
    assert "email" in errors["t-no address",].properties
    assert sdk.read("contacts", "bob@example.org", key_property="email")["id"]


def test_without_traces_one_conflict_fails_all(sdk: Sdk, ours: Ours) -> None:
    there = sdk.create("contacts", {"email": "ann@example.org"})
    emails = ("ann@example.org", "bob@example.org")
    rows = [CreateRow(properties={"email": email}) for email in emails]
    refused = ours.refused(ours.api.create_batch("contacts", rows=rows))
    assert (refused.status, hints(refused).existing_id) == (409, there["id"])
    call = ours.api.read("contacts", "bob@example.org", key_property="email")
    assert ours.refused(call).status == 404


def test_the_sdk_reads_the_errors_of_a_multi_status(sdk: Sdk, ours: Ours) -> None:
    ours.made("contacts", email="ann@example.org")
    inputs = _inputs("ann@example.org", "bob@example.org", traced=True)
    made = sdk.batch("contacts", "create", inputs)
    assert [row["objectWriteTraceId"] for row in made["results"]] == ["t-bob@example.org"]


@pytest.mark.parametrize("verb", ["update", "upsert"])
def test_updates_and_upserts_do_the_same(ours: Ours, verb: str) -> None:
    ids = [ours.made("contacts", email=f"c{n}@example.org").id for n in range(3)]
    wrong = {1: {"lifecyclestage": "mauve"}}
    if verb == "update":
        call = ours.api.update_batch(
            "contacts",
            rows=[
                UpdateRow(id=id, properties=wrong.get(n, {"city": "Ghent"}), trace=f"t{n}")
                for n, id in enumerate(ids)
            ],
        )
    else:
        call = ours.api.upsert_batch(
            "contacts",
            key_property="email",
            rows=[
                UpsertRow(
                    key=f"c{n}@example.org",
                    properties=wrong.get(n, {"city": "Ghent"}),
                    trace=f"t{n}",
                )
                for n in range(3)
            ],
        )
    reply = ours.send(call)
    parsed = matched(call, reply)
    assert (reply.status, unaccounted(call, reply)) == (207, ())
    assert {row.input for row in parsed.results} == {"t0", "t2"}
    [error] = parsed.errors
    assert (error.traces, error.properties) == (("t1",), ("lifecyclestage",))
    assert ours.read("contacts", ids[0], "city").properties["city"] == "Ghent"


def test_a_trace_that_is_missing_or_repeated_switches_it_off(plain: Plain) -> None:
    missing = _inputs("ann@example.org", "no address", traced=True)
    del missing[0]["objectWriteTraceId"]
    repeated = _inputs("ann@example.org", "no address", traced=True)
    for each in repeated:
        each["objectWriteTraceId"] = "same"
    for inputs in (missing, repeated):
        answer = plain("POST", "objects/contacts/batch/create", {"inputs": inputs})
        assert answer.status == 400


def test_the_envelope_of_a_multi_status_has_every_field(plain: Plain) -> None:
    inputs = _inputs("ann@example.org", "no address", traced=True)
    answer = plain("POST", "objects/contacts/batch/create", {"inputs": inputs})
    assert answer.status == 207
    assert answer.body.keys() >= {
        "status", "results", "errors", "numErrors", "startedAt", "completedAt",
    }  # fmt: skip
    [error] = answer.body["errors"]
    assert error.keys() >= {"status", "category", "message", "context", "errors", "links"}
    assert error["context"]["objectWriteTraceId"] == ["t-no address"]


def test_all_that_is_wrong_with_a_batch_is_told_at_once(plain: Plain) -> None:
    inputs = _inputs("no address", "nor this", traced=False)
    answer = plain("POST", "objects/contacts/batch/create", {"inputs": inputs})
    assert answer.status == 400
    assert "no address" in str(answer.body)
    assert "nor this" in str(answer.body)


def test_an_answer_that_leaves_inputs_out_is_noticed(account: Account, ours: Ours) -> None:
    account.control("POST", "faults", kind="partial", path="batch/upsert")
    rows = [UpsertRow(key=f"c{n}@example.org", properties={}, trace=f"t{n}") for n in range(10)]
    call = ours.api.upsert_batch("contacts", key_property="email", rows=rows)
    reply = ours.send(call)
    said = {row.input for row in matched(call, reply).results}
    said |= {trace for error in matched(call, reply).errors for trace in error.traces}
    assert set(unaccounted(call, reply)) == {f"t{n}" for n in range(10)} - said
