"""The calls that events would lead to, with nothing sent: against a portal that holds nothing.

Pure. It goes the pipeline's own way, `plan` and `batch`; the answers alone are made up here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from workers.batch import batches
from workers.crm.calls import Api, Call
from workers.events import Arrival, Event
from workers.knowledge import BUILT_IN, HOOKLINE_KEY, Definition, Knowledge, Uniqueness
from workers.operations import Kind, Operation, Result, Said
from workers.outcomes import Outcome
from workers.plan import Plan
from workers.plan.jobs import Job
from workers.plan.requirements import definitions, labels

FIRST_ID = 9001
UNKNOWN_TYPE_ID = 0  # of a label, which only the portal could tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The calls in their order, wave by wave, and what would become of each change, by event."""

    waves: tuple[tuple[Call, ...], ...]
    outcomes: Mapping[str, Sequence[Outcome]]

    @property
    def calls(self) -> list[Call]:
        """Every call."""
        return [call for wave in self.waves for call in wave]


def as_accepted(arrivals: Mapping[str, Sequence[Arrival]], *, now: datetime) -> list[Event]:
    """Return the events that the arrivals at each portal would be, were they accepted now."""
    return [
        Event(
            id=f"{portal}.{each.endpoint}-0-{number}",
            portal=portal,
            endpoint=each.endpoint,
            source=each.source,
            source_id=each.source_id,
            type=each.type,
            time=each.time or now,
            received=now,
            headers=each.headers,
            body=each.body,
            fault=each.fault,
        )
        for portal, its in arrivals.items()
        for number, each in enumerate(its)
    ]


def rehearse(jobs: Sequence[Job], *, api: Api, provisioned: bool = True) -> Rehearsal:
    """Return the calls that `jobs` lead to.

    The ids from FIRST_ID on stand for those that the portal would give. It is taken to have the
    properties that the jobs' keys need, and `hookline_key` if it is `provisioned`.
    """
    ours = Uniqueness.UNIQUE if provisioned else Uniqueness.NONE
    known: dict[Definition, Uniqueness] = {
        (object_type, name): ours if name == HOOKLINE_KEY else Uniqueness.UNIQUE
        for object_type, name in definitions(jobs) - BUILT_IN.keys()
    }
    types = dict.fromkeys(labels(jobs), ("USER_DEFINED", UNKNOWN_TYPE_ID))
    plan = Plan(jobs, Knowledge(definitions=known, labels=types))
    ids = map(str, count(FIRST_ID))
    waves: list[tuple[Call, ...]] = []
    while operations := plan.wave():
        waves.append(tuple(batch.call for batch in batches(operations, api)))
        plan.absorb({op.key: _said(op, ids.__next__) for op in operations})
        plan.know_clocks({record: {} for record in plan.unclocked()})
    return Rehearsal(waves=tuple(waves), outcomes=plan.outcomes())


def _said(op: Operation, new_id: Callable[[], str]) -> Result:
    """Return what a portal that holds nothing and refuses nothing answers."""
    match op.kind:
        case Kind.UPSERT | Kind.CREATE:
            return Result(said=Said.DONE, id=new_id(), new=True)
        case Kind.READ | Kind.SEARCH | Kind.RECALL:
            return Result(said=Said.ABSENT)
        case Kind.UPDATE | Kind.ARCHIVE:
            return Result(said=Said.DONE, id=op.value)
        case Kind.ASSOCIATE | Kind.DISSOCIATE:
            return Result(said=Said.DONE)
