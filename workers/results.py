"""Answers → a result for each operation, and the calls that must follow to settle the rest.

Pure. A call that was refused whole is narrowed: by what the refusal names, else by halving, so
that one bad input among n costs at most 2·log2(n) + 2 further calls and the others go through.
"""

import re
from dataclasses import dataclass, field

from workers.batch import LIMIT, Batch, batches
from workers.crm import replies
from workers.crm.replies import BatchReply, Reply, RowError
from workers.errors import Refused, Retryable, Throttled, Unanswered, Unreachable
from workers.knowledge import HOOKLINE_KEY
from workers.operations import Kind, Operation, Result, Said

FORBIDDEN_S = 300.0  # until a missing scope may have been granted
UNAUTHORIZED_S = 60.0
DAILY_S = 900.0  # nobody says when the day ends in the account: ask again now and then

_INVALID_TARGET = re.compile(r"[A-Z_0-9-]+=(\d+) is not valid")


@dataclass(slots=True, kw_only=True)
class Answer:
    """What one call settled, by operation key, and the calls that must follow to settle more."""

    results: dict[str, Result] = field(default_factory=dict)
    again: list[Batch] = field(default_factory=list)


def answered(batch: Batch, reply: Reply, *, call_id: str) -> Answer:
    """Return what a reply settles. What it does not account for is lost, never done."""
    kind = batch.operations[0].kind
    answer = Answer()
    if kind is Kind.RECALL:
        _recalled(batch, reply, answer, call_id)
    elif kind in (Kind.ASSOCIATE, Kind.DISSOCIATE):
        _paired(batch, reply, answer, call_id)
    elif kind is Kind.ARCHIVE:
        for op in batch.operations:
            answer.results[op.key] = Result(said=Said.DONE, id=op.value, call=call_id)
    elif kind is Kind.SEARCH:
        _searched(batch, reply, answer, call_id)
    else:
        _rows(batch, replies.batch(reply), answer, call_id)
    return answer


def _rows(batch: Batch, reply: BatchReply, answer: Answer, call_id: str) -> None:
    kind = batch.operations[0].kind
    by_trace = {op.key: op for op in batch.operations}
    by_value = {op.value.lower(): op for op in batch.operations if op.value}
    for row in reply.results:
        op = by_trace.get(row.trace or "")
        if op is None and kind in (Kind.UPSERT, Kind.READ):
            name = batch.operations[0].property
            op = by_value.get((row.properties.get(name) or "").lower())
        if op is None and kind is Kind.UPDATE:
            op = by_value.get(row.id)
        if op is None and kind is Kind.CREATE:
            op = by_trace.get(row.properties.get(HOOKLINE_KEY) or "")
        if op is not None:
            answer.results[op.key] = Result(
                said=Said.DONE, id=row.id, new=bool(row.new), call=call_id
            )
    for error in reply.errors:
        for op in _meant(error, by_trace, by_value):
            answer.results[op.key] = _refused(op, error, call_id)
    left = [op for op in batch.operations if op.key not in answer.results]
    for op in left:
        answer.results[op.key] = (
            Result(said=Said.ABSENT, reason="the CRM knows no such record", call=call_id)
            if kind in (Kind.READ, Kind.UPDATE)
            else Result(said=Said.LOST, reason="the answer left this input out", call=call_id)
        )


def _meant(
    error: RowError, by_trace: dict[str, Operation], by_value: dict[str, Operation]
) -> list[Operation]:
    """Return the operations that an error names, by their trace ids or else their values."""
    meant = [by_trace[trace] for trace in error.traces if trace in by_trace]
    if not meant:
        meant = [by_value[id_.lower()] for id_ in error.ids if id_.lower() in by_value]
    return meant


def _refused(op: Operation, error: RowError, call_id: str) -> Result:
    """Return what an error means for the operation that it is about."""
    if error.retryable:
        return Result(said=Said.LATER, reason=error.message, call=call_id)
    if error.existing_id and _holds_key(op, error):
        return Result(said=Said.TAKEN, id=error.existing_id, reason=error.message, call=call_id)
    gone = tuple(_INVALID_TARGET.findall(error.message)) or tuple(
        link.id for link in op.links if link.id in error.ids
    )
    if gone and (op.links or op.to_id):
        return Result(said=Said.ABSENT, reason=error.message, absent=gone, call=call_id)
    if error.category == "OBJECT_NOT_FOUND" or error.status == 404:
        return Result(said=Said.ABSENT, reason=error.message, call=call_id)
    return Result(
        said=Said.REFUSED, reason=error.message, blamed=tuple(error.properties), call=call_id
    )


def _holds_key(op: Operation, error: RowError) -> bool:
    """Return True if the record that an error names is the one that `op` means."""
    if op.kind is Kind.UPDATE:
        return False
    own = {HOOKLINE_KEY, op.property}
    if op.object_type == "contacts":
        own.add("email")
    return not error.properties or not own.isdisjoint(error.properties)


def _searched(batch: Batch, reply: Reply, answer: Answer, call_id: str) -> None:
    """Give each searched value the oldest record that has it."""
    page = replies.search(reply)
    if page.next is not None and len(batch.operations) > 1:
        answer.again += _halves(batch)
        return
    name = batch.operations[0].property
    found: dict[str, list[tuple[str, int, str]]] = {}
    for row in page.results:
        value = (row.properties.get(name) or "").lower()
        rank = (row.properties.get("createdate") or "", int(row.id), row.id)
        found.setdefault(value, []).append(rank)
    for op in batch.operations:
        matches = sorted(found.get(op.value.lower(), []))
        answer.results[op.key] = (
            Result(
                said=Said.DONE,
                id=matches[0][2],
                others=tuple(record_id for *_, record_id in matches[1:]),
                call=call_id,
            )
            if matches
            else Result(said=Said.ABSENT, call=call_id)
        )


