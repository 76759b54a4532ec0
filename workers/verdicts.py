"""What became of an event's changes → where the event stands. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workers.events import Event
from workers.outcomes import EventState, Outcome, State, Verdict
from workers.reasons import Reason, reason_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait before the next try, and when to stop trying."""

    first_s: float
    ceiling_s: float
    give_up_s: float

    def wait_s(self, attempts: int, *, chance: float) -> float:
        """Return the wait after `attempts` tries: exponential, with full jitter.

        `chance` is a random number from 0 to 1.
        """
        return min(self.ceiling_s, self.first_s * 2.0 ** min(attempts - 1, 30)) * chance


def verdict(
    event: Event,
    outcomes: Sequence[Outcome],
    *,
    attempts: int,
    now: datetime,
    patience: Patience,
    random: Callable[[], float],
    not_before: datetime | None = None,
) -> Verdict:
    """Return where `event` stands after its changes came to `outcomes`.

    What is postponed keeps an event retrying until it is `give_up_s` old; then it is dead, as is
    one with a rejected change once nothing else is to be done. `not_before` is the end of a pause.
    Where the portal lets nobody in, that is no fault of an event's: it waits for as long as it
    takes a person to mend that.
    """
    postponed = [o for o in outcomes if o.state is State.POSTPONED]
    if postponed:
        reason = _reason(postponed[0])
        shut_out = any(reason_of(o.reason) is Reason.UNAUTHORIZED for o in postponed)
        if not shut_out and now - event.received >= timedelta(seconds=patience.give_up_s):
            days = patience.give_up_s / 86_400
            reason = f"given up after {days:g} days; the last reason: {reason}"
            return Verdict(state=EventState.DEAD, reason=reason, outcomes=outcomes)
        told_s = max((o.retry_after_s or 0.0 for o in postponed), default=0.0)
        wait_s = told_s if shut_out else max(told_s, patience.wait_s(attempts, chance=random()))
        due = now + timedelta(seconds=wait_s)
        if not_before is not None and due < not_before:
            due = not_before
        return Verdict(state=EventState.RETRYING, reason=reason, due=due, outcomes=outcomes)
    for state, ends in ((State.UNKNOWN, EventState.UNKNOWN), (State.REJECTED, EventState.DEAD)):
        bad = [o for o in outcomes if o.state is state]
        if bad:
            return Verdict(state=ends, reason=_reason(bad[0]), outcomes=outcomes)
    return Verdict(state=EventState.DONE, outcomes=outcomes)


def _reason(outcome: Outcome) -> str:
    return f"{outcome.where or outcome.step}: {outcome.step}: {outcome.reason}"
