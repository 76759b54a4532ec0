"""How throughput grows with web processes, workers and portals, and what limits it.

Every part is real: web server, workers, store and sandbox, each a process of this machine. A call
takes 50 ms, so that waiting shows, and not the machine alone.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import TypedDict

from tests.bench import growing
from tests.bench.model import checking
from tests.bench.model.points import FILE, THREADS, TURN, Idle, Measured, Point, many
from tests.bench.rig import LATENCY_S
from tests.bench.tables import Table, machine, say

WEB_PROCESSES = (1, 2, 4)
DELIVERIES = 6_000
WORKERS = (1, 2, 3, 4)
PORTALS = (1, 2, 8, 50, 200)
MEASURED_S = 4.0
LONGER = 3  # times, with --long
PARTS = ("web", "worker", "store", "sandbox", "client")


class Chosen(TypedDict, total=False):
    """What a point differs in from the others."""

    workers: int
    portals: int
    threads: int
    turn_events: int
    calls_per_s: int | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument(
        "--record", action="store_true", help=f"keep what growth measures in {FILE.name}"
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables, and keep the figures if asked to."""
    on = machine()
    longer = LONGER if options.long else 1
    seconds = MEASURED_S * longer
    doors = [
        _told(growing.door_point(each, deliveries=DELIVERIES * longer)) for each in WEB_PROCESSES
    ]
    _show("The door: signed deliveries over 16 connections", doors)
    turns = [
        _told(
            growing.workers_point(
                workers=workers, portals=portals, seconds=_long(seconds, workers, portals)
            )
        )
        for portals in PORTALS
        for workers in WORKERS
    ]
    _show(
        f"Workers: turns of {TURN} events, {LATENCY_S * 1000:.0f} ms a call",
        turns,
    )
    others = [_told(growing.workers_point(seconds=seconds, **each)) for each in _others(options)]
    _show("Workers: what else limits", others)
    fair, first_s = growing.fairness(workers=2)
    _show_fairness(fair, first_s)
    idle = [growing.idle(1)]
    _show_idle(idle)
    measured = Measured(
        machine=on, points=[*doors, *turns, *others], idle=idle, bytes=growing.bytes_kept()
    )
    checking.show(measured)
    if options.record:
        measured.save()
        say(f"\nkept in {FILE}")


def _long(seconds: float, workers: int, portals: int) -> float:
    """Return how long to measure: the more turns go side by side, the longer each of them takes."""
    return seconds * (2 if min(portals, workers * THREADS) > THREADS else 1)


def _told(point: Point) -> Point:
    """Say a point as soon as it is measured: all of them take minutes."""
    say(f"measured: {point.name}: {point.per_s:,.0f}/s; {point.limit()}")
    return point


def _others(options: argparse.Namespace) -> Iterator[Chosen]:
    """Yield points at which something other than the cores is used up."""
    for workers in WORKERS if options.long else (1, 2, 4):
        yield {"workers": workers, "portals": max(PORTALS), "threads": 4, "turn_events": 1}
    for portals in (1, 8, 50) if options.long else (1, 8):
        yield {"workers": 2, "portals": portals, "calls_per_s": 5}
    for turn_events in (10, 400, 1_600) if options.long else (10, 1_600):
        yield {"workers": 1, "portals": 1, "turn_events": turn_events}


def _show(title: str, points: Sequence[Point]) -> None:
    parts = [part for part in PARTS if any(part in point.cpu_s for point in points)]
    table = Table(
        title=title,
        head=(
            "",
            "events/s",
            "÷ one process",
            *(f"{part} ms" for part in parts),
            "calls/event",
            "limit",
        ),
    )
    for point in points:
        one = next(each for each in points if _alike(each) == _alike(point))
        table.add(
            point.name,
            f"{point.per_s:,.0f}",
            f"{point.per_s / one.per_s:.2f}" if one.processes == 1 else "–",
            *(f"{point.ms_an_event(part):.2f}" for part in parts),
            f"{point.calls_an_event:.3f}" if point.calls else "–",
            point.limit(),
        )
    table.notes.append("ms: CPU time of each part for an event.")
    table.show()


def _alike(point: Point) -> tuple[object, ...]:
    return (point.portals, point.threads, point.turn_events, point.calls_per_s)


def _show_fairness(point: Point, first_s: float) -> None:
    table = Table(
        title=f"Fairness: {point.portals} portals, {many(point.processes, 'worker')}, "
        f"turns of {point.turn_events}",
        head=("", "events/s", "least", "most", "most ÷ least", "each had its first after"),
    )
    table.add(
        f"after {point.events / point.portals:.0f} events of each, on average",
        f"{point.per_s:,.0f}",
        str(point.least),
        str(point.most),
        f"{point.most / point.least:.2f}" if point.least else "–",
        f"{first_s:.1f} s" if first_s else "not yet",
    )
    table.show()


def _show_idle(idle: Sequence[Idle]) -> None:
    table = Table(
        title="Idle portals: CPU milliseconds a second",
        head=("", "workers", "store", "for a portal: workers", "store"),
    )
    for each in idle:
        used = [each.cpu_s[part] / each.took_s * 1000 for part in ("worker", "store")]
        table.add(
            f"{each.portals} portals, {many(each.processes, 'worker')}",
            *(f"{ms:,.0f}" for ms in used),
            *(f"{ms / each.portals:.3f}" for ms in used),
        )
    table.show()
