"""What must be known before a turn's jobs can be planned: keys, definitions, labels."""

from collections.abc import Iterable, Mapping, Sequence

from workers.changes import (
    Associate,
    Change,
    Create,
    Dissociate,
    Find,
    Keyed,
    Log,
    Numbered,
    Step,
    Target,
    Update,
    Upsert,
)
from workers.knowledge import (
    HOOKLINE_KEY,
    Definition,
    Knowledge,
    LabelKey,
    Uniqueness,
    identity,
    operation_key,
)
from workers.links import default_link
from workers.objects import canonical
from workers.plan.jobs import Job, own_identity, targets


def identities(jobs: Iterable[Job]) -> set[Keyed]:
    """Return every record that the jobs name by a key."""
    found: set[Keyed] = set()
    for job in jobs:
        for change in job.changes:
            own = own_identity(change)
            if own is not None:
                found.add(own)
            found.update(identity(t) for t in targets(change) if isinstance(t, Keyed))
    return found


def definitions(jobs: Sequence[Job], named: Iterable[Keyed] | None = None) -> set[Definition]:
    """Return the properties whose uniqueness decides how the jobs' records are written.

    `named` is what `identities` said of the jobs, if it was asked already.
    """
    named = identities(jobs) if named is None else named
    wanted = {(key.object_type, key.property) for key in named}
    for job in jobs:
        for change in job.changes:
            match change:
                case Create():
                    wanted.add((canonical(change.object_type), HOOKLINE_KEY))
                case Log():
                    wanted.add((canonical(change.activity_type), HOOKLINE_KEY))
                case Upsert():
                    wanted.add((canonical(change.key.object_type), HOOKLINE_KEY))
                case _:
                    pass
    return wanted


def labels(jobs: Iterable[Job]) -> set[LabelKey]:
    """Return the associations whose type id only the portal can tell."""
    wanted: set[LabelKey] = set()
    for job in jobs:
        types = _step_types(job.changes)
        for change in job.changes:
            match change:
                case Associate() | Dissociate() if change.link.label is not None:
                    pair = (_type_of(change.source, types), _type_of(change.to, types))
                    wanted.add((*pair, change.link.label))
                case Log():
                    made = canonical(change.activity_type)
                    for target in change.on:
                        to_type = _type_of(target, types)
                        if default_link(made, to_type) is None:
                            wanted.add((made, to_type, ""))
                case _:
                    pass
    return wanted


def creates(jobs: Iterable[Job], knowledge: Knowledge) -> list[str]:
    """Return the operation keys of what the jobs may create, but for what has a unique key.

    The CRM makes these twice where it has no property of ours, or had none when one was sent.
    """
    found: list[str] = []
    for job in jobs:
        for change in job.changes:
            match change:
                case Create() | Log():
                    found.append(operation_key(job.event.key, change.name))
                case Upsert():
                    key = identity(change.key)
                    unique = knowledge.uniqueness(key.object_type, key.property)
                    if unique is not Uniqueness.UNIQUE:
                        found.append(operation_key(key.object_type, key.property, key.value))
                case _:
                    pass
    return found


def _step_types(changes: Iterable[Change]) -> dict[str, str]:
    """Return the object type of each step that is about a record."""
    types: dict[str, str] = {}
    for change in changes:
        match change:
            case Upsert() | Find():
                types[change.name] = canonical(change.key.object_type)
            case Create():
                types[change.name] = canonical(change.object_type)
            case Log():
                types[change.name] = canonical(change.activity_type)
            case Update():
                types[change.name] = _type_of(change.target, types)
            case _:
                pass
    return types


def _type_of(target: Target, types: Mapping[str, str]) -> str:
    match target:
        case Keyed() | Numbered():
            return canonical(target.object_type)
        case Step():
            return types.get(target.name, "")
