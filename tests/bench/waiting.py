"""Many events that wait: the store's memory for each, and whether draining slows down."""

import argparse
import random
import time
from dataclasses import replace

import orjson

from tests.bench.load import A_DELIVERY, arrival, drain_slice
from tests.bench.rig import LATENCY_S, PORTAL, Rig, now, rig
from tests.bench.tables import Table
from workers.events import Arrival

SIZES = (10_000, 100_000)
LARGEST = 1_000_000
BODY_BYTES = 1_000
SLICE_S = 4.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing can be chosen; `--long` adds the largest number."""


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = Table(
        title=f"Waiting: events of {BODY_BYTES:,} bytes, {LATENCY_S * 1000:.0f} ms a call",
        head=("", "store MB", "bytes/event", "accepted/s", "drained/s", "÷ the first"),
    )
    first = 0.0
    for events in (*SIZES, LARGEST) if options.long else SIZES:
        with rig(slice_s=SLICE_S) as found:
            before = _memory(found)
            accepted_per_s = _fill(found, events)
            used = _memory(found) - before
            found.latency(LATENCY_S)
            done = drain_slice(found)
        first = first or done.per_s
        table.add(
            f"{events:,} events",
            f"{used / 1e6:,.1f}",
            f"{used / events:,.0f}",
            f"{accepted_per_s:,.0f}",
            f"{done.per_s:,.0f}",
            f"{done.per_s / first:.2f}",
        )
    table.notes.append(
        f"Bodies are half random, so that they shrink as real ones do at most. Drained for "
        f"{SLICE_S:g} s; accepted {A_DELIVERY} to a delivery, without the web server."
    )
    table.show()


def _fill(found: Rig, events: int) -> float:
    """Have so many events wait; return how many were accepted a second."""
    chance = random.Random(1)  # noqa: S311 (repeatable, not secret)
    took_s = 0.0
    for start in range(0, events, A_DELIVERY):
        arrivals = [
            padded(arrival("contact", number, run="waiting"), chance)
            for number in range(start, start + A_DELIVERY)
        ]
        began = time.perf_counter()
        found.runtime.store.accept(PORTAL, arrivals, received=now())
        took_s += time.perf_counter() - began
    return events / took_s


def padded(event: Arrival, chance: random.Random) -> Arrival:
    """Return the event with a body of `BODY_BYTES`: hexadecimal digits, half a byte of chance."""
    body = orjson.loads(event.body)
    bare = len(orjson.dumps({**body, "padding": ""}))
    padding = f"{chance.getrandbits(4 * (BODY_BYTES - bare)):0{BODY_BYTES - bare}x}"
    return replace(event, body=orjson.dumps({**body, "padding": padding}))


def _memory(found: Rig) -> int:
    """Return the bytes of memory that the store's data take."""
    return int(found.runtime.store.redis.info("memory")["used_memory"])
