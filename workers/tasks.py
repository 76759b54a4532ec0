"""The Celery entry points: they take the runtime of their process, and hold no logic."""

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from celery import bootsteps
from celery.exceptions import NotRegistered, Reject
from celery.signals import worker_init, worker_shutting_down
from celery.worker.consumer import Consumer

from workers import settings as configuration
from workers.celery import (
    ACCEPT,
    CHORE,
    DRAIN,
    LOOK,
    TICK,
    TRIM,
    Prompt,
    application,
    rung_after,
)
from workers.errors import Permanent, Retryable
from workers.logs import configure, log, unquote_tasks
from workers.pulse import EVERY_S, Pulse
from workers.queues import calls
from workers.queues.pushed import message_of
from workers.runtime import Runtime, calm_collector

PAUSE_S = 1.0  # before a call that cannot be kept now is given back to its queue

_settings = configuration.load(os.environ)
app = application(_settings.broker_url, results_url=_settings.results_url)
_building = threading.Lock()


@cache
def _runtime() -> Runtime:
    return Runtime.build()


def runtime() -> Runtime:
    """Return the runtime of this process; it is made once."""
    with _building:
        return _runtime()


@worker_init.connect
def _starting(**_: Any) -> None:
    configure()
    unquote_tasks()
    calm_collector()


@worker_shutting_down.connect
def _stopping(**_: Any) -> None:
    runtime().stopping.set()


@app.task(name=DRAIN, bind=True)
def drain(task: Any, portal: str) -> None:
    """Handle what waits for a portal."""
    ended = runtime().drain(portal, after=rung_after(task.request))
    log.info("drain", portal=portal, ended=ended.value)


@app.task(name=CHORE)
def chore(portal: str, id: str) -> None:
    """Go on with what a person asked for."""
    runtime().carry_on(portal, id)


@app.task(name=LOOK)
def look(portal: str) -> None:
    """Look at a portal, and keep what is seen."""
    runtime().look(portal)


@app.task(name=TICK)
def tick() -> None:
    """Ring for whatever nobody rang for: retries that are due, what a dead worker left."""
    with runtime().store.ticking() as ours:
        if ours:
            runtime().tick()


@app.task(name=TRIM)
def trim() -> None:
    """Drop what is past its time of retention."""
    runtime().trim()


@app.task(
    name=ACCEPT,
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=False,
    throws=(ValueError,),  # foreseen: Celery need not log its traceback
)
def accept(*args: object, **kwargs: object) -> list[str]:
    """Keep the event that another application sends; return its id, or theirs.

    See `workers.queues.calls`. It is acknowledged once that is done; while nothing can be kept it
    goes back to its queue.
    """
    call = calls.Call(args=args, kwargs=kwargs)
    try:
        try:
            return calls.accept(runtime(), call)
        except Retryable:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, what was sent is kept)
            if not isinstance(error, Permanent):
                log.exception("task failed", task=ACCEPT)
            reason = calls.reason_of(error)
            calls.bury(runtime(), call, queue=ACCEPT, reason=reason, endpoint=call.endpoint)
            raise ValueError(reason) from None
    except Retryable as error:
        log.warning("task given back", endpoint=call.endpoint, reason=str(error))
        runtime().stopping.wait(PAUSE_S)
        raise Reject(str(error), requeue=True) from error


class Keeping(Consumer):  # type: ignore[misc]
    """Celery's consumer, that keeps what is no task of ours where Celery would drop it."""

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Keep what is not even JSON."""
        if not _kept(message, f"Malformed task: {type(exc).__name__}"):
            super().on_decode_error(message, exc)

    def on_unknown_message(self, body: object, message: Any) -> None:
        """Keep what is a message, and no task."""
        if not _kept(message, "Malformed task: the message is none of Celery's"):
            super().on_unknown_message(body, message)

    def on_invalid_task(self, body: object, message: Any, exc: Exception) -> None:
        """Keep a task whose arguments cannot be found."""
        if not _kept(message, f"Malformed task: {type(exc).__name__}"):
            super().on_invalid_task(body, message, exc)

    def on_unknown_task(self, body: object, message: Any, exc: Exception) -> None:
        """Keep a task of another name, and tell whoever sent it."""
        name = str(message.headers.get("task"))[:100]
        if not _kept(message, f"Unknown task: {name!r}; send {ACCEPT!r}"):
            super().on_unknown_task(body, message, exc)
        elif id_ := message.headers.get("id"):
            app.backend.store_result(id_, NotRegistered(name), "FAILURE")


app.conf.worker_consumer = Keeping


def _kept(message: Any, reason: str) -> bool:
    """Move a message to the dead letters of the queue that others send to, if it came by it."""
    if message.delivery_info.get("routing_key") != ACCEPT:
        return False
    try:
        calls.bury(runtime(), message_of(message), queue=ACCEPT, reason=reason)
    except Retryable as error:
        log.warning("task given back", endpoint="", reason=str(error))
        message.requeue()
    else:
        message.ack()
    return True


def show_pulse(pulse: Pulse, *, every_s: float = EVERY_S) -> None:
    """Have this process's worker show its pulse from the loop in which it takes tasks.

    So it is not shown while that loop hangs; it is while the worker waits for its broker.
    """

    class Beating(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = ("celery.worker.components:Timer",)

        def start(self, worker: Any) -> None:
            worker.timer.call_repeatedly(every_s, pulse.beat)

    class Waiting(Prompt):
        def ensure_connection(
            self, *args: Any, callback: Callable[[], object] | None = None, **options: Any
        ) -> Any:
            def waiting() -> None:
                pulse.beat()
                if callback is not None:
                    callback()

            return super().ensure_connection(*args, callback=waiting, **options)

    app.steps["worker"].add(Beating)
    app.amqp.Connection = Waiting
