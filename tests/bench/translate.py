"""What does translation cost? Microseconds an event, for each source and each of its samples."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.bench.tables import Table
from workers import sources
from workers.bodies import decoded
from workers.events import Event
from workers.sources import Source, arrivals
from workers.translate import translate

SAMPLES = Path(__file__).parent.parent / "sources"
NOW = datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
ROUNDS = 5


def cost_us(run: Callable[[], object], *, repeat: int) -> float:
    """Return what one run takes, by the fastest of a few rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(repeat):
            run()
        best = min(best, time.perf_counter() - began)
    return best / repeat * 1e6


def events(source: Source) -> Iterator[Event]:
    """Yield the events of a source's samples."""
    for sample in sorted((SAMPLES / source.name).glob("*.sample.json")):
        delivery = json.loads(sample.read_bytes())
        headers = {name.lower(): value for name, value in delivery["headers"].items()}
        raw = delivery.get("raw") or json.dumps(delivery["body"])
        body = decoded(raw.encode(), content_type=headers["content-type"])
        for each in arrivals(source, endpoint="e", headers=headers, body=body, received=NOW):
            yield Event(
                id="bench.e-1790000000000-0",
                portal="bench",
                endpoint="e",
                source=source.name,
                source_id=each.source_id,
                type=each.type,
                time=each.time or NOW,
                received=NOW,
                headers=each.headers,
                body=each.body,
            )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--repeat", type=int, default=500, help="of each translation")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = Table(
        title="Translation", head=("source: type", "changes", "µs an event", "loads in ms")
    )
    for name in sources.shipped():
        _add(table, name, repeat=options.repeat)
    table.show()


def _add(table: Table, name: str, *, repeat: int) -> None:
    """Add a row for each type of event among the source's samples."""
    source = sources.load(name)
    load_ms = cost_us(lambda: sources.load(name), repeat=1) / 1e3
    for kind, event in {event.type: event for event in events(source)}.items():
        count = len(translate(event, source))
        took = cost_us(partial(translate, event, source), repeat=repeat)
        table.add(f"{name}: {kind}", str(count), f"{took:.1f}", f"{load_ms:.0f}")
