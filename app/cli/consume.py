"""`hookline consume`: events from another system's queue."""

import random
import signal
import sys
import threading
import time
from contextlib import suppress

import click

from app.cli.environment import environ
from app.cli.faults import tell
from workers import logs
from workers.errors import Faults, StoreDown
from workers.queues import Broker, Inlet
from workers.queues import consume as consuming
from workers.runtime import Runtime
from workers.settings.variables import Unset, filled


@click.command()
@click.argument("url")
@click.argument("queue")
@click.option("--endpoint", required=True, help="The endpoint whose events these are.")
@click.option(
    "--prefetch",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Messages taken at a time.",
)
@click.option("--until-empty", is_flag=True, help="End when nothing waits any more.")
@click.option(
    "--return-after",
    default=60.0,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    metavar="SECONDS",
    help="On Redis: when what a killed consumer had in hand waits again.",
)
def consume(
    url: str, queue: str, *, endpoint: str, prefetch: int, until_empty: bool, return_after: float
) -> None:
    """Take events from the QUEUE at the broker URL, as if they came to an endpoint over HTTP.

    URL is amqp://user:password@host/vhost, redis://host:6379/0 or what else kombu speaks;
    '${NAME}' in it is taken from the environment, or from the file that NAME_FILE names, so that
    no password is on the command line.

    A message is JSON as the endpoint's source knows it, or a CloudEvent, structured, binary or
    batched. It is acknowledged once its events are kept. What can never be read goes to the queue
    QUEUE.dead, with the reason in its header x-hookline-reason; consume that one when the fault is
    mended.

    A queue has no signatures: who may publish to it is the broker's to say, by its credentials,
    and the endpoint's secret is not asked for.
    """
    runtime = Runtime.build(environ())
    try:
        runtime.fit()
        inlet = Inlet.of(runtime, endpoint)
        if not inlet.endpoint.enabled:
            raise Faults([f"--endpoint: {endpoint} is switched off; take out `enabled: false`"])
        stop = threading.Event()
        broker = Broker(
            url=_url(url), queue=queue, prefetch=prefetch, hold_s=return_after, stop=stop
        )
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: stop.set())
        logs.configure(json=not sys.stderr.isatty())
        tell(*runtime.settings.warnings)
        done = consuming(
            inlet,
            broker,
            until_empty=until_empty,
            monotonic=time.monotonic,
            random=random.random,
        )
    finally:
        with suppress(StoreDown):
            runtime.store.flush_counts()
        runtime.store.close()
    click.echo(
        f"{done.messages:,} messages: {done.events:,} new events, {done.duplicates:,} known "
        f"already; {done.dead:,} to {queue}.dead"
    )


def _url(given: str) -> str:
    try:
        return filled(given, environ())
    except Unset as error:
        raise Faults([f"URL: {error}"]) from None
