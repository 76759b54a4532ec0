"""The Celery entry points: they take the runtime of their process, and hold no logic."""

import os
import threading
from functools import cache
from typing import Any

from celery.exceptions import Reject
from celery.signals import worker_init, worker_shutting_down

from workers import settings as configuration
from workers.celery import ACCEPT, CHORE, DRAIN, TICK, TRIM, application
from workers.errors import Permanent, Retryable
from workers.logs import configure, log
from workers.queues import calls
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
    calm_collector()


@worker_shutting_down.connect
def _stopping(**_: Any) -> None:
    runtime().stopping.set()


@app.task(name=DRAIN)
def drain(portal: str) -> None:
    """Handle what waits for a portal."""
    ended = runtime().drain(portal)
    log.info("drain", portal=portal, ended=ended.value)


@app.task(name=CHORE)
def chore(portal: str, id: str) -> None:
    """Go on with what a person asked for."""
    runtime().carry_on(portal, id)


@app.task(name=TICK)
def tick() -> None:
    """Ring for whatever nobody rang for: retries that are due, what a dead worker left."""
    runtime().tick()


@app.task(name=TRIM)
def trim() -> None:
    """Drop what is past its time of retention."""
    runtime().trim()


@app.task(name=ACCEPT, acks_late=True, reject_on_worker_lost=True, ignore_result=False)
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
            calls.bury(runtime(), call, queue=ACCEPT, reason=reason)
            raise ValueError(reason) from None
    except Retryable as error:
        log.warning("task given back", endpoint=call.endpoint, reason=str(error))
        runtime().stopping.wait(PAUSE_S)
        raise Reject(str(error), requeue=True) from error
