"""What does translation cost? Microseconds an event, for each source and each of its samples.

python -m tests.bench.translate_bench [--repeat 2000] [SOURCE ...]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

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


def table(name: str, *, repeat: int) -> None:
    """Print a line for each type of event among the source's samples."""
    source = sources.load(name)
    load_ms = cost_us(lambda: sources.load(name), repeat=1) / 1e3
    for kind, event in {event.type: event for event in events(source)}.items():
        count = len(translate(event, source))
        took = cost_us(partial(translate, event, source), repeat=repeat)
        sys.stdout.write(f"{name:18} {kind:34} {count:7} {took:12.1f} {load_ms:12.0f}\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--repeat", type=int, default=2_000)
    options = parser.parse_args()
    sys.stdout.write(
        f"{'source':18} {'type':34} {'changes':>7} {'µs an event':>12} {'loads in ms':>12}\n"
    )
    for name in options.names or sources.shipped():
        table(name, repeat=options.repeat)


if __name__ == "__main__":
    main()
