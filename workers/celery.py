"""The Celery application: how tasks are delivered, and the doorbell."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from celery.beat import EmbeddedService
from celery.schedules import schedule

DRAIN = "hookline.drain"
TICK = "hookline.tick"
TICK_S = 1.0
TRIM = "hookline.trim"
TRIM_S = 600.0
_began, _began_at = datetime.now(UTC), time.monotonic()


def application(broker_url: str) -> Any:
    """Return the Celery application on that broker.

    A task is only a doorbell: what is to be done is in the store. So it is acknowledged early,
    never retried by Celery, and one that is lost is rung again by the tick.
    """
    app = Celery("hookline", broker=broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_default_queue="hookline",
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_keepalive": True},
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        task_serializer="json",
        accept_content=["json"],
        beat_schedule={
            "tick": {"task": TICK, "schedule": every(TICK_S), "options": {"expires": 5}},
            "trim": {"task": TRIM, "schedule": every(TRIM_S), "options": {"expires": TRIM_S}},
        },
        beat_max_loop_interval=1,
        timezone="UTC",
    )
    return app


def steady() -> datetime:
    """Return the time of day as it was at the start, carried on by the monotonic clock."""
    return _began + timedelta(seconds=time.monotonic() - _began_at)


def every(seconds: float) -> Any:
    """Return a schedule that no step of the machine's clock holds up: Celery's own would wait."""
    return schedule(seconds, nowfun=steady)


def ring(app: Any, portal: str) -> None:
    """Publish the task that drains `portal`."""
    app.send_task(DRAIN, args=[portal], expires=60, ignore_result=True)


def start_ticking(app: Any) -> None:
    """Publish the schedule from a thread, for as long as this process lives.

    Every worker may do so, since a tick more does nothing more; and one that is killed leaves
    nothing behind, as a process or a schedule file of its own would be.
    """
    EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler").start()