def _paired(batch: Batch, reply: Reply, answer: Answer, call_id: str) -> None:
    """Take associations as done unless an error names them: both directions are reported."""
    parsed = replies.pairs(reply)
    done = {(pair.from_id, pair.to_id) for pair in parsed.results}
    done |= {(to_id, from_id) for from_id, to_id in done}
    silent = batch.operations[0].kind is Kind.DISSOCIATE and not parsed.errors
    for op in batch.operations:
        if silent or (op.value, op.to_id) in done:
            answer.results[op.key] = Result(said=Said.DONE, call=call_id)
    for error in parsed.errors:
        for op in batch.operations:
            named = op.value in error.ids or op.to_id in error.ids
            if op.key not in answer.results and (named or not error.ids):
                answer.results[op.key] = _refused(op, error, call_id)
    for op in batch.operations:
        if op.key not in answer.results:
            answer.results[op.key] = (
                Result(said=Said.DONE, call=call_id)
                if op.kind is Kind.DISSOCIATE
                else Result(said=Said.LOST, reason="the answer left this out", call=call_id)
            )


def _recalled(batch: Batch, reply: Reply, answer: Answer, call_id: str) -> None:
    """Take the ids of the activities on each record and ask for them, or take them."""
    if batch.details:
        found = tuple(
            {
                **{name: value or "" for name, value in row.properties.items()},
                "hs_object_id": row.id,
            }
            for row in replies.batch(reply).results
        )
        for op in batch.operations:
            answer.results[op.key] = Result(said=Said.DONE, found=found, call=call_id)
        return
    on_record, more = replies.associations(reply), replies.unfinished(reply)
    for op in batch.operations:
        ids = on_record.get(op.value, ())
        if not ids:
            answer.results[op.key] = Result(said=Said.ABSENT, call=call_id)
        for start in range(0, len(ids), LIMIT):
            call = batch.api.read_batch(
                op.to_type,
                ids=ids[start : start + LIMIT],
                properties=tuple(op.properties),
            )
            answer.again.append(Batch(call=call, operations=(op,), api=batch.api, details=True))
    rest = tuple(op for op in batch.operations if op.value in more)
    if rest:
        first = rest[0]
        call = batch.api.read_associations_batch(
            first.object_type, first.to_type, ids=list(more), after=more
        )
        answer.again.append(Batch(call=call, operations=rest, api=batch.api))


def failed(batch: Batch, error: Exception, *, call_id: str) -> Answer:
    """Return what it means that a call brought no reply, or one that refuses it whole."""
    match error:
        case Throttled():
            wait_s = error.retry_after_s
            if wait_s is None and error.policy == "DAILY":
                wait_s = DAILY_S
            return _all(batch, Said.LATER, error, call_id, wait_s=wait_s, wide=True)
        case Unanswered():
            return _all(batch, Said.LOST, error, call_id, wait_s=error.retry_after_s)
        case Unreachable():
            return _all(batch, Said.LATER, error, call_id, wait_s=error.retry_after_s, wide=True)
        case Retryable():
            return _all(batch, Said.LATER, error, call_id, wait_s=error.retry_after_s)
        case Refused() if error.status == 401:
            return _all(batch, Said.LATER, error, call_id, wait_s=UNAUTHORIZED_S, wide=True)
        case Refused() if error.status == 403:
            return _all(batch, Said.LATER, error, call_id, wait_s=FORBIDDEN_S)
        case Refused():
            return _narrowed(batch, error, call_id)
        case _:
            raise error


def _all(
    batch: Batch,
    said: Said,
    error: Exception,
    call_id: str,
    *,
    wait_s: float | None,
    wide: bool = False,
) -> Answer:
    result = Result(
        said=said, reason=str(error), retry_after_s=wait_s, portal_wide=wide, call=call_id
    )
    return Answer(results={op.key: result for op in batch.operations})


def _narrowed(batch: Batch, error: Refused, call_id: str) -> Answer:
    """Settle what the refusal names and send the rest again; halve it if it names nothing."""
    hint = replies.hints(error)
    by_trace = {op.key: op for op in batch.operations}
    by_value = {op.value.lower(): op for op in batch.operations if op.value}
    if batch.operations[0].to_id:  # one record has many associations: only both ends tell which
        meant = [op for op in batch.operations if {op.value, op.to_id} <= set(hint.ids)]
    else:
        meant = _meant(hint, by_trace, by_value)
    if len(batch.operations) == 1:
        meant = list(batch.operations)
    if not meant:
        return Answer(again=_halves(batch))
    answer = Answer(results={op.key: _refused(op, hint, call_id) for op in meant})
    rest = [op for op in batch.operations if op.key not in answer.results]
    if rest:
        answer.again += batches(rest, batch.api)
    return answer


def _halves(batch: Batch) -> list[Batch]:
    middle = len(batch.operations) // 2
    parts = (batch.operations[:middle], batch.operations[middle:])
    return [half for part in parts for half in batches(part, batch.api)]
