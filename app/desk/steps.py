"""What a mapping asked for an event, step by step, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.desk import Desk
from app.desk.links import Links
from app.desk.masking import masked
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
from workers.errors import Permanent
from workers.events import Event
from workers.objects import canonical
from workers.outcomes import Outcome
from workers.store import Standing
from workers.translate import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One change that the event asked for."""

    step: str
    verb: str  # "upsert", "log", …
    what: str  # "contacts email=ada@example.com"
    properties: Mapping[str, str] = field(default_factory=dict)
    where: str  # FILE:LINE of the mapping
    state: str  # of the outcome; "planned" while there is none
    reason: str
    record: str
    url: str | None
    calls: tuple[str, ...]


def steps_of(
    desk: Desk,
    event: Event,
    standing: Standing | None,
    *,
    links: Links,
    hidden: Sequence[str] = (),
) -> tuple[StepRow, ...]:
    """Return the event's changes under today's mapping, and the outcomes of yesterday's."""
    outcomes = {each.step: each for each in (standing.outcomes if standing else ())}
    rows: list[StepRow] = []
    for change in changes_of(desk, event):
        outcome = outcomes.pop(change.name, None)
        rows.append(_row(links, event.portal, change, outcome, hidden))
    rows += [_gone(links, event.portal, outcome) for outcome in outcomes.values()]
    return tuple(rows)


def changes_of(desk: Desk, event: Event) -> Sequence[Change]:
    """Return what the event asks for; nothing if its mapping cannot be applied to it."""
    source = desk.sources.get(event.endpoint)
    if source is None:
        return ()
    try:
        return translate(event, source)
    except Permanent:
        return ()


def _row(
    links: Links, portal: str, change: Change, outcome: Outcome | None, hidden: Sequence[str]
) -> StepRow:
    shown = masked(dict(properties_of(change)), hidden)
    record = outcome.record if outcome else ""
    return StepRow(
        step=change.name,
        verb=type(change).__name__.lower(),
        what=about(change),
        properties=shown if isinstance(shown, dict) else {},
        where=change.where,
        state=outcome.state.value if outcome else "planned",
        reason=outcome.reason if outcome else "",
        record=record,
        url=links.url(portal, record) if record else None,
        calls=outcome.calls if outcome else (),
    )


def _gone(links: Links, portal: str, outcome: Outcome) -> StepRow:
    """Return the row of a step that the mapping had when the event was handled."""
    return StepRow(
        step=outcome.step,
        verb="",
        what="",
        where=outcome.where,
        state=outcome.state.value,
        reason=outcome.reason,
        record=outcome.record,
        url=links.url(portal, outcome.record) if outcome.record else None,
        calls=outcome.calls,
    )


def properties_of(change: Change) -> Mapping[str, str]:
    """Return the properties that a change sets."""
    match change:
        case Upsert() | Create() | Update() | Log():
            return change.properties
        case _:
            return {}


def about(change: Change) -> str:
    """Return what a change is about, in a few words."""
    match change:
        case Upsert() | Find():
            return target_name(change.key)
        case Create():
            return canonical(change.object_type)
        case Update() | Archive():
            return target_name(change.target)
        case Log():
            on = ", ".join(target_name(each) for each in change.on)
            return f"{canonical(change.activity_type)} on {on}"
        case Pin():
            return f"{change.activity.name} on {target_name(change.to)}"
        case Unpin():
            return target_name(change.to)
        case Associate() | Dissociate():
            label = f" ({change.link.label})" if change.link.label else ""
            return f"{target_name(change.source)} – {target_name(change.to)}{label}"


def target_name(target: Target) -> str:
    """Return how a record is referred to."""
    match target:
        case Keyed():
            return f"{canonical(target.object_type)} {target.property}={target.value}"
        case Numbered():
            return f"{canonical(target.object_type)} {target.id}"
        case Step():
            return target.name
