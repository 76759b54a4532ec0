"""What it costs at the door to have every event on the disk before it is answered."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.cli.services import WEB_THREADS
from tests.bench import door
from tests.bench.tables import Table
from workers.store.embedded import EmbeddedStore

WEB_WORKERS = 2  # as in production: deliveries at the same moment share one sync
POLICIES = ("everysec", "always")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The door's options say how many."""


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = Table(
        title=f"Durability at the door, web workers: {WEB_WORKERS}",
        head=("appendfsync", "a second", "÷ everysec"),
    )
    rates = dict.fromkeys(POLICIES, 0.0)
    with ExitStack() as stack:
        ports = {policy: stack.enter_context(_door(policy)) for policy in rates}
        for policy in POLICIES * door.ROUNDS:
            sent = door.deliveries("/hooks/stripe", options.events // door.ROUNDS)
            rates[policy] = max(rates[policy], door.rate(ports[policy], sent, status=b"202"))
    for policy, per_s in rates.items():
        table.add(policy, f"{per_s:,.0f}", f"{per_s / rates[POLICIES[0]]:.2f}")
    table.notes.append(f"The best of {door.ROUNDS} rounds each, in turns.")
    table.show()


@contextmanager
def _door(policy: str) -> Iterator[int]:
    with (
        tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder,
        EmbeddedStore.start(Path(folder), appendfsync=policy) as server,
        door.serve(server.url, workers=WEB_WORKERS, threads=WEB_THREADS) as port,
    ):
        door.rate(port, door.deliveries("/hooks/stripe", door.WARMING), status=b"202")
        yield port
