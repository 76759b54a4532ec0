"""Calls of a hundred, answers by key, and a refused call narrowed to what is wrong."""

import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.batch import LIMIT, PAIRS_LIMIT, SEARCH_CHARACTERS, Batch, batches
from workers.crm.calls import Api
from workers.crm.replies import Reply
from workers.errors import Refused, Retryable, Throttled, Unanswered, Unreachable
from workers.operations import Kind, LinkTo, Operation, Result, Said
from workers.results import answered, failed

API = Api()
CREATE_LIKE = (Kind.UPSERT, Kind.CREATE, Kind.UPDATE)


def operation(kind: Kind, number: int, *, object_type: str = "contacts") -> Operation:
    keyed = kind in (Kind.UPSERT, Kind.READ, Kind.SEARCH)
    pair = kind in (Kind.ASSOCIATE, Kind.DISSOCIATE)
    return Operation(
        kind=kind,
        key=f"k{number:04}",
        object_type=object_type,
        property="email" if keyed else "",
        value=f"a{number}@x.example" if keyed else str(1000 + number),
        properties={} if pair else {"phone": str(number)},
        to_type="deals" if pair else "",
        to_id=str(9000 + number) if pair else "",
    )


def operations(kind: Kind, number: int) -> list[Operation]:
    return [operation(kind, each) for each in range(number)]


def row(op: Operation, *, trace: bool = True) -> dict[str, object]:
    """A result as the CRM writes it."""
    return {
        "id": op.value if op.kind is Kind.UPDATE else f"5{op.key[1:]}",
        "properties": {**op.properties, **({op.property: op.value} if op.property else {})},
        **({"objectWriteTraceId": op.key} if trace else {}),
    }


def ok(results: Sequence[object], errors: Sequence[object] = ()) -> Reply:
    body = {"status": "COMPLETE", "results": list(results), "errors": list(errors)}
    return Reply(status=207 if errors else 200, body=body)


def work_off(
    ops: Sequence[Operation], answer: Callable[[Batch], Reply]
) -> tuple[dict[str, Result], list[Batch]]:
    """Send every batch until all is settled; return the results and the batches in order."""
    queue, sent = batches(ops, API), list[Batch]()
    results: dict[str, Result] = {}
    while queue:
        batch = queue.pop(0)
        sent.append(batch)
        call_id = f"call {len(sent)}"
        try:
            found = answered(batch, answer(batch), call_id=call_id)
        except (Refused, Retryable) as error:
            found = failed(batch, error, call_id=call_id)
        assert not results.keys() & found.results.keys(), "settled twice"
        results |= found.results
        queue += found.again
    assert results.keys() == {op.key for op in ops}
    return results, sent


# Calls


@pytest.mark.parametrize("kind", [Kind.UPSERT, Kind.READ, Kind.CREATE, Kind.UPDATE, Kind.ARCHIVE])
def test_no_call_carries_more_than_a_hundred_inputs(kind: Kind) -> None:
    sizes = [len(each.operations) for each in batches(operations(kind, 2 * LIMIT + 1), API)]
    assert sizes == [LIMIT, LIMIT, 1]


def test_associations_go_two_thousand_at_a_time() -> None:
    found = batches(operations(Kind.ASSOCIATE, PAIRS_LIMIT + 1), API)
    assert [len(each.operations) for each in found] == [PAIRS_LIMIT, 1]


@given(st.lists(st.text("abc.@", min_size=1, max_size=300), max_size=60))
def test_no_search_asks_for_more_than_the_crm_reads(values: list[str]) -> None:
    ops = [
        Operation(
            kind=Kind.SEARCH, key=f"k{n}", object_type="companies", property="domain", value=value
        )
        for n, value in enumerate(values)
    ]
    found = batches(ops, API)
    assert [op for each in found for op in each.operations] == ops
    for each in found:
        assert len(each.operations) <= LIMIT
        assert sum(len(op.value) for op in each.operations) <= SEARCH_CHARACTERS


def test_what_differs_in_kind_type_or_key_goes_in_calls_of_its_own() -> None:
    ops = [
        operation(Kind.UPSERT, 1),
        operation(Kind.UPDATE, 2),
        operation(Kind.UPDATE, 3, object_type="deals"),
        Operation(
            kind=Kind.UPSERT, key="k4", object_type="contacts", property="customer_no", value="4"
        ),
        operation(Kind.UPSERT, 5),
    ]
    found = [[op.key for op in each.operations] for each in batches(ops, API)]
    assert found == [["k0001", "k0005"], ["k0002"], ["k0003"], ["k4"]]


