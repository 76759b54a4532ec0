"""First phase: which record each key means; those that are missing are made."""

from collections.abc import Sequence

from workers.changes import Archive, Create, Dissociate, Find, Keyed, Unpin, Update, Upsert
from workers.knowledge import HOOKLINE_KEY, Uniqueness, operation_key
from workers.objects import canonical
from workers.operations import Kind, Operation, Result, Said
from workers.outcomes import State
from workers.plan.board import Board, Sent, Task, direct
from workers.writes import Write, fold

NAMED = 5  # ids in a reason


def identify(board: Board) -> list[Sent]:
    """Return the operations that make the open tasks' keys and creates into records."""
    writers: dict[Keyed, list[Task]] = {}
    finders: dict[Keyed, list[Task]] = {}
    sent: list[Sent] = []
    for task in board.open:
        change = task.change
        if isinstance(change, Create):
            each = _create(board, task, change)
            if each is not None:
                sent.append(each)
            continue
        if isinstance(change, Upsert) and task.identity is not None:
            if board.ids.get(task.identity) is None:
                writers.setdefault(task.identity, []).append(task)
            continue
        for key in board.named(task):
            if board.ids.get(key) is None:
                finders.setdefault(key, []).append(task)
    for key in {**writers, **finders}:
        each = _identified(board, key, writers.get(key, []), finders.get(key, []))
        if each is not None:
            sent.append(each)
    return _one_key_property_at_a_time(sent)


def conclude(board: Board) -> list[Sent]:
    """Conclude the finds whose records are there: at last, since one may turn out to be deleted."""
    for task in board.open:
        if isinstance(task.change, Find) and board.record(task) is not None:
            board.end(task, State.UNCHANGED, reason="is there")
    return []


def _one_key_property_at_a_time(sent: list[Sent]) -> list[Sent]:
    """Keep back, for each object type, the upserts by all key properties but one.

    One record may be meant by several keys: what the first call wrote tells the second.
    """
    first: dict[str, tuple[bool, str]] = {}
    for each in sent:
        op = each.operation
        if op.kind is Kind.UPSERT:
            rank = (op.property != "email", op.property)
            first[op.object_type] = min(first.get(op.object_type, rank), rank)
    return [
        each
        for each in sent
        if each.operation.kind is not Kind.UPSERT
        or first[each.operation.object_type][1] == each.operation.property
    ]


def _identified(board: Board, key: Keyed, writers: list[Task], finders: list[Task]) -> Sent | None:
    uniqueness = board.known.uniqueness(key.object_type, key.property)
    if uniqueness is Uniqueness.NONE:
        reason = f"{key.object_type} has no property {key.property!r} in this portal; make it first"
        for task in (*writers, *finders):
            board.end(task, State.REJECTED, reason=reason)
        return None
    unique = uniqueness is Uniqueness.UNIQUE
    looked = key in board.ids
    writers = [task for task in writers if not _outlived(board, task, key)]
    if writers and unique:
        return _upsert(board, key, writers, by=key.property, value=key.value)
    if writers and looked:
        made_by = operation_key(key.object_type, key.property, key.value)
        made = board.known.intents.get(made_by)
        if made is not None and not board.lost(key, made):
            _made_before(board, key, writers, made)
            return None
        if board.known.keeps_apart(key.object_type):
            return _upsert(board, key, writers, by=HOOKLINE_KEY, value=made_by)
        return _make_keyed(board, key, writers, made_by)
    if not looked and (writers or finders):
        return Sent(
            operation=Operation(
                kind=Kind.READ if unique else Kind.SEARCH,
                key=operation_key("find", key.object_type, key.property, key.value),
                object_type=key.object_type,
                property=key.property,
                value=key.value,
            ),
            tasks=[*writers, *finders],
            took=_found,
            identity=key,
        )
    for task in finders:
        if task.outcome is None and key in direct(task):
            _not_there(board, task, key)
    return None


def _outlived(board: Board, task: Task, key: Keyed) -> bool:
    """End an upsert that is older than the archiving of its record."""
    archived = board.archived_before.get(key) or board.archived.get(key)
    if archived is None or archived < task.stamp:
        return False
    board.end_gone(task, reason="stale: the record was archived later")
    return True


def _not_there(board: Board, task: Task, key: Keyed) -> None:
    name = f"record of {key.object_type} with this {key.property}"
    if isinstance(task.change, Find | Archive | Unpin | Dissociate):
        board.end_gone(task, reason=f"there is no {name}")
    else:
        board.end(task, State.POSTPONED, reason=f"there is no {name} yet")


def _writes(tasks: list[Task]) -> list[Write[Task]]:
    return [
        Write(writer=task, stamp=task.stamp, properties=task.change.properties)
        for task in tasks
        if isinstance(task.change, Upsert | Update)
    ]


