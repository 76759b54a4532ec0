"""Where an event stands, and how that is written."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from workers.outcomes import EventState, Outcome, State, Verdict
from workers.stamps import microseconds, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an event stands, as kept."""

    state: EventState
    reason: str
    attempts: int
    due: datetime | None
    settled: datetime | None
    outcomes: tuple[Outcome, ...]


def standing_of(portal: str) -> str:
    """Return as what a standing is sealed."""
    return f"where an event of portal {portal} stands"


def standing_text(of: Verdict | Standing, *, attempts: int, settled: datetime | None) -> bytes:
    """Return what is kept of where an event stands."""
    return orjson.dumps(
        [
            of.state.value,
            of.reason,
            attempts,
            None if of.due is None else microseconds(of.due),
            None if settled is None else microseconds(settled),
            [_outcome_row(outcome) for outcome in of.outcomes],
        ]
    )


def standing(value: bytes) -> Standing:
    """Return the standing that `standing_text` made a text of."""
    state, reason, attempts, due, settled, rows = orjson.loads(value)
    return Standing(
        state=EventState(state),
        reason=reason,
        attempts=attempts,
        due=None if due is None else moment(due),
        settled=None if settled is None else moment(settled),
        outcomes=tuple(_outcome(row) for row in rows),
    )


def _outcome_row(outcome: Outcome) -> list[object]:
    return [
        outcome.step,
        outcome.state.value,
        outcome.where,
        outcome.reason,
        outcome.record,
        list(outcome.calls),
        outcome.retry_after_s,
    ]


def _outcome(row: list[object]) -> Outcome:
    step, state, where, reason, record, calls, retry_after_s = row
    return Outcome(
        step=str(step),
        state=State(str(state)),
        where=str(where),
        reason=str(reason),
        record=str(record),
        calls=tuple(str(call) for call in calls) if isinstance(calls, list) else (),
        retry_after_s=retry_after_s if isinstance(retry_after_s, int | float) else None,
    )
