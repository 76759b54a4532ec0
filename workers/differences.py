"""What events ask of each record under one mapping, and how another mapping would differ. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workers.changes import (
    Archive,
    Associate,
    Change,
    Create,
    Dissociate,
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
from workers.knowledge import PINNED, identity
from workers.objects import canonical
from workers.stamps import Stamp, microseconds

Asked = dict[str, dict[str, str]]  # record → property → value


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One property of one record that the two mappings leave otherwise; None where not set."""

    record: str
    property: str
    before: str | None
    after: str | None


def asked(works: Iterable[tuple[Event, Sequence[Change]]]) -> Asked:
    """Return what all the changes leave on each record, the newest value for each property.

    A record is named by its key; one that an event makes, by the event and the step.
    """
    stamps: dict[tuple[str, str], Stamp] = {}
    found: Asked = {}
    for event, changes in works:
        names: dict[str, str] = {}
        time_us = microseconds(event.time)
        for ordinal, change in enumerate(changes):
            stamp = Stamp(time_us, event.key, ordinal)
            record, properties = _wanted(change, event, names)
            names[change.name] = record
            for name, value in properties.items():
                known = stamps.get((record, name))
                if known is None or known <= stamp:
                    stamps[record, name] = stamp
                    found.setdefault(record, {})[name] = value
    return found


def _wanted(
    change: Change, event: Event, names: Mapping[str, str]
) -> tuple[str, Mapping[str, str]]:
    """Return the record that a change is about, and what it sets on it."""
    own = f"{event.source_id} {change.name}"
    match change:
        case Upsert():
            return _keyed(change.key), change.properties
        case Find():
            return _keyed(change.key), {}
        case Create():
            return f"{canonical(change.object_type)} made by {own}", change.properties
        case Update():
            return _named(change.target, names), change.properties
        case Archive():
            return _named(change.target, names), {"(archived)": "yes"}
        case Log():
            on = ", ".join(sorted(_named(target, names) for target in change.on))
            made = f"{canonical(change.activity_type)} made by {own}"
            return made, {**change.properties, "(on)": on}
        case Pin():
            return _named(change.to, names), {PINNED: _named(change.activity, names)}
        case Unpin():
            return _named(change.to, names), {PINNED: ""}
        case Associate() | Dissociate():
            to = _named(change.to, names)
            kind = change.link.label or change.link.type_id or "default"
            verb = "yes" if isinstance(change, Associate) else "no"
            return _named(change.source, names), {f"(associated with {to}, {kind})": verb}


def _keyed(key: Keyed) -> str:
    one = identity(key)
    return f"{one.object_type} {one.property}={one.value}"


def _named(target: Target, names: Mapping[str, str]) -> str:
    match target:
        case Keyed():
            return _keyed(target)
        case Numbered():
            return f"{canonical(target.object_type)} {target.id}"
        case Step():
            return names.get(target.name, target.name)


def differences(before: Asked, after: Asked) -> list[Difference]:
    """Return every property that the two leave otherwise, by record."""
    found: list[Difference] = []
    for record in sorted(before.keys() | after.keys()):
        old, new = before.get(record, {}), after.get(record, {})
        found.extend(
            Difference(record=record, property=name, before=old.get(name), after=new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        )
    return found