# Answers


@given(st.sampled_from(CREATE_LIKE), st.integers(1, LIMIT), st.randoms(use_true_random=False))
def test_results_are_matched_by_key_whatever_their_order(
    kind: Kind, number: int, chance: random.Random
) -> None:
    ops = operations(kind, number)
    shuffled = chance.sample(ops, number)
    results, sent = work_off(ops, lambda _: ok([row(op) for op in shuffled]))
    assert len(sent) == 1
    assert all(results[op.key].said is Said.DONE for op in ops)
    assert all(results[op.key].id == row(op)["id"] for op in ops)


@given(
    st.sampled_from((Kind.UPSERT, Kind.UPDATE)),
    st.integers(1, LIMIT),
    st.randoms(use_true_random=False),
)
def test_a_crm_that_gives_no_traces_back_is_understood_by_values(
    kind: Kind, number: int, chance: random.Random
) -> None:
    ops = operations(kind, number)
    shuffled = chance.sample(ops, number)
    results, _ = work_off(ops, lambda _: ok([row(op, trace=False) for op in shuffled]))
    assert all(results[op.key].id == row(op)["id"] for op in ops)


@given(
    st.sampled_from((*CREATE_LIKE, Kind.READ, Kind.SEARCH, Kind.ASSOCIATE)),
    st.integers(1, LIMIT),
    st.randoms(use_true_random=False),
)
def test_an_answer_that_leaves_an_input_out_is_never_a_success(
    kind: Kind, number: int, chance: random.Random
) -> None:
    ops = operations(kind, number)
    told = [op for op in ops if chance.random() < 0.5]
    if kind is Kind.ASSOCIATE:
        rows: list[object] = [
            {"from": {"id": op.value}, "to": {"id": op.to_id}, "associationSpec": {}} for op in told
        ]
    else:
        rows = [row(op) for op in told]
    results, _ = work_off(ops, lambda _: ok(rows))
    for op in ops:
        assert (results[op.key].said is Said.DONE) == (op in told)
        if kind in (Kind.UPSERT, Kind.CREATE, Kind.ASSOCIATE) and op not in told:
            assert results[op.key].said is Said.LOST


def test_an_answer_about_something_else_settles_nothing() -> None:
    ops = operations(Kind.CREATE, 2)
    results, _ = work_off(ops, lambda _: ok([row(operation(Kind.CREATE, 77), trace=False)]))
    assert {each.said for each in results.values()} == {Said.LOST}


def test_each_error_of_a_mixed_answer_is_of_its_own_input() -> None:
    ops = operations(Kind.UPDATE, 4)
    errors = [
        {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "message": "Property values were not valid",
            "context": {"objectWriteTraceId": ["k0001"], "propertyName": ["phone"]},
        },
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "not found",
            "context": {"ids": ["1002"]},
        },
    ]
    results, _ = work_off(ops, lambda _: ok([row(ops[3]), row(ops[0])], errors))
    said = [results[op.key].said for op in ops]
    assert said == [Said.DONE, Said.REFUSED, Said.ABSENT, Said.DONE]
    assert results["k0001"].blamed == ("phone",)


def test_the_oldest_of_several_records_with_one_value_is_taken() -> None:
    ops = operations(Kind.SEARCH, 1)
    rows = [
        {"id": id, "properties": {"email": "A0@X.example", "createdate": day}}
        for id, day in (("30", "2025-02-01"), ("9", "2025-01-01"), ("10", "2025-01-01"))
    ]
    results, _ = work_off(ops, lambda _: ok(rows))
    assert results["k0000"].id == "9"


# Refusals


def refusing(bad: set[str], *, names: str = "") -> Callable[[Batch], Reply]:
    """A CRM that refuses a call whole for one bad input, and names it or not."""

    def answer(batch: Batch) -> Reply:
        found = [op for op in batch.operations if op.key in bad]
        if not found:
            return ok([row(op) for op in batch.operations])
        context = {
            "trace": {"objectWriteTraceId": [op.key for op in found]},
            "id": {"ids": [op.value for op in found]},
        }.get(names, {})
        body = {"category": "VALIDATION_ERROR", "message": "no good", "context": context}
        raise Refused("400", status=400, category="VALIDATION_ERROR", body=body)

    return answer


