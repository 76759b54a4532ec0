"""Writing at the portal's limit: how long so many events take, and how often it was exceeded."""

import argparse

from tests.bench.load import drain_all, fill
from tests.bench.rig import LATENCY_S, rig
from tests.bench.tables import Table

LIMIT, WINDOW_S = 190, 10
EVENTS = 10_000
MANY = 30_000
FLOOR = 0.03  # calls an event, with unknown records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing can be chosen; `--long` adds the larger number."""


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = Table(
        title=f"Within a quota of {LIMIT} calls in {WINDOW_S} s, {LATENCY_S * 1000:.0f} ms a call",
        head=("", "seconds", "no less than", "calls", "429"),
    )
    for events in (EVENTS, MANY) if options.long else (EVENTS,):
        with rig(tier="professional", calls_per_10_s=LIMIT, searches_per_s=5) as found:
            found.latency(LATENCY_S)
            fill(found, "contact", events, run="quota")
            done = drain_all(found)
            refused = found.tell("limits", method="GET")["refused"]
        floor_s = (events * FLOOR - 1) // LIMIT * WINDOW_S
        table.add(
            f"{events:,} events",
            f"{done.took_s:.1f}",
            f"{floor_s:.0f}",
            f"{done.calls:,}",
            str(refused),
        )
    table.notes.append(
        "No less than: the windows that must pass before the last call may be made, at 0.030 calls "
        "an event."
    )
    table.show()
