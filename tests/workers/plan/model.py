"""A CRM and a memory made of dictionaries, so that plans can be run by the thousand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workers.changes import Change, Keyed
from workers.events import Event
from workers.knowledge import HOOKLINE_KEY, Knowledge, RecordId, Uniqueness
from workers.operations import Kind, Operation, Result, Said
from workers.outcomes import Outcome, State
from workers.plan import Plan
from workers.plan.jobs import Job
from workers.plan.requirements import identities
from workers.stamps import Clock, Stamp

START = datetime(2026, 1, 1, tzinfo=UTC)
UNIQUE = {
    ("contacts", "email"),
    ("contacts", "customer_no"),
    ("deals", "invoice_no"),
    ("notes", HOOKLINE_KEY),
    ("deals", HOOKLINE_KEY),
    ("companies", HOOKLINE_KEY),
}
BAD = "bad value"


def event(number: int, *, at: int = 0, portal: str = "p") -> Event:
    time = START + timedelta(seconds=at)
    return Event(
        id=f"{portal}.e-{number}-0",
        portal=portal,
        endpoint="e",
        source="s",
        source_id=f"evt_{number:04}",
        type="t",
        time=time,
        received=START + timedelta(days=1),
        headers={},
        body=b"{}",
    )


@dataclass(slots=True)
class Crm:
    """Records, associations and pins; a property set to BAD is refused."""

    records: dict[RecordId, dict[str, str]] = field(default_factory=dict)
    links: set[tuple[RecordId, RecordId]] = field(default_factory=set)
    waves: list[list[Operation]] = field(default_factory=list)
    _next: int = 1000

    def take(
        self, operations: Sequence[Operation], fault: Callable[[Operation], str]
    ) -> dict[str, Result]:
        self.waves.append(list(operations))
        results = {}
        for op in operations:
            kind = fault(op)
            if kind == "later":
                results[op.key] = Result(said=Said.LATER, reason="503")
                continue
            result = self._do(op)
            if kind == "lost":
                result = Result(said=Said.LOST, reason="cut")
            results[op.key] = result
        return results

    def _holder(self, object_type: str, name: str, value: str) -> str | None:
        for (type_, id_), properties in self.records.items():
            if type_ == object_type and properties.get(name) == value:
                return id_
        return None

    def _make(self, object_type: str) -> str:
        self._next += 7
        self.records[object_type, str(self._next)] = {}
        return str(self._next)

    def _do(self, op: Operation) -> Result:
        bad = tuple(name for name, value in op.properties.items() if value == BAD)
        if bad:
            return Result(said=Said.REFUSED, reason="not valid", blamed=bad)
        match op.kind:
            case Kind.UPSERT | Kind.CREATE | Kind.UPDATE:
                return self._write(op)
            case Kind.READ | Kind.SEARCH:
                found = self._holder(op.object_type, op.property, op.value)
                return Result(said=Said.DONE, id=found) if found else Result(said=Said.ABSENT)
            case Kind.ARCHIVE:
                self.records.pop((op.object_type, op.value), None)
                return Result(said=Said.DONE)
            case Kind.ASSOCIATE | Kind.DISSOCIATE:
                pair = tuple(sorted(((op.object_type, op.value), (op.to_type, op.to_id))))
                if op.kind is Kind.ASSOCIATE:
                    self.links.add((pair[0], pair[1]))
                else:
                    self.links.discard((pair[0], pair[1]))
                return Result(said=Said.DONE)
            case Kind.RECALL:
                raise NotImplementedError

    def _write(self, op: Operation) -> Result:
        if op.kind is Kind.UPSERT:
            target = self._holder(op.object_type, op.property, op.value)
        elif op.kind is Kind.UPDATE:
            target = op.value
            if (op.object_type, op.value) not in self.records:
                return Result(said=Said.ABSENT, reason="no such record")
        else:
            target = None
        for name, value in op.properties.items():
            holder = self._holder(op.object_type, name, value)
            if (op.object_type, name) in UNIQUE and holder not in (None, target):
                return Result(said=Said.TAKEN, id=holder or "", reason="taken", blamed=(name,))
        new = target is None
        record_id = target or self._make(op.object_type)
        self.records[op.object_type, record_id].update(op.properties)
        for link in op.links:
            pair = sorted(((op.object_type, record_id), (link.object_type, link.id)))
            self.links.add((pair[0], pair[1]))
        return Result(said=Said.DONE, id=record_id, new=new)


@dataclass(slots=True)
class Memory:
    """What the store keeps between turns."""

    ids: dict[Keyed, str] = field(default_factory=dict)
    archived: dict[Keyed, Stamp] = field(default_factory=dict)
    clocks: dict[RecordId, dict[str, Clock]] = field(default_factory=dict)
    prior: dict[str, Mapping[str, Outcome]] = field(default_factory=dict)

    def turn(
        self,
        work: Iterable[tuple[Event, Sequence[Change]]],
        crm: Crm,
        *,
        fault: Callable[[Operation], str] = lambda _: "",
        settles: bool = True,
    ) -> dict[str, list[Outcome]]:
        """Run one turn to its end; without `settles`, as if the process died just before."""
        jobs = [
            Job(event=event, changes=changes, prior=self.prior.get(event.key, {}))
            for event, changes in work
        ]
        wanted = identities(jobs)
        ids = {key: self.ids[key] for key in wanted if key in self.ids}
        records = {(key.object_type, record_id) for key, record_id in ids.items()}
        plan = Plan(
            jobs,
            Knowledge(
                ids=ids,
                archived={k: s for k, s in self.archived.items() if k in wanted},
                clocks={record: dict(self.clocks.get(record, {})) for record in records},
                definitions=dict.fromkeys(UNIQUE, Uniqueness.UNIQUE),
            ),
        )
        for _ in range(500):
            operations = plan.wave()
            if not operations:
                break
            assert len({op.key for op in operations}) == len(operations)
            plan.absorb(crm.take(operations, fault))
            plan.know_clocks({r: self.clocks.get(r, {}) for r in plan.unclocked()})
        else:
            raise AssertionError("the plan does not come to an end")
        outcomes = plan.outcomes()
        if settles:
            board = plan.board
            for key in board.forgotten:
                self.ids.pop(key, None)
            self.ids.update(board.learned)
            for key, stamp in board.archived.items():
                self.ids.pop(key, None)
                self.archived[key] = stamp
            for (record, name), clock in board.moved.items():
                self.clocks.setdefault(record, {})[name] = clock
            for job in jobs:
                self.prior[job.event.key] = {o.step: o for o in outcomes[job.event.id]}
        return outcomes

    def finished(self, event: Event) -> bool:
        prior = self.prior.get(event.key)
        return prior is not None and all(o.state is not State.POSTPONED for o in prior.values())