@given(st.sampled_from(CREATE_LIKE), st.integers(1, LIMIT), st.data())
def test_one_bad_input_is_found_by_halving_and_harms_itself_only(
    kind: Kind, number: int, data: st.DataObject
) -> None:
    ops = operations(kind, number)
    bad = data.draw(st.sampled_from(ops)).key
    results, sent = work_off(ops, refusing({bad}))
    assert [key for key, each in results.items() if each.said is Said.REFUSED] == [bad]
    assert sum(each.said is Said.DONE for each in results.values()) == number - 1
    assert len(sent) - 1 <= 2 * math.log2(number) + 2


@given(st.integers(2, LIMIT), st.data())
def test_any_number_of_bad_inputs_harm_none_of_the_good(number: int, data: st.DataObject) -> None:
    ops = operations(Kind.UPSERT, number)
    bad = data.draw(st.sets(st.sampled_from([op.key for op in ops])))
    results, sent = work_off(ops, refusing(bad))
    assert {key for key, each in results.items() if each.said is Said.REFUSED} == bad
    assert len(sent) - 1 <= len(bad) * (2 * math.log2(number) + 2)


@pytest.mark.parametrize("names", ["trace", "id"])
def test_a_refusal_that_names_its_input_costs_one_more_call(names: str) -> None:
    ops = operations(Kind.UPDATE, LIMIT)
    results, sent = work_off(ops, refusing({"k0042"}, names=names))
    assert len(sent) == 2
    assert [key for key, each in results.items() if each.said is not Said.DONE] == ["k0042"]


def test_a_refused_association_is_the_one_of_which_both_ends_are_named() -> None:
    """One contact, many deals: its id alone says nothing about which of them is wrong."""
    ops = [
        Operation(
            kind=Kind.ASSOCIATE,
            key=f"k{n}",
            object_type="contacts",
            value="1",
            to_type="deals",
            to_id=str(9000 + n),
        )
        for n in range(8)
    ]

    def answer(batch: Batch) -> Reply:
        if any(op.key == "k3" for op in batch.operations):
            context = {"fromObjectId": ["1"], "toObjectId": ["9003"]}
            body = {"category": "VALIDATION_ERROR", "message": "no", "context": context}
            raise Refused("400", status=400, category="VALIDATION_ERROR", body=body)
        pairs = [{"from": {"id": op.value}, "to": {"id": op.to_id}} for op in batch.operations]
        return ok(pairs)

    results, _ = work_off(ops, answer)
    assert [key for key, each in results.items() if each.said is not Said.DONE] == ["k3"]


def test_an_association_target_that_is_gone_is_named_to_the_activity() -> None:
    op = Operation(
        kind=Kind.CREATE,
        key="k1",
        object_type="notes",
        links=(LinkTo(object_type="contacts", id="77", type_id=202),),
    )
    body = {
        "category": "VALIDATION_ERROR",
        "message": "One or more associations are not valid: CONTACT=77 is not valid",
    }

    def answer(_: Batch) -> Reply:
        raise Refused("400", status=400, category="VALIDATION_ERROR", body=body)

    results, sent = work_off([op], answer)
    assert (results["k1"].said, results["k1"].absent, len(sent)) == (Said.ABSENT, ("77",), 1)


@pytest.mark.parametrize(
    ("error", "said", "wide", "wait_s"),
    [
        (Throttled("429", retry_after_s=7, policy="TEN_SECONDLY_ROLLING"), Said.LATER, True, 7),
        (Unanswered("read timed out"), Said.LOST, False, None),
        (Retryable("423 locked", retry_after_s=2), Said.LATER, False, 2),
        (Unreachable("cannot connect"), Said.LATER, True, None),
        (Refused("401", status=401), Said.LATER, True, 60),
        (Refused("403", status=403), Said.LATER, False, 300),
    ],
)
def test_what_concerns_no_single_input_is_said_of_all(
    error: Exception,
    said: Said,
    wide: bool,  # noqa: FBT001 (a parameter of the test)
    wait_s: float | None,
) -> None:
    def answer(_: Batch) -> Reply:
        raise error

    results, sent = work_off(operations(Kind.UPSERT, 3), answer)
    assert len(sent) == 1
    assert {(r.said, r.portal_wide, r.retry_after_s) for r in results.values()} == {
        (said, wide, wait_s)
    }
