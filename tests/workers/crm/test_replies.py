"""Replies: results by key or trace, whatever their order; what is not accounted for is named."""

from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.crm.calls import Api, CreateRow, PairRow, UpdateRow, UpsertRow
from workers.crm.replies import (
    Reply,
    associations,
    batch,
    hints,
    labels,
    limits,
    linked,
    matched,
    pairs,
    record,
    search,
    unaccounted,
    unfinished,
)
from workers.errors import Refused

API = Api()


def _reply(*results: object, errors: list[object] | None = None, **more: object) -> Reply:
    body = {"status": "COMPLETE", "results": list(results), **more}
    if errors is not None:
        body |= {"numErrors": len(errors), "errors": errors}
    return Reply(status=200 if errors is None else 207, body=body)


def _upsert(*emails: str, traced: bool = True) -> list[UpsertRow]:
    return [
        UpsertRow(key=email, properties={"email": email}, trace=f"t-{email}" if traced else "")
        for email in emails
    ]


@given(
    emails=st.lists(st.emails().map(str.lower), unique=True, max_size=20),
    random=st.randoms(),
    traced=st.booleans(),
)
def test_results_are_matched_whatever_their_order(
    *, emails: list[str], random: Random, traced: bool
) -> None:
    call = API.upsert_batch("contacts", key_property="email", rows=_upsert(*emails, traced=traced))
    results: list[dict[str, object]] = [
        {"id": str(number), "properties": {"email": email}, "objectWriteTraceId": f"t-{email}"}
        for number, email in enumerate(emails)
    ]
    ids = {str(row["objectWriteTraceId"]): str(row["id"]) for row in results}
    random.shuffle(results)
    if not traced:
        for row in results:
            del row["objectWriteTraceId"]
    reply = _reply(*results)
    found = {row.input: row.id for row in matched(call, reply).results}
    assert found == {(f"t-{e}" if traced else e): ids[f"t-{e}"] for e in emails}
    assert unaccounted(call, reply) == ()


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_exactly_what_an_answer_leaves_out_is_unaccounted_for(
    answered: set[int], blamed: set[int]
) -> None:
    rows = [UpdateRow(id=str(n), properties={"a": "b"}, trace=f"t{n}") for n in range(31)]
    call = API.update_batch("deals", rows=rows)
    reply = _reply(
        *({"id": str(n), "properties": {}} for n in answered),
        errors=[{"context": {"objectWriteTraceId": [f"t{n}"]}} for n in blamed],
    )
    assert set(unaccounted(call, reply)) == {f"t{n}" for n in set(range(31)) - answered - blamed}


def test_an_upsert_is_matched_by_its_key_in_any_letter_case() -> None:
    rows = [UpsertRow(key="Ann@Example.org", properties={})]
    call = API.upsert_batch("contacts", key_property="email", rows=rows)
    reply = _reply({"id": "9001", "new": True, "properties": {"email": "ann@example.org"}})
    [row] = matched(call, reply).results
    assert (row.input, row.new) == ("ann@example.org", True)


def test_a_contact_is_matched_by_a_secondary_address() -> None:
    call = API.read_batch("contacts", ids=["old@example.org"], key_property="email")
    properties = {"email": "new@example.org", "hs_additional_emails": "x@y.z;old@example.org"}
    assert unaccounted(call, _reply({"id": "9001", "properties": properties})) == ()


def test_a_record_that_answers_to_another_id_does_not_account_for_the_one_asked_for() -> None:
    call = API.read_batch("contacts", ids=["1", "2"])
    reply = _reply({"id": "1", "properties": {}}, {"id": "3", "properties": {}})
    assert unaccounted(call, reply) == ("2",)


def test_a_multi_status_without_results_or_errors_accounts_for_nothing() -> None:
    call = API.upsert_batch("contacts", key_property="email", rows=_upsert("a@b.c", traced=False))
    assert unaccounted(call, Reply(status=207, body={"status": "COMPLETE"})) == ("a@b.c",)


