"""Second phase: activities with their associations, and the associations between records."""

from collections.abc import Mapping

from workers.changes import Associate, Dissociate, Log
from workers.knowledge import HOOKLINE_KEY, RecordId, Uniqueness, operation_key
from workers.links import default_link
from workers.objects import canonical
from workers.operations import Kind, LinkTo, Operation, Result, Said
from workers.outcomes import State
from workers.plan.board import Board, Sent, Task
from workers.writes import Write

CROWDED = {"contacts": 1, "companies": 2}  # the more, the more records hang on one
RECALL_WAIT_S = 15.0  # until it is looked for again while the CRM may still make it
BODIES = ("hs_note_body", "hs_call_body", "hs_email_text", "hs_meeting_body", "hs_task_body")


def attach(board: Board) -> list[Sent]:
    """Return the activities and associations whose records are all known."""
    sent: list[Sent] = []
    pairs: dict[str, list[tuple[Task, RecordId, RecordId]]] = {}
    for task in board.open:
        change = task.change
        if isinstance(change, Log):
            each = _log(board, task, change)
            if each is not None:
                sent.append(each)
        elif isinstance(change, Associate | Dissociate):
            source = board.resolve(task, change.source)
            to = board.resolve(task, change.to)
            if source is not None and to is not None:
                key = _pair_key(board, task, change, source, to)
                if key:
                    pairs.setdefault(key, []).append((task, source, to))
    for key, members in pairs.items():
        each = _joined(board, key, members)
        if each is not None:
            sent.append(each)
    return sent


def _links(board: Board, task: Task, change: Log) -> tuple[LinkTo, ...] | None:
    """Return the associations of a new activity, None (and the task ended) if one cannot be."""
    made = canonical(change.activity_type)
    links: list[LinkTo] = []
    for target in change.on:
        if board.missing(task, target):
            continue
        record = board.resolve(task, target)
        if record is None:
            return None
        type_id = default_link(made, record[0])
        category = "HUBSPOT_DEFINED"
        if type_id is None:
            label = board.known.labels.get((made, record[0], ""))
            if label is None:
                reason = f"{made} cannot be associated with {record[0]} in this portal"
                board.end(task, State.REJECTED, reason=reason)
                return None
            category, type_id = label
        link = LinkTo(object_type=record[0], id=record[1], type_id=type_id, category=category)
        if link not in links:
            links.append(link)
    return tuple(links)


def _log(board: Board, task: Task, change: Log) -> Sent | None:
    links = _links(board, task, change)
    if links is None:
        return None
    object_type = canonical(change.activity_type)
    how = board.known.uniqueness(object_type, HOOKLINE_KEY)
    properties = dict(change.properties)
    if how is not Uniqueness.NONE:
        properties[HOOKLINE_KEY] = task.key
    operation = Operation(
        kind=Kind.CREATE,
        key=task.key,
        object_type=object_type,
        properties=properties,
        links=links,
    )
    if task.key in board.known.intents:
        made = board.known.intents[task.key]
        if made:
            _made(board, task, object_type, made)
            return None
        recall = _recall(board, task, operation)
        if recall is not None:
            return recall
        if task.outcome is not None:
            return None
    write = Write(writer=task, stamp=task.stamp, properties=change.properties)
    return Sent(
        operation=operation,
        tasks=[task],
        took=_logged,
        winners=dict.fromkeys(change.properties, write),
        once=how is not Uniqueness.UNIQUE,
    )


def _made(board: Board, task: Task, object_type: str, record_id: str) -> None:
    task.made = (object_type, record_id)
    board.end(task, State.APPLIED)


def _logged(board: Board, sent: Sent, result: Result) -> None:
    task = sent.tasks[0]
    match result.said:
        case Said.DONE | Said.TAKEN:  # taken: this very activity was made before
            _made(board, task, sent.operation.object_type, result.id)
        case Said.ABSENT:
            gone = [link for link in sent.operation.links if link.id in result.absent]
            forgot = [board.forget((link.object_type, link.id)) for link in gone]
            if not any(forgot):
                board.end(task, State.REJECTED, reason=result.reason)
        case Said.REFUSED:
            board.end(task, State.REJECTED, reason=result.reason)
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


# An activity whose answer was lost, where the CRM does not refuse a second one


def _recall(board: Board, task: Task, operation: Operation) -> Sent | None:
    """Look for the activity on the record that it would hang on; None once it is surely not."""
    if task.key in board.recalled:
        if task.key not in board.known.young:
            return None
        board.end(
            task,
            State.POSTPONED,
            reason="the answer to its creation was lost, and the CRM may still make it",
            retry_after_s=RECALL_WAIT_S,
        )
        return None
    if not operation.links:
        board.end(task, State.UNKNOWN, reason=UNKNOWN_ACTIVITY)
        return None
    hangs_on = operation.links[0]
    return Sent(
        operation=Operation(
            kind=Kind.RECALL,
            key=operation_key("recall", task.key),
            object_type=hangs_on.object_type,
            value=hangs_on.id,
            to_type=operation.object_type,
            properties=operation.properties,
        ),
        tasks=[task],
        took=_recalled,
    )


