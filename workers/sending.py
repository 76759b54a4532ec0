"""Sending a wave: its calls side by side within the quota, each noted, until all is settled."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from workers.batch import Batch, batches
from workers.crm.calls import Api, Call
from workers.crm.replies import Reply
from workers.errors import HooklineError, LeaseLost
from workers.operations import Operation, Result, Said
from workers.results import Answer, answered, failed


class IntentLog(Protocol):
    """Whoever notes the creates that must not be sent twice; called in the thread of each call."""

    def open(self, operations: Sequence[Operation]) -> None:
        """Note that these are about to be sent. Raises LeaseLost and StoreDown."""

    def close(self, results: Mapping[str, Result]) -> None:
        """Note what came of them."""


class Crm(Protocol):
    """Whatever answers calls: the client, or what stands in for it in a rehearsal."""

    def send(self, call: Call) -> Reply:
        """Return the CRM's answer; raise Refused, Throttled, Retryable or Unanswered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A call as it was made: for whoever asks what an event did."""

    id: str
    call: Call
    at: datetime
    took_s: float
    reply: Reply | None
    error: str = ""

    def record(self) -> dict[str, object]:
        """Return what is kept of the call."""
        return {
            "name": self.call.name,
            "method": self.call.method,
            "path": self.call.path,
            "query": list(self.call.query),
            "body": self.call.body,
            "at": self.at.isoformat(),
            "took_ms": round(self.took_s * 1000, 1),
            "status": None if self.reply is None else self.reply.status,
            "answer": None if self.reply is None else self.reply.body,
            "error": self.error,
        }


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends for one portal under one lease; `permit` waits for quota and checks the lease.

    `learn` is told every answer, since its headers speak of the quota; `spent`, in the thread of
    its call, that a call is over.
    """

    api: Api
    crm: Crm
    threads: int
    clock: Callable[[], datetime]
    permit: Callable[[Call], None]
    learn: Callable[[Call, Reply], None] = lambda _call, _reply: None
    spent: Callable[[Call], None] = lambda _call: None
    name: str  # begins the ids of the calls
    made: list[Made] = field(default_factory=list)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _room: threading.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._room = threading.Semaphore(self.threads)  # however many waves are under way

    def send(self, operations: Sequence[Operation], intents: IntentLog) -> dict[str, Result]:
        """Return a result for every operation. Raises LeaseLost; nothing else goes unsettled."""
        results: dict[str, Result] = {}
        queue = batches(operations, self.api)
        if len(queue) == 1:
            queue = self._absorb(results, self._one(queue[0], intents))
        if not queue:
            return results
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            running: set[Future[Answer]] = {
                pool.submit(self._one, batch, intents) for batch in queue
            }
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    for batch in self._absorb(results, future.result()):
                        running.add(pool.submit(self._one, batch, intents))
        return results

    def _absorb(self, results: dict[str, Result], answer: Answer) -> list[Batch]:
        for key, result in answer.results.items():
            results[key] = _together(results.get(key), result)
        return answer.again

    def _one(self, batch: Batch, intents: IntentLog) -> Answer:
        with self._lock:
            self._count += 1
            call_id = f"{self.name}-{self._count}"
        at = self.clock()
        reply: Reply | None = None
        try:
            with self._room:
                self.permit(batch.call)
                at = self.clock()
                try:
                    intents.open(batch.operations)
                except HooklineError:
                    self.spent(batch.call)
                    raise
                reply = self._send(batch.call)
            answer = answered(batch, reply, call_id=call_id)
        except LeaseLost:
            raise
        except HooklineError as error:
            answer = failed(batch, error, call_id=call_id)
            self._note(call_id, batch.call, at, reply, str(error))
        else:
            self._note(call_id, batch.call, at, reply, "")
        intents.close(answer.results)
        return answer

    def _note(
        self, call_id: str, call: Call, at: datetime, reply: Reply | None, error: str
    ) -> None:
        took_s = (self.clock() - at).total_seconds()
        made = Made(id=call_id, call=call, at=at, took_s=took_s, reply=reply, error=error)
        with self._lock:
            self.made.append(made)

    def ask(self, call: Call) -> Reply:
        """Return the answer to one call that is not part of a wave. Raises what the CRM does."""
        self.permit(call)
        return self._send(call)

    def _send(self, call: Call) -> Reply:
        try:
            reply = self.crm.send(call)
        finally:
            self.spent(call)
        self.learn(call, reply)
        return reply

    def take_notes(self) -> Sequence[Made]:
        """Return the calls made since the last time, in the order of their answers."""
        made, self.made = self.made, []
        return made


def _together(known: Result | None, result: Result) -> Result:
    """Return one result of two for an operation that took several calls, such as a recall."""
    if known is None or known.said is not Said.DONE:
        return result
    if result.said is Said.DONE:
        return replace(result, found=known.found + result.found)
    return known if result.said is Said.ABSENT else result
