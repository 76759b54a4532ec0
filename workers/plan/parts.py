"""Dividing a turn's jobs into parts that touch no record in common, to be carried out together.

While the calls of one part are waited for, another is planned. Pure.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workers.changes import Change, Keyed, Numbered
from workers.knowledge import RecordId, identity
from workers.objects import canonical
from workers.plan import Plan
from workers.plan.jobs import Job, own_identity, targets
from workers.stamps import Clock, Stamp

ROUND = 100  # what a call carries: a part of whole rounds costs no further call


def parts(
    jobs: Sequence[Job], ids: Mapping[Keyed, str], *, wanted: int, least: int
) -> list[list[Job]]:
    """Return at most `wanted` parts of `least` jobs or more; one, if it cannot be told what meets.

    `ids` are the known records. Two keys of one record lie in one part if that is known; where it
    is not, and two properties identify records of a type, or an id and a property do, all is one.
    """
    if len(jobs) < wanted * least:
        return [list(jobs)]
    named = [list(_named(job.changes, ids)) for job in jobs]
    if _aliased(each for keys in named for each in keys):
        return [list(jobs)]
    groups = _joined(jobs, [[handle for *_, handle in keys] for keys in named])
    share = -(-len(jobs) // (wanted * ROUND)) * ROUND
    found: list[list[Job]] = [[]]
    for group in groups:
        if found[-1] and len(found[-1]) + len(group) > share and len(found) < wanted:
            found.append([])
        found[-1] += group
    return found


def _named(
    changes: Iterable[Change], ids: Mapping[Keyed, str]
) -> Iterable[tuple[str, str, Hashable]]:
    """Yield each record that the changes name: its type, how, and what it is known by."""
    for change in changes:
        own = own_identity(change)
        found = targets(change) if own is None else (own, *targets(change))
        for target in found:
            match target:
                case Keyed():
                    key = identity(target)
                    record_id = ids.get(key)
                    handle: Hashable = key if record_id is None else (key.object_type, record_id)
                    yield key.object_type, key.property, handle
                case Numbered():
                    object_type = canonical(target.object_type)
                    yield object_type, "", (object_type, target.id)
                case _:
                    pass


def _aliased(named: Iterable[tuple[str, str, Hashable]]) -> bool:
    """Return True if records of a type are named in two ways, and may be the same unbeknown."""
    how: dict[str, str] = {}
    return any(how.setdefault(object_type, name) != name for object_type, name, _ in named)


def _joined(jobs: Sequence[Job], handles: Sequence[Sequence[Hashable]]) -> list[list[Job]]:
    """Return the jobs in groups that share no handle, each in its order, the first group first."""
    parent = list(range(len(jobs)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[Hashable, int] = {}
    for number, each in enumerate(handles):
        for handle in each:
            known = first.setdefault(handle, number)
            if known != number:
                one, other = sorted((root(known), root(number)))
                parent[other] = one
    groups: dict[int, list[Job]] = {}
    for number, job in enumerate(jobs):
        groups.setdefault(root(number), []).append(job)
    return list(groups.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the plans of a turn want to be remembered."""

    ids: dict[Keyed, str] = field(default_factory=dict)  # learned, or to be known for longer
    forgotten: set[Keyed] = field(default_factory=set)
    archived: dict[Keyed, Stamp] = field(default_factory=dict)
    moved: dict[tuple[RecordId, str], Clock] = field(default_factory=dict)
    about: dict[str, set[str]] = field(default_factory=dict)  # the keys that each event names


def gathered(plans: Iterable[Plan]) -> Gathered:
    """Return what the plans have learned; of two clocks of one property, the later.

    The keys of whatever was written are among it, also if they were known: they live on with its
    clocks. A key that is forgotten sooner would have the next event write without looking at them.
    """
    found = Gathered()
    for plan in plans:
        board = plan.board
        written = {record for record, _ in board.moved}
        found.ids.update(
            (key, record_id)
            for key, record_id in board.ids.items()
            if record_id is not None and (key.object_type, record_id) in written
        )
        found.ids.update(board.learned)
        found.forgotten.update(board.forgotten)
        found.archived.update(board.archived)
        for name, clock in board.moved.items():
            known = found.moved.get(name)
            if known is None or known.stamp <= clock.stamp:
                found.moved[name] = clock
        for task in board.tasks:
            if task.keys:
                named = found.about.setdefault(task.event.id, set())
                named.update(key.value for key in task.keys)
    return found
