"""What is told of a turn: a line for each event, the counts, and the spans."""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Self

from workers import measures
from workers.errors import StoreDown
from workers.logs import log
from workers.outcomes import EventState, State
from workers.reasons import reason_of
from workers.store.counters import Tally
from workers.writer import Turn, Writer

CONCLUDED = (State.APPLIED, State.UNCHANGED)


class Telling:
    """Tells of each turn while the next one waits for the CRM; the block ends with all told."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="telling")
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait()
        self._pool.shutdown()

    def tell(self, done: Turn, *, took_s: float) -> None:
        """Tell of a turn that handled events; one that handled none is not worth a word."""
        if not done.events:
            return
        self._wait()
        now = self._writer.clock()
        self._last = self._pool.submit(tell, self._writer, done, now=now, took_s=took_s)

    def _wait(self) -> None:
        last, self._last = self._last, None
        error = None if last is None else last.exception()
        if error is not None:  # what is told of events must not keep them from being handled
            log.error("turn not told", portal=self._writer.portal, exc_info=error)


def tell(writer: Writer, done: Turn, *, now: datetime, took_s: float) -> None:
    """Tell of a turn: a line for each event, the counts, the spans."""
    for event in done.events:
        verdict = done.verdicts[event.id]
        before = done.before.get(event.id)
        ended = verdict.state is EventState.DONE
        log.event(
            event,
            verdict,
            waited_s=_since(event.received, done.taken or now) if before is None else None,
            applied_s=_since(event.received, now) if ended else None,
            attempts=(before.attempts if before else 0) + 1,
        )
    count(writer.store.tally, writer.portal, done, now=now, took_s=took_s)
    with suppress(StoreDown):  # they are kept with the next
        writer.store.flush_counts()
    if writer.trace is not None:
        writer.trace(done, now)
    log.info(
        "turn",
        portal=writer.portal,
        events=len(done.events),
        calls=done.calls,
        took_s=round(took_s, 3),
    )


def count(tally: Tally, portal: str, done: Turn, *, now: datetime, took_s: float) -> None:
    """Count what a turn did."""
    tally.count(measures.TURNS, portal)
    tally.observe(measures.TURN_S, portal, seconds=took_s)
    handled: Counter[tuple[str, str, str]] = Counter()
    outcomes: Counter[tuple[str, str]] = Counter()
    for event in done.events:
        verdict = done.verdicts[event.id]
        before = done.before.get(event.id)
        handled[event.endpoint, verdict.state.value, reason_of(verdict.reason).value] += 1
        if before is None:
            waited_s = _since(event.received, done.taken or now)
            tally.observe(measures.WAIT_S, portal, event.endpoint, seconds=waited_s)
        if verdict.state is EventState.DONE:
            applied_s = _since(event.received, now)
            tally.observe(measures.APPLY_S, portal, event.endpoint, seconds=applied_s)
        known = {o.step for o in before.outcomes if o.state in CONCLUDED} if before else ()
        for outcome in verdict.outcomes:
            if outcome.step not in known:  # or every retry would count it anew
                outcomes[outcome.state.value, reason_of(outcome.reason).value] += 1
    for labels, n in handled.items():
        tally.count(measures.HANDLED, portal, *labels, by=n)
    for words, n in outcomes.items():
        tally.count(measures.OUTCOMES, portal, *words, by=n)


def _since(then: datetime, now: datetime) -> float:
    """Return the seconds in between; the two may be of two machines, whose clocks differ."""
    return max(0.0, (now - then).total_seconds())