UNKNOWN_ACTIVITY = (
    "the answer to its creation was lost, and it hangs on no record where it could be looked for"
)


def _recalled(board: Board, sent: Sent, result: Result) -> None:
    task = sent.tasks[0]
    match result.said:
        case Said.DONE | Said.ABSENT:
            board.recalled.add(task.key)
            for found in result.found:
                if _same(sent.operation.properties, found):
                    _made(board, task, sent.operation.to_type, found["hs_object_id"])
                    return
        case Said.TAKEN | Said.REFUSED:
            board.end(task, State.UNKNOWN, reason=f"could not be read back: {result.reason}")
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


def _same(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Return True if `found` is the activity: by our stamp, else by its time and body.

    It has no stamp if the portal had no property for it when it was sent.
    """
    if found.get(HOOKLINE_KEY):
        return found[HOOKLINE_KEY] == wanted.get(HOOKLINE_KEY)
    names = [name for name in (*BODIES, "hs_call_title", "hs_task_subject") if name in wanted]
    return all(found.get(name) == wanted[name] for name in names) and _same_time(wanted, found)


def _same_time(wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
    return wanted.get("hs_timestamp", "")[:19] == found.get("hs_timestamp", "")[:19]


# Associations between records


def _pair_key(
    board: Board, task: Task, change: Associate | Dissociate, source: RecordId, to: RecordId
) -> str:
    """Return the name of the association, the same from both its ends when it has no label."""
    link = change.link
    if link.label is not None:
        label = board.known.labels.get((source[0], to[0], link.label))
        if label is None:
            reason = f"{source[0]} → {to[0]} has no association label {link.label!r}"
            board.end(task, State.REJECTED, reason=reason)
            return ""
        return f"{source[0]}/{source[1]}~{to[0]}/{to[1]}~{label[0]}~{label[1]}"
    if link.type_id is not None:
        return f"{source[0]}/{source[1]}~{to[0]}/{to[1]}~{link.category}~{link.type_id}"
    first, second = sorted((source, to))
    return f"{first[0]}/{first[1]}~{second[0]}/{second[1]}"


def _joined(board: Board, key: str, members: list[tuple[Task, RecordId, RecordId]]) -> Sent | None:
    """Return the newest of the changes to one association; the others end here or with it."""
    newest, source, to = max(members, key=lambda member: member[0].stamp)
    field = f"~{key}"
    clocks = [board.clocks.get(end, {}).get(field) for end in _ends(key)]
    if any(clock is not None and clock.stamp > newest.stamp for clock in clocks):
        for task, _, _ in members:
            board.end(task, State.UNCHANGED, reason="stale: the association changed later")
        return None
    verb = type(newest.change)
    together = []
    for task, _, _ in members:
        if type(task.change) is verb:
            together.append(task)
        else:
            board.end(task, State.UNCHANGED, reason="stale: the association changed later")
    parts = key.split("~")
    labelled = len(parts) > len(("from", "to"))
    category, type_id = (parts[2], int(parts[3])) if labelled else ("HUBSPOT_DEFINED", None)
    return Sent(
        operation=Operation(
            kind=Kind.ASSOCIATE if verb is Associate else Kind.DISSOCIATE,
            key=operation_key(verb.__name__, key),
            object_type=source[0],
            value=source[1],
            to_type=to[0],
            to_id=to[1],
            type_id=type_id,
            category=category,
        ),
        tasks=together,
        took=_took_pair,
        record=_keeper(key),
        winners={field: Write(writer=newest, stamp=newest.stamp, properties={field: ""})},
    )


def _ends(key: str) -> tuple[RecordId, RecordId]:
    """Return the two records of an association."""
    (first, _, one), (second, _, other) = (end.partition("/") for end in key.split("~")[:2])
    return (first, one), (second, other)


def _keeper(key: str) -> RecordId:
    """Return the end that keeps the association's clock: the one with the fewer associations.

    The clocks of a record are read together and live for as long as it is written. A contact that
    buys for years would gather one for each deal, a company one for each of its people.
    """
    return min(_ends(key), key=lambda end: CROWDED.get(end[0], 0))


def _took_pair(board: Board, sent: Sent, result: Result) -> None:
    op = sent.operation
    match result.said:
        case Said.DONE | Said.TAKEN:
            _pair_done(board, sent)
        case Said.ABSENT if op.kind is Kind.DISSOCIATE:
            _pair_done(board, sent)
        case Said.ABSENT:
            ends = ((op.object_type, op.value), (op.to_type, op.to_id))
            gone = [end for end in ends if not result.absent or end[1] in result.absent]
            forgot = [board.forget(end) for end in gone]
            if not any(forgot):
                for task in sent.tasks:
                    board.end(task, State.REJECTED, reason=result.reason)
        case Said.REFUSED:
            for task in sent.tasks:
                board.end(task, State.REJECTED, reason=result.reason)
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


def _pair_done(board: Board, sent: Sent) -> None:
    assert sent.record is not None  # noqa: S101
    board.wrote(sent.record, sent.winners)
    for task in sent.tasks:
        board.end(task, State.APPLIED)
