"""A turn's jobs: what each event asks for, and which records its changes name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workers.changes import (
    Archive,
    Associate,
    Change,
    Create,
    Dissociate,
    Find,
    Keyed,
    Log,
    Pin,
    Target,
    Unpin,
    Update,
    Upsert,
)
from workers.events import Event
from workers.knowledge import identity
from workers.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One event's changes, and what an earlier turn already made of some of them."""

    event: Event
    changes: Sequence[Change]
    prior: Mapping[str, Outcome] = field(default_factory=dict)


def own_identity(change: Change) -> Keyed | None:
    """Return the key of the record that `change` itself names, if it does so by a key."""
    match change:
        case Upsert() | Find():
            return identity(change.key)
        case _:
            return None


def targets(change: Change) -> tuple[Target, ...]:
    """Return the records that `change` refers to."""
    match change:
        case Upsert() | Create() | Find():
            return ()
        case Update() | Archive():
            return (change.target,)
        case Associate() | Dissociate():
            return (change.source, change.to)
        case Log():
            return change.on
        case Pin():
            return (change.activity, change.to)
        case Unpin():
            return (change.to,)
