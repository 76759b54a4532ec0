"""The state of one turn: the tasks, which record each is about, and what was learned on the way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workers.changes import (
    Archive,
    Change,
    Create,
    Find,
    Keyed,
    Log,
    Numbered,
    Pin,
    Step,
    Target,
    Unpin,
    Update,
    Upsert,
)
from workers.events import Event
from workers.knowledge import (
    Knowledge,
    RecordId,
    Uniqueness,
    identity,
    operation_key,
)
from workers.objects import canonical
from workers.operations import Operation, Result
from workers.outcomes import Outcome, State
from workers.plan.jobs import Job, own_identity, targets
from workers.stamps import Clock, Stamp, microseconds
from workers.writes import Write, advanced

CONCLUDED = (State.APPLIED, State.UNCHANGED)


@dataclass(slots=True, eq=False, kw_only=True)
class Task:
    """One change of one event, while it is worked on."""

    event: Event
    change: Change
    key: str  # the operation key: the same whenever this event is handled again
    stamp: Stamp
    identity: Keyed | None
    targets: tuple[Target, ...]
    keys: tuple[Keyed, ...] = ()  # of the records that it needs, its own first
    after: "tuple[Task, ...]" = ()  # the activities that it refers to; until made, theirs too
    made: RecordId | None = None  # what a Create or Log made
    outcome: Outcome | None = None
    gone: bool = False  # ended without a record: what refers to it has nothing to refer to
    calls: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class Sent:
    """An operation on its way: who asked for it, what it writes, who takes the answer."""

    operation: Operation
    tasks: list[Task]
    took: "Callable[[Board, Sent, Result], None]"
    identity: Keyed | None = None
    record: RecordId | None = None
    winners: Mapping[str, Write[Task]] = field(default_factory=dict)
    once: bool = False  # a repeat would be a second record: an intent comes first


def direct(task: Task) -> list[Keyed]:
    """Return the keys that `task` names itself, not through other steps."""
    named = [] if task.identity is None else [task.identity]
    return named + [identity(target) for target in task.targets if isinstance(target, Keyed)]


class Board:
    """What the phases share. `learned`, `forgotten`, `archived`, `moved` are to be remembered."""

    def __init__(self, jobs: Iterable[Job], knowledge: Knowledge) -> None:
        self.known = knowledge
        self.ids: dict[Keyed, str | None] = dict(knowledge.ids)  # None: looked for, not there
        self.clocks: dict[RecordId, dict[str, Clock]] = {
            record: dict(clocks) for record, clocks in knowledge.clocks.items()
        }
        self.archived_before: dict[Keyed, Stamp] = dict(knowledge.archived)
        self.alone: set[Keyed | RecordId] = set()  # refused together: now one writer at a time
        self.unkeyed: set[Keyed] = set()  # known by another key: their own is still to be written
        self.unclocked: set[RecordId] = set()
        self.recalled: set[str] = set()  # looked for and not found in this turn
        self.learned: dict[Keyed, str] = {}
        self.forgotten: set[Keyed] = set()
        self.archived: dict[Keyed, Stamp] = {}
        self.moved: dict[tuple[RecordId, str], Clock] = {}
        self._was: dict[Keyed, str] = {}
        self.tasks: list[Task] = []
        self.open: list[Task] = []
        self.news = True  # something was concluded or learned since `follow` looked last
        self._steps: dict[tuple[str, str], Task] = {}
        for job in jobs:
            self._take(job)

    def _take(self, job: Job) -> None:
        event = job.event
        event_key = event.key
        time_us = microseconds(event.time)
        for ordinal, change in enumerate(job.changes):
            task = Task(
                event=event,
                change=change,
                key=operation_key(event_key, change.name),
                stamp=Stamp(time_us, event_key, ordinal),
                identity=own_identity(change),
                targets=targets(change),
            )
            self._trace(task)
            prior = job.prior.get(change.name)
            if prior is not None and prior.state in CONCLUDED and self._still_known(task):
                task.outcome = prior
                task.gone = prior.state is State.UNCHANGED and not prior.record
                if isinstance(change, Create | Log) and prior.record:
                    object_type, _, record_id = prior.record.rpartition("/")
                    task.made = (object_type, record_id)
            else:
                self.open.append(task)
            self.tasks.append(task)
            self._steps[event.id, change.name] = task

    def _trace(self, task: Task) -> None:
        """Note which keys `task` needs, directly or through the steps it refers to."""
        keys = direct(task)
        after: list[Task] = []
        for target in task.targets:
            before = self.step(task, target) if isinstance(target, Step) else None
            if before is None:
                continue
            if isinstance(before.change, Log):
                after.append(before)
            else:
                keys += before.keys
                after += before.after
        task.keys = tuple(keys)
        task.after = tuple(after)

    def _still_known(self, task: Task) -> bool:
        """Return False for what is repeated, harmlessly: a find, an upsert of what is forgotten."""
        if isinstance(task.change, Find):
            return False
        if not isinstance(task.change, Upsert) or task.identity is None:
            return True
        return task.identity in self.ids or task.identity in self.archived_before

    # Endings

    def end(
        self, task: Task, state: State, *, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        """Conclude `task`."""
        self.news = True
        record = self.record(task)
        task.outcome = Outcome(
            step=task.change.name,
            state=state,
            where=task.change.where,
            reason=reason,
            record="/".join(record) if record else "",
            calls=tuple(task.calls),
            retry_after_s=retry_after_s,
        )

    def follow(self) -> None:
        """Conclude what refers to a change that was rejected, was postponed or found nothing."""
        if not self.news:
            return
        self.news = False
        still_open: list[Task] = []
        for task in self.open:
            for target in task.targets:
                if task.outcome is not None:
                    break
                if isinstance(target, Step):
                    self._follow(task, target)
            if task.outcome is None:
                still_open.append(task)
        self.open = still_open

    def _follow(self, task: Task, target: Step) -> None:
        before = self._steps.get((task.event.id, target.name))
        if before is None:
            self.end(task, State.REJECTED, reason=f"there is no step {target.name!r}")
            return
        ended = before.outcome
        if ended is None:
            return
        if ended.state in CONCLUDED:
            if before.gone and not self._goes_on_others(task):
                self.end_gone(task, reason=f"{target.name}: {ended.reason}")
            return
        self.end(
            task,
            ended.state,
            reason=f"needs {target.name}: {ended.reason}",
            retry_after_s=ended.retry_after_s,
        )

    def end_gone(self, task: Task, *, reason: str) -> None:
        """Conclude `task` as unchanged, there being no record that it could be about."""
        self.end(task, State.UNCHANGED, reason=reason)
        task.gone = True

    def missing(self, task: Task, target: Target) -> bool:
        """Return True if `target` is an earlier step that ended without a record."""
        before = self.step(task, target) if isinstance(target, Step) else None
        return before is not None and before.gone

    def _goes_on_others(self, task: Task) -> bool:
        """Return True for an activity that hangs on some record still."""
        on = task.change.on if isinstance(task.change, Log) else ()
        return any(not self.missing(task, target) for target in on)

    # Who is who

    def step(self, task: Task, target: Step) -> Task | None:
        """Return the earlier task of the same event that `target` names."""
        return self._steps.get((task.event.id, target.name))

    def record(self, task: Task) -> RecordId | None:
        """Return the record that `task` is about, once that is known."""
        if task.made is not None:
            return task.made
        if task.identity is not None:
            record_id = self.ids.get(task.identity)
            return (task.identity.object_type, record_id) if record_id else None
        if isinstance(task.change, Update | Archive):
            return self.resolve(task, task.change.target)
        if isinstance(task.change, Pin | Unpin):
            return self.resolve(task, task.change.to)
        return None

    def resolve(self, task: Task, target: Target) -> RecordId | None:
        """Return the record that `target` means within the event of `task`."""
        match target:
            case Keyed():
                key = identity(target)
                record_id = self.ids.get(key)
                return (key.object_type, record_id) if record_id else None
            case Numbered():
                return (canonical(target.object_type), target.id)
            case Step():
                before = self._steps.get((task.event.id, target.name))
                return None if before is None else self.record(before)

    def named(self, task: Task) -> Sequence[Keyed]:
        """Return the keys whose ids `task` needs, directly or through the steps it refers to."""
        open_ = [key for before in task.after if before.made is None for key in self.named(before)]
        return (*task.keys, *open_) if open_ else task.keys

    def know(self, key: Keyed, record_id: str, *, new: bool = False) -> None:
        """Learn that `key` names the record `record_id`."""
        record = (key.object_type, record_id)
        self.ids[key] = record_id
        self.learned[key] = record_id
        self.forgotten.discard(key)
        self.archived_before.pop(key, None)
        was = self._was.pop(key, None)
        if was is not None and was != record_id:
            # The record goes by another id now: what was written to it is still what was written.
            for name, clock in self.clocks.get((key.object_type, was), {}).items():
                known = self.clocks.setdefault(record, {}).get(name)
                if known is None or known.stamp < clock.stamp:
                    self.clocks[record][name] = clock
                    self.moved[record, name] = clock
            self.unclocked.add(record)
        elif new:
            self.clocks.setdefault(record, {})
        elif record not in self.clocks:
            self.unclocked.add(record)

    def forget(self, record: RecordId) -> bool:
        """Forget the keys that led to `record`; False if none did, so that nothing can change."""
        keys = [
            key
            for key, record_id in self.ids.items()
            if record_id == record[1] and key.object_type == record[0]
        ]
        for key in keys:
            if key in self._was:  # looked up anew already, in vain
                return False
        for key in keys:
            del self.ids[key]
            self.learned.pop(key, None)
            self.forgotten.add(key)
            self._was[key] = record[1]
        return bool(keys)

    def lost(self, key: Keyed, record_id: str) -> bool:
        """Return True if `key` named this record until the CRM said that there is none."""
        return self._was.get(key) == record_id

    def know_clocks(self, clocks: Mapping[RecordId, Mapping[str, Clock]]) -> None:
        """Take stored clocks; one that this turn has already advanced stays."""
        for record, fields in clocks.items():
            known = self.clocks.setdefault(record, {})
            for name, clock in fields.items():
                if name not in known or known[name].stamp < clock.stamp:
                    known[name] = clock

    # What was written

    def wrote(self, record: RecordId, winners: Mapping[str, Write[Task]]) -> None:
        """Advance the clocks of what was written, and learn the keys that it made."""
        clocks = self.clocks.setdefault(record, {})
        for name, write in winners.items():
            task = write.writer
            clock = advanced(
                clocks.get(name),
                stamp=write.stamp,
                event_id=task.event.id,
                where=task.change.where,
            )
            clocks[name] = clock
            self.moved[record, name] = clock
            if self.known.uniqueness(record[0], name) is Uniqueness.UNIQUE:
                value = write.properties[name]
                if value:
                    alias = Keyed(object_type=record[0], property=name, value=value)
                    self.ids[identity(alias)] = record[1]
                    self.learned[identity(alias)] = record[1]

    def credit(self, tasks: Iterable[Task], winners: Mapping[str, Write[Task]]) -> None:
        """Conclude the writers of one input: applied for who won a property, else unchanged."""
        winning = {id(write.writer) for write in winners.values()}
        for task in tasks:
            if task.outcome is not None:
                continue
            if id(task) in winning:
                self.end(task, State.APPLIED)
            elif isinstance(task.change, Upsert) and not set(task.change.properties) - {
                task.change.key.property
            }:
                self.end(task, State.APPLIED, reason="is there, and nothing else was to be set")
            else:
                self.end(task, State.UNCHANGED, reason="stale: newer values were written")

    def part(self, tasks: list[Task], key: Keyed | RecordId) -> list[Task]:
        """Return the tasks that may write `key` together: one, the oldest, after a refusal."""
        return [min(tasks, key=lambda t: t.stamp)] if key in self.alone else tasks

    def blame(self, sent: Sent, result: Result, key: Keyed | RecordId) -> None:
        """Reject who caused a refusal; where that cannot be told, try the writers one by one."""
        if len(sent.tasks) == 1:
            self.end(sent.tasks[0], State.REJECTED, reason=result.reason)
            return
        guilty = {
            id(sent.winners[name].writer): sent.winners[name].writer
            for name in result.blamed
            if name in sent.winners
        }
        for task in guilty.values():
            self.end(task, State.REJECTED, reason=result.reason)
        if not guilty:
            self.alone.add(key)

    def postpone(self, sent: Sent, result: Result) -> None:
        """Postpone everybody who waits for `sent`."""
        for task in sent.tasks:
            if task.outcome is None:
                self.end(
                    task,
                    State.POSTPONED,
                    reason=result.reason,
                    retry_after_s=result.retry_after_s,
                )
