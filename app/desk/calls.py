"""The calls of an event: what was sent and answered, without what others had in the same calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.desk import Desk
from app.desk.masking import masked
from workers.changes import Change, Keyed
from workers.events import Event
from workers.knowledge import identity, operation_key
from workers.plan.jobs import own_identity, targets
from workers.store import Standing

PARTS = ("inputs", "results", "errors")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call that carried something of the event, with its answer."""

    id: str
    kept: bool
    name: str = ""
    method: str = ""
    path: str = ""
    query: str = ""
    at: datetime | None = None
    took_ms: float | None = None
    status: int | None = None
    error: str = ""
    others: int = 0  # inputs of other events, which are left out
    request: object = None
    answer: object = None


def calls_of_event(
    desk: Desk,
    event: Event,
    standing: Standing | None,
    changes: Sequence[Change],
    *,
    hidden: Sequence[str],
    whole: bool = False,
) -> tuple[CallRow, ...]:
    """Return the calls that carried something of the event; `whole` with all of their inputs."""
    outcomes = standing.outcomes if standing else ()
    ids = dict.fromkeys(call for outcome in outcomes for call in outcome.calls)
    marks = frozenset() if whole else _marks(event, standing, changes)
    return tuple(_row(id, desk.store.call(event.portal, id), marks, hidden) for id in ids)


def _row(
    id: str, kept: dict[str, Any] | None, marks: frozenset[str], hidden: Sequence[str]
) -> CallRow:
    if kept is None:
        return CallRow(id=id, kept=False)
    request, others = _own(kept["body"], marks)
    known = marks | _traces(request)
    answer, _ = _own(kept["answer"], known, sure=True) if others else (kept["answer"], 0)
    return CallRow(
        id=id,
        kept=True,
        name=kept["name"],
        method=kept["method"],
        path=kept["path"],
        query="&".join(f"{name}={value}" for name, value in kept["query"]),
        at=datetime.fromisoformat(kept["at"]),
        took_ms=kept["took_ms"],
        status=kept["status"],
        error=kept["error"],
        others=others,
        request=masked(request, hidden),
        answer=masked(answer, hidden),
    )


def _marks(event: Event, standing: Standing | None, changes: Sequence[Change]) -> frozenset[str]:
    """Return what names the event's own inputs: keys, record ids, and what its creates bear."""
    found: set[str] = set()
    for change in changes:
        found.add(operation_key(event.key, change.name))
        own = own_identity(change)
        keys = [own] if own is not None else []
        keys += [identity(each) for each in targets(change) if isinstance(each, Keyed)]
        found.update(key.value.casefold() for key in keys)
    for outcome in standing.outcomes if standing else ():
        found.add(outcome.record.partition("/")[2])
    return frozenset(found - {""})


def _own(value: object, marks: frozenset[str], *, sure: bool = False) -> tuple[object, int]:
    """Return a body without the parts of others, and how many those are.

    Where none is recognised as the event's own, all are left in, unless it is `sure` that others
    have a part in it.
    """
    if not isinstance(value, Mapping) or not marks:
        return value, 0
    left_out = 0
    kept: dict[str, object] = dict(value)
    for name in PARTS:
        parts = value.get(name)
        if isinstance(parts, list):
            own = [part for part in parts if _bears(part, marks)]
            if own or sure or name == "errors":
                left_out += len(parts) - len(own)
                kept[name] = own
    return kept, left_out


def _traces(request: object) -> set[str]:
    """Return what the inputs that are left in a request are called in its answer."""
    inputs = request.get("inputs") if isinstance(request, Mapping) else None
    named = [each for each in inputs or () if isinstance(each, Mapping)]
    return {str(each["objectWriteTraceId"]) for each in named if "objectWriteTraceId" in each}


def _bears(value: object, marks: frozenset[str]) -> bool:
    match value:
        case Mapping():
            return any(_bears(each, marks) for each in value.values())
        case list():
            return any(_bears(each, marks) for each in value)
        case str():
            return value.casefold() in marks
        case _:
            return str(value) in marks