def test_an_error_that_names_nobody_accounts_for_nobody() -> None:
    call = API.upsert_batch("contacts", key_property="email", rows=_upsert("a@b.c"))
    assert unaccounted(call, _reply(errors=[{"message": "no"}])) == ("t-a@b.c",)


def test_creates_without_names_are_only_counted() -> None:
    rows = [CreateRow(properties={}), CreateRow(properties={})]
    call = API.create_batch("notes", rows=rows)
    one = {"id": "1", "properties": {}}
    assert unaccounted(call, _reply(one)) == ("input 1", "input 2")
    assert unaccounted(call, _reply(one, {"id": "2", "properties": {}})) == ()


def test_unknown_ids_of_a_read_are_accounted_for_by_the_error_that_lists_them() -> None:
    call = API.read_batch("contacts", ids=["1", "2", "3"])
    error = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2", "3"]}}
    assert unaccounted(call, _reply({"id": "1", "properties": {}}, errors=[error])) == ()


def test_an_archive_is_silent_and_accounts_for_all() -> None:
    call = API.archive_batch("contacts", ids=["1", "2"])
    assert unaccounted(call, Reply(status=204, body=None)) == ()


def test_an_association_counts_in_either_direction_and_with_either_spelling() -> None:
    rows = [PairRow(from_id=n, to_id="5", type_id=279) for n in ("1", "2", "3", "4")]
    call = API.associate_batch("0-1", "0-2", rows=rows)
    reply = _reply(
        {"fromObjectId": 1, "toObjectId": 5},
        {"from": {"id": "5"}, "to": {"id": "2"}},
        errors=[{"context": {"fromObjectId": ["3"]}}],
    )
    assert unaccounted(call, reply) == ("4/5",)
    assert [(pair.from_id, pair.to_id) for pair in pairs(reply).results] == [("1", "5"), ("5", "2")]


def test_a_property_without_a_value_is_the_same_left_out_or_null() -> None:
    one, other = (
        batch(_reply({"id": "1", "properties": properties})).results[0]
        for properties in ({"email": "a", "phone": None}, {"email": "a"})
    )
    assert one == other


@pytest.mark.parametrize(
    ("body", "existing"),
    [
        ({"message": "Contact already exists. Existing ID: 9001"}, "9001"),
        ({"message": "taken", "context": {"existingId": ["9001"]}}, "9001"),
        ({"message": "taken", "errors": [{"context": {"existingId": ["9001"]}}]}, "9001"),
        ({"message": "Contact already exists", "identityProfile": {"vid": 9001}}, "9001"),
        (
            {
                "message": "Cannot set PropertyValueCoordinates{portalId=7, objectTypeId="
                "ObjectTypeId{legacyObjectType=DEAL}, propertyName=order_no, value=A, 1} on 55. "
                "9001 already has that value."
            },
            "9001",
        ),
        ({"message": "no"}, None),
    ],
)
def test_the_record_that_holds_a_value_is_found_wherever_it_is_named(
    body: dict[str, object], existing: str | None
) -> None:
    assert hints(Refused("", status=409, body=body)).existing_id == existing


def test_a_taken_value_names_its_property_its_value_and_the_record_that_wanted_it() -> None:
    message = (
        "Cannot set PropertyValueCoordinates{portalId=7, objectTypeId=ObjectTypeId{"
        "legacyObjectType=DEAL}, propertyName=order_no, value=A, 1} on 55. 9001 already has that "
        "value."
    )
    hint = hints(Refused("", status=400, body={"message": message}))
    assert (hint.properties, hint.values, hint.ids) == (("order_no",), ("A, 1",), ("55",))


