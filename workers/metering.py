"""What each call to the CRM tells of it: how often, how fast, and what is left of the day."""

from dataclasses import dataclass

from workers import measures
from workers.crm.calls import Call
from workers.crm.replies import Reply, limits
from workers.errors import HooklineError, Throttled
from workers.store.counters import Tally

LIMITS = frozenset({"SECONDLY", "TEN_SECONDLY_ROLLING", "DAILY", "CONCURRENT_REQUESTS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Counts the calls of one portal; safe to share between threads."""

    tally: Tally
    portal: str

    def timed(self, call: Call, status: int, took_s: float, error: HooklineError | None) -> None:
        """Count a call that is over; a status of 0 is one without an answer."""
        count = self.tally.count
        count(measures.CALLS, self.portal, call.name, str(status))
        count(measures.INPUTS, self.portal, call.name, by=call.inputs)
        self.tally.observe(measures.CALL_TIME_S, self.portal, call.name, seconds=took_s)
        if isinstance(error, Throttled):
            limit = error.policy if error.policy in LIMITS else "other"
            count(measures.THROTTLES, self.portal, limit.lower())

    def answered(self, call: Call, reply: Reply) -> None:  # noqa: ARG002 (what a client tells)
        """Remember what the answer's headers say of the day's quota."""
        told = limits(reply.headers)
        if told.daily and told.daily_remaining is not None:
            self.tally.tell(measures.DAILY, self.portal, value=told.daily)
            self.tally.tell(measures.DAILY_LEFT, self.portal, value=told.daily_remaining)
