"""The Celery application: how tasks are delivered, and the doorbell."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from celery.beat import EmbeddedService
from celery.schedules import schedule
from kombu import Connection, Exchange, Queue

from workers.settings.addresses import reach

QUEUE = "hookline"
ACCEPT = "hookline.accept"  # the name of the task, and of the queue that others send it to
RESULTS_S = 3_600
RETRY_S = 1.0  # between two looks for a broker that is away
RETURN_S = 120  # Redis: after which what a dead worker had in hand is delivered again
DRAIN = "hookline.drain"
AFTER = "hookline_after"  # a header of it
CHORE = "hookline.chore"
LOOK = "hookline.look"
TICK = "hookline.tick"
TICK_S = 1.0
TRIM = "hookline.trim"
TRIM_S = 600.0
_began, _began_at = datetime.now(UTC), time.monotonic()


class Prompt(Connection):  # type: ignore[misc]
    """A connection that is there again a second after its broker, however long that was away.

    Celery's own waits longer each time, up to half a minute, and nothing is written meanwhile.
    """

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Return the connection once there is one."""
        pace = {"interval_start": RETRY_S, "interval_step": 0, "interval_max": RETRY_S}
        return super().ensure_connection(*args, **{**pace, **options})

    def maybe_close_channel(self, channel: Any) -> None:
        """Close a channel, also one that has lost its way to the broker.

        Kombu gives back what such a channel had in hand over a connection that is None by then.
        Celery's worker would end by that. What was in hand is returned after RETURN_S.
        """
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


def application(broker_url: str, *, results_url: str | None = None) -> Any:
    """Return the Celery application on that broker; what `hookline.accept` returns is in results.

    But for that one a task is only a doorbell: what is to be done is in the store. So it is
    acknowledged early, never retried by Celery, and one that is lost is rung again by the tick.
    None of these expires: that would compare the clocks of two machines.
    """
    broker = reach(broker_url)
    results = None if results_url is None else reach(results_url)
    app = Celery("hookline", broker=broker.url, backend=results and results.url)
    app.amqp.Connection = Prompt
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_queues=[_queue(QUEUE), _queue(ACCEPT)],
        task_default_queue=QUEUE,
        task_routes={ACCEPT: {"queue": ACCEPT}},
        result_expires=RESULTS_S,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # however long the broker is away
        broker_channel_error_retry=True,  # a store that takes no writes for a while is no end
        broker_use_ssl=broker.tls,
        result_backend_transport_options={**results.options} if results else {},
        broker_transport_options={
            **broker.options,
            "socket_keepalive": True,
            # What is in hand, in keys of our own: other applications on the same Redis have longer
            # tasks, and would see them returned by us.
            "unacked_key": "hookline.unacked",
            "unacked_index_key": "hookline.unacked_index",
            "unacked_mutex_key": "hookline.unacked_mutex",
            "visibility_timeout": RETURN_S,
        },
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        task_serializer="json",
        accept_content=["json"],
        beat_schedule={
            "tick": {"task": TICK, "schedule": every(TICK_S)},
            "trim": {"task": TRIM, "schedule": every(TRIM_S)},
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


def _queue(name: str) -> Any:
    """Return a queue as any Celery application declares one of that name."""
    return Queue(name, Exchange(name, type="direct"), routing_key=name)


def ring(app: Any, portal: str, *, after: int) -> None:
    """Publish the task that drains `portal`, unless a later writer than `after` comes before it.

    That is told in a header, which a worker of an older version does not look at.
    """
    app.send_task(DRAIN, args=[portal], headers={AFTER: after}, ignore_result=True)


def rung_after(request: Any) -> int | None:
    """Return the number of the last writer there was when this task was published, if it says."""
    after: int | None = request.get(AFTER)
    return after


def send_chore(app: Any, portal: str, id: str) -> None:
    """Publish the task that goes on with a chore; one that is lost is published again."""
    app.send_task(CHORE, args=[portal, id], ignore_result=True)


def send_look(app: Any, portal: str) -> None:
    """Publish the task that looks at `portal`."""
    app.send_task(LOOK, args=[portal], ignore_result=True)


def start_ticking(app: Any) -> None:
    """Publish the schedule from a thread, for as long as this process lives.

    Every worker may do so, since a tick more does nothing more; and one that is killed leaves
    nothing behind, as a process or a schedule file of its own would be.
    """
    EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler").start()