def test_faults_within_a_message_name_their_properties_values_and_code() -> None:
    within = [
        {"isValid": False, "error": "INVALID_OPTION", "name": "color", "propertyValue": "mauve"},
        {"isValid": False, "error": "INVALID_LONG", "name": "size", "propertyValue": "big"},
    ]
    body = {
        "message": f"Property values were not valid: {orjson.dumps(within).decode()}",
        "category": "VALIDATION_ERROR",
    }
    hint = hints(Refused("", status=400, body=body))
    assert hint.properties == ("color", "size")
    assert hint.values == ("mauve", "big")
    assert (hint.code, hint.category, hint.status) == ("INVALID_OPTION", "VALIDATION_ERROR", 400)


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Duplicate IDs found in batch input: [1, 2]. IDs must be unique"},
        {"message": "x", "context": {"ids": ["1", "2"]}},
        {
            "errors": [
                {
                    "context": {
                        "INVALID_OBJECT_IDS": ["CONTACT=1 is not valid", "CONTACT=2 is not valid"]
                    }
                }
            ]
        },
        {"errors": [{"message": "CONTACT=1 is not valid, COMPANY=2 is not valid"}]},
    ],
)
def test_the_ids_that_a_refusal_names_are_found(body: dict[str, object]) -> None:
    assert hints(Refused("", status=400, body=body)).ids == ("1", "2")


@pytest.mark.parametrize("body", [None, [], "no", 7, {"errors": "x", "context": [], "message": 3}])
def test_a_refusal_of_any_shape_names_nothing_and_breaks_nothing(body: object) -> None:
    hint = hints(Refused("", status=400, body=body))
    assert (hint.ids, hint.traces, hint.properties, hint.retryable) == ((), (), (), False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                [
                    "results",
                    "errors",
                    "id",
                    "context",
                    "to",
                    "from",
                    "message",
                    "paging",
                    "properties",
                    "next",
                    "after",
                    "associations",
                    "ids",
                ]
            )
            | st.text(),
            inner,
        )
    ),
)


@given(_JSON)
def test_no_answer_of_whatever_shape_breaks_a_parser(body: object) -> None:
    reply = Reply(status=200, body=body)
    call = API.read_batch("contacts", ids=["1"])
    for parse in (batch, search, record, pairs, associations, labels, linked, unfinished):
        parse(reply)
    unaccounted(call, reply)
    hints(Refused("", status=400, body=body))


def test_a_record_has_its_history_and_each_associated_record_once() -> None:
    body = {
        "id": 9001,
        "properties": {"email": "a@b.c"},
        "propertiesWithHistory": {
            "email": [{"value": "a@b.c", "timestamp": "2026-01-05T10:00:00Z", "sourceType": "API"}]
        },
        "associations": {
            "companies": {
                "results": [
                    {"id": "55", "type": "contact_to_company"},
                    {"id": "55", "type": "contact_to_company_unlabeled"},
                ]
            }
        },
        "createdAt": "2026-01-05T10:00:00Z",
        "archived": True,
        "archivedAt": "2026-01-06T10:00:00Z",
    }
    row = record(Reply(status=200, body=body))
    assert row.id == "9001"
    assert row.history["email"][0].value == "a@b.c"
    [link] = row.associations["companies"]
    assert link.types == ("contact_to_company", "contact_to_company_unlabeled")
    assert (row.archived, row.archived_at) == (True, "2026-01-06T10:00:00Z")


def test_associations_that_go_on_say_where() -> None:
    reply = _reply(
        {"from": {"id": "1"}, "to": [{"toObjectId": 5}], "paging": {"next": {"after": "x"}}},
        {"from": {"id": "2"}, "to": [{"toObjectId": 6}, {"toObjectId": 6}]},
    )
    assert associations(reply) == {"1": ("5",), "2": ("6",)}
    assert unfinished(reply) == {"1": "x"}


def test_labels_are_read_with_the_unlabelled_one() -> None:
    reply = _reply(
        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
        {"category": "HUBSPOT_DEFINED", "typeId": "279", "label": None},
    )
    assert [(each.type_id, each.label) for each in labels(reply)] == [(1, "Primary"), (279, None)]


def test_what_is_left_of_the_quota_is_read_from_the_headers() -> None:
    found = limits(
        {
            "x-hubspot-ratelimit-max": "190",
            "x-hubspot-ratelimit-remaining": "12",
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
            "x-hubspot-ratelimit-daily": "many",
        }
    )
    assert (found.most, found.remaining, found.interval_ms) == (190, 12, 10_000)
    assert (found.daily, found.daily_remaining) == (None, None)
