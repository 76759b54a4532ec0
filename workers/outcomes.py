"""What became of each change, and so of each event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"  # stale, or the CRM holds it already
    REJECTED = "rejected"
    POSTPONED = "postponed"
    UNKNOWN = "unknown"


class EventState(StrEnum):
    """Where an event stands."""

    WAITING = "waiting"  # accepted, not yet handled
    RETRYING = "retrying"  # waits for a due time
    DONE = "done"
    IGNORED = "ignored"  # no mapping asked for anything
    DEAD = "dead"  # kept, with its reason; can be replayed
    UNKNOWN = "unknown"  # an effect may or may not have happened; a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the change `step` of one event."""

    step: str
    state: State
    where: str = ""
    reason: str = ""
    record: str = ""  # "contacts/9001" once it is known
    calls: tuple[str, ...] = ()  # ids of the calls that carried it
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where an event stands after a turn, and why."""

    state: EventState
    reason: str = ""
    due: datetime | None = None  # set exactly when `state` is RETRYING
    outcomes: Sequence[Outcome] = ()
