"""What it costs at the door to have every event on a replica before it is answered."""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask

from app.cli.services import WEB_THREADS
from app.web import create_app
from tests.app import serving
from tests.bench import door
from tests.bench.tables import Table
from tests.store_servers.servers import HOST, Node, eventually, followers
from tests.workers.store.parts import accept, opened
from workers.logs import configure
from workers.settings import Sync

WEB_WORKERS = 2  # deliveries at the same moment share one answer of the replica
ACCEPTS = 500  # one behind the other, on one connection
SLOW = 4  # of those that take a second each
SYNC = "HOOKLINE_BENCH_SYNC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A store, and what is waited for."""

    appendfsync: str = "everysec"
    replicas: int = 1
    sync: Sync | None = None

    @property
    def slow(self) -> bool:
        """Whether each waits for a replica to tell of its disk, which it does once a second."""
        return self.sync is not None and self.sync.disk


WAYS = {
    "a primary alone": Way(replicas=0),
    "a replica that nobody waits for": Way(),
    "store_sync: {replicas: 1}": Way(sync=Sync(replicas=1)),
    "store_sync: {replicas: 2}": Way(replicas=2, sync=Sync(replicas=2)),
    "a primary alone, appendfsync always": Way(replicas=0, appendfsync="always"),
    "store_sync: {replicas: 1, disk: true}, always": Way(
        appendfsync="always", sync=Sync(replicas=1, disk=True, timeout_s=5)
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The door's options say how many."""


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = Table(
        title=f"A replica before the answer, web workers: {WEB_WORKERS}",
        head=("", "a second at the door", "÷ the first", "an accept alone, ms (p50)"),
    )
    rates = dict.fromkeys(WAYS, 0.0)
    alone: dict[str, float] = {}
    with ExitStack() as stack:
        places = {name: stack.enter_context(_served(way)) for name, way in WAYS.items()}
        for name in [name for name, way in WAYS.items() if not way.slow] * door.ROUNDS:
            sent = door.deliveries("/hooks/stripe", options.events // door.ROUNDS)
            port, _ = places[name]
            rates[name] = max(rates[name], door.rate(port, sent, status=b"202"))
        for name, way in WAYS.items():
            accepts = SLOW if way.slow else ACCEPTS
            alone[name] = _alone(places[name][1], way.sync, accepts=accepts)
    first = next(iter(rates.values()))
    for name, per_s in rates.items():
        measured = (f"{per_s:,.0f}", f"{per_s / first:.2f}") if per_s else ("–", "–")
        table.add(name, *measured, f"{alone[name]:,.2f}")
    table.notes.append(
        f"The best of {door.ROUNDS} rounds each, in turns. All servers share this machine: between "
        "two, the time of a round trip is added to every accept."
    )
    table.show()


def _alone(url: str, sync: Sync | None, *, accepts: int) -> float:
    """Return how long one accept takes (ms), when nothing else is asked."""
    store = opened(url, max_backlog=10**9)
    store.sync = sync
    took: list[float] = []
    for number in range(accepts):
        began = time.perf_counter()
        accept(store, [number])
        took.append(time.perf_counter() - began)
    store.close()
    return statistics.median(took) * 1000


@contextmanager
def _served(way: Way) -> Iterator[tuple[int, str]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hookline-bench-")))
        policy = ("--appendfsync", way.appendfsync)
        primary = Node(folder=folder / "primary", options=policy)
        stack.callback(primary.kill)
        primary.start()
        for number in range(way.replicas):
            follows = ("--replicaof", HOST, str(primary.port), *policy)
            replica = Node(folder=folder / f"replica-{number}", options=follows)
            stack.callback(replica.kill)
            replica.start()
        eventually(lambda: followers(primary) == way.replicas, what="the replicas follow")
        url = f"redis://{HOST}:{primary.port}/0"
        sync = way.sync
        os.environ[SYNC] = f"{sync.replicas} {int(sync.disk)}" if sync else ""
        factory = "tests.bench.replication:application"
        port = stack.enter_context(
            door.serve(url, workers=WEB_WORKERS, threads=WEB_THREADS, factory=factory)
        )
        if not way.slow:
            door.rate(port, door.deliveries("/hooks/stripe", door.WARMING), status=b"202")
        yield port, url


def application() -> Flask:
    """The door, with what the environment says of replicas."""
    configure()
    settings = serving.settings_of(os.environ["HOOKLINE_TEST_STORE"])
    if os.environ[SYNC]:
        replicas, disk = os.environ[SYNC].split()
        sync = Sync(replicas=int(replicas), disk=disk == "1", timeout_s=5)
        settings = replace(settings, store_sync=sync)
    return create_app(serving.runtime(settings))
