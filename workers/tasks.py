"""The Celery entry points: they take the runtime of their process, and hold no logic."""

import os
import threading
from functools import cache
from typing import Any

from celery.signals import worker_init, worker_shutting_down

from workers import settings as configuration
from workers.celery import DRAIN, TICK, TRIM, application
from workers.logs import configure, log
from workers.runtime import Runtime, calm_collector

app = application(configuration.load(os.environ).broker_url)
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


@app.task(name=TICK)
def tick() -> None:
    """Ring for whatever nobody rang for: retries that are due, what a dead worker left."""
    runtime().tick()


@app.task(name=TRIM)
def trim() -> None:
    """Drop what is past its time of retention."""
    runtime().trim()
