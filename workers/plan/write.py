"""Third and fourth phase: one input for each record whose id is known, and then the archives."""

from workers.changes import Archive, Keyed, Numbered, Pin, Step, Unpin, Update, Upsert
from workers.knowledge import PINNED, RecordId, identity, operation_key
from workers.operations import Kind, Operation, Result, Said
from workers.outcomes import State
from workers.plan.board import Board, Sent, Task
from workers.writes import Write, fold


def write(board: Board) -> list[Sent]:
    """Return one update for each known record that somebody writes; conclude who need not."""
    writes: dict[RecordId, list[Write[Task]]] = {}
    for task in board.open:
        if isinstance(task.change, Upsert | Update | Pin | Unpin):
            record = board.record(task)
            if record is None:
                continue
            properties = _properties(board, task)
            if properties is None:
                continue
            writes.setdefault(record, []).append(
                Write(writer=task, stamp=task.stamp, properties=properties)
            )
    sent: list[Sent] = []
    for record, wanted in writes.items():
        each = _update(board, record, wanted)
        if each is not None:
            sent.append(each)
    return sent


def _properties(board: Board, task: Task) -> dict[str, str] | None:
    """Return what `task` writes to its known record; None if what it needs is not there yet."""
    change = task.change
    match change:
        case Upsert():
            # The record is known by its key; to write the key again could only undo a newer one.
            own = "" if task.identity in board.unkeyed else change.key.property
            return {name: value for name, value in change.properties.items() if name != own}
        case Update():
            return dict(change.properties)
        case Pin():
            before = board.step(task, change.activity)
            made = None if before is None else board.record(before)
            return None if made is None else {PINNED: made[1]}
        case _:
            return {PINNED: ""}


def _update(board: Board, record: RecordId, wanted: list[Write[Task]]) -> Sent | None:
    if record in board.alone:
        wanted = [min(wanted, key=lambda w: w.stamp)]
    folded = fold(wanted, board.clocks.get(record, {}))
    for stale in folded.stale:
        board.end(stale.writer, State.UNCHANGED, reason="stale: newer values were written")
    tasks = [w.writer for w in wanted if w.writer.outcome is None]
    if not folded.properties:
        for task in tasks:
            board.end(task, State.UNCHANGED, reason="is there, and nothing is to be set")
        return None
    return Sent(
        operation=Operation(
            kind=Kind.UPDATE,
            key=operation_key("update", *record),
            object_type=record[0],
            value=record[1],
            properties=folded.properties,
        ),
        tasks=tasks,
        took=_updated,
        record=record,
        winners=folded.winners,
    )


def _updated(board: Board, sent: Sent, result: Result) -> None:
    record = sent.record
    assert record is not None  # noqa: S101
    match result.said:
        case Said.DONE:
            if result.id and result.id != record[1]:
                _moved(board, record, result.id)
                record = (record[0], result.id)
            board.wrote(record, sent.winners)
            board.credit(sent.tasks, sent.winners)
        case Said.ABSENT:
            known = board.forget(record)
            for task in sent.tasks:
                if not known or not _by_key(board, task):
                    reason = f"there is no {record[0]} {record[1]}"
                    board.end(task, State.REJECTED, reason=reason)
        case Said.TAKEN | Said.REFUSED:
            board.blame(sent, result, record)
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


def _by_key(board: Board, task: Task) -> bool:
    """Return True if the record of `task` was reached by a key, which can be looked up anew."""
    return bool(board.named(task))


def _moved(board: Board, record: RecordId, record_id: str) -> None:
    """Take note that `record` was merged into `record_id`."""
    keys = [key for key, known in board.ids.items() if (key.object_type, known) == record]
    board.forget(record)
    for key in keys:
        board.know(key, record_id)


def archive(board: Board) -> list[Sent]:
    """Return the records to archive that nobody wrote later."""
    wanted: dict[RecordId, list[Task]] = {}
    for task in board.open:
        if isinstance(task.change, Archive):
            record = board.record(task)
            if record is not None:
                wanted.setdefault(record, []).append(task)
    sent: list[Sent] = []
    for record, tasks in wanted.items():
        newest = max((c.stamp for c in board.clocks.get(record, {}).values()), default=None)
        current = [t for t in tasks if newest is None or t.stamp >= newest]
        for task in tasks:
            if task not in current:
                board.end(task, State.UNCHANGED, reason="stale: it was written later")
        if current:
            sent.append(
                Sent(
                    operation=Operation(
                        kind=Kind.ARCHIVE,
                        key=operation_key("archive", *record),
                        object_type=record[0],
                        value=record[1],
                    ),
                    tasks=current,
                    took=_archived,
                    record=record,
                )
            )
    return sent


def _archived(board: Board, sent: Sent, result: Result) -> None:
    match result.said:
        case Said.DONE | Said.ABSENT | Said.TAKEN:
            stamp = max(task.stamp for task in sent.tasks)
            for task in sent.tasks:
                key = _key(board, task)
                board.end(task, State.APPLIED)
                if key is not None:
                    board.archived[key] = stamp
                    board.learned.pop(key, None)
                    board.ids[key] = None
        case Said.REFUSED:
            for task in sent.tasks:
                board.end(task, State.REJECTED, reason=result.reason)
        case Said.LATER | Said.LOST:
            board.postpone(sent, result)


def _key(board: Board, task: Task) -> Keyed | None:
    assert isinstance(task.change, Archive)  # noqa: S101
    match task.change.target:
        case Keyed() as key:
            return identity(key)
        case Step() as step:
            before = board.step(task, step)
            return None if before is None else before.identity
        case Numbered():
            return None