def _upsert(board: Board, key: Keyed, writers: list[Task], *, by: str, value: str) -> Sent:
    writers = board.part(writers, key)
    folded = fold(_writes(writers), {})
    return Sent(
        operation=Operation(
            kind=Kind.UPSERT,
            key=operation_key("upsert", key.object_type, by, value),
            object_type=key.object_type,
            property=by,
            value=value,
            properties={**folded.properties, key.property: key.value, by: value},
        ),
        tasks=writers,
        took=_identified_as,
        identity=key,
        winners=folded.winners,
    )


def _made_before(board: Board, key: Keyed, writers: list[Task], made: str) -> None:
    """Take what an earlier create of the record made; "" if its answer was lost."""
    if made:
        board.know(key, made)
        return
    for task in board.part(writers, key):
        board.end(task, State.UNKNOWN, reason=UNKNOWN_CREATE)


def _make_keyed(board: Board, key: Keyed, writers: list[Task], made_by: str) -> Sent:
    writers = board.part(writers, key)
    folded = fold(_writes(writers), {})
    properties = {**folded.properties, key.property: key.value}
    if board.known.uniqueness(key.object_type, HOOKLINE_KEY) is Uniqueness.PLAIN:
        properties[HOOKLINE_KEY] = made_by
    return Sent(
        operation=Operation(
            kind=Kind.CREATE, key=made_by, object_type=key.object_type, properties=properties
        ),
        tasks=writers,
        took=_identified_as,
        identity=key,
        winners=folded.winners,
        once=True,
    )


UNKNOWN_CREATE = (
    "a create was sent and its answer lost; look whether the record is there, then resolve it"
)


def _create(board: Board, task: Task, change: Create) -> Sent | None:
    object_type = canonical(change.object_type)
    write = Write(writer=task, stamp=task.stamp, properties=change.properties)
    if task.key in board.known.intents:
        made = board.known.intents[task.key]
        if made:
            task.made = (object_type, made)
            board.end(task, State.APPLIED)
        else:
            board.end(task, State.UNKNOWN, reason=UNKNOWN_CREATE)
        return None
    apart = board.known.keeps_apart(object_type)
    properties = dict(change.properties)
    if board.known.uniqueness(object_type, HOOKLINE_KEY) is not Uniqueness.NONE:
        properties[HOOKLINE_KEY] = task.key
    return Sent(
        operation=Operation(
            kind=Kind.UPSERT if apart else Kind.CREATE,
            key=task.key,
            object_type=object_type,
            property=HOOKLINE_KEY if apart else "",
            value=task.key if apart else "",
            properties=properties,
        ),
        tasks=[task],
        took=_made,
        winners=dict.fromkeys(change.properties, write),
        once=not apart,
    )


def _made(board: Board, sent: Sent, result: Result) -> None:
    """Take the answer to a record made for one event."""
    task = sent.tasks[0]
    match result.said:
        case Said.DONE | Said.TAKEN:
            task.made = (sent.operation.object_type, result.id)
            board.wrote(task.made, sent.winners)
            board.end(task, State.APPLIED)
        case Said.REFUSED | Said.ABSENT:
            board.end(task, State.REJECTED, reason=result.reason)
        case Said.LATER:
            board.postpone(sent, result)
        case Said.LOST:
            board.postpone(sent, result)


def _identified_as(board: Board, sent: Sent, result: Result) -> None:
    """Take the answer to an upsert, or to a create of a record with a key."""
    key = sent.identity
    assert key is not None  # noqa: S101 (an upsert has its key; narrows for the checker)
    match result.said:
        case Said.DONE:
            board.know(key, result.id, new=result.new)
            board.wrote((key.object_type, result.id), sent.winners)
            board.credit(sent.tasks, sent.winners)
        case Said.TAKEN:  # it exists under another key: its writers become updates of it
            board.know(key, result.id)
            board.unkeyed.add(key)
        case Said.REFUSED | Said.ABSENT:
            board.blame(sent, result, key)
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


def _found(board: Board, sent: Sent, result: Result) -> None:
    """Take the answer to a read or a search for a key."""
    key = sent.identity
    assert key is not None  # noqa: S101 (a search has its key; narrows for the checker)
    match result.said:
        case Said.DONE if result.others and board.known.one_of_a_kind:
            for task in sent.tasks:
                board.end(task, State.REJECTED, reason=_ambiguous(key, (result.id, *result.others)))
        case Said.DONE | Said.TAKEN:
            board.know(key, result.id)
        case Said.ABSENT:
            board.ids[key] = None
        case Said.REFUSED:
            for task in sent.tasks:
                board.end(task, State.REJECTED, reason=result.reason)
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


def _ambiguous(key: Keyed, ids: Sequence[str]) -> str:
    """Say that several records have the key, and what to do."""
    named = ", ".join(ids[:NAMED]) + (", …" if len(ids) > NAMED else "")
    return (
        f"{len(ids)} records of {key.object_type} have this {key.property} ({named}); "
        "merge them in the CRM, then replay the event"
    )
