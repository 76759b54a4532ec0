"""What became of an event, in the words of whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.changes import Archive, Associate, Change, Create, Log, Pin, Step, Update, Upsert
from workers.errors import Permanent
from workers.events import Event
from workers.outcomes import EventState, Outcome, State
from workers.sources import Source
from workers.store import Standing
from workers.translate import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """Where one event stands, and what it did."""

    event: Event
    state: EventState
    reason: str
    records: tuple[str, ...] = ()  # "contact contacts/9001"
    associations: tuple[str, ...] = ()  # "deal–contact"
    pinned: tuple[str, ...] = ()  # "receipt on deal"
    calls: tuple[str, ...] = ()  # their ids


def became(event: Event, standing: Standing | None, source: Source | None) -> Became:
    """Return what became of an event, by its outcomes and what its mapping asked."""
    if standing is None:
        return Became(event=event, state=EventState.WAITING, reason="")
    changes = _changes(event, source)
    done = [o for o in standing.outcomes if o.state in (State.APPLIED, State.UNCHANGED)]
    records: list[str] = []
    associations: list[str] = []
    pinned: list[str] = []
    for outcome in done:
        as_it_was = " (as it was)" if outcome.state is State.UNCHANGED else ""
        match changes.get(outcome.step):
            case Upsert() | Create() | Update() | Archive():
                records.append(f"{outcome.step} {outcome.record}{as_it_was}")
            case Log() as change:
                records.append(f"{outcome.step} {outcome.record}")
                associations += [f"{outcome.step}–{_name(to)}" for to in change.on]
            case Associate() as change:
                associations.append(f"{_name(change.source)}–{_name(change.to)}{as_it_was}")
            case Pin() as change if outcome.state is State.APPLIED:
                pinned.append(f"{change.activity.name} on {_name(change.to)}")
            case _:
                pass
    return Became(
        event=event,
        state=standing.state,
        reason=standing.reason,
        records=tuple(records),
        associations=tuple(associations),
        pinned=tuple(pinned),
        calls=calls_of(standing.outcomes),
    )


def calls_of(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the ids of the calls that carried the outcomes, each once."""
    return tuple(dict.fromkeys(call for outcome in outcomes for call in outcome.calls))


def _changes(event: Event, source: Source | None) -> dict[str, Change]:
    if source is None:
        return {}
    try:
        return {change.name: change for change in translate(event, source)}
    except Permanent:
        return {}


def _name(target: object) -> str:
    return target.name if isinstance(target, Step) else getattr(target, "value", "?")
