"""Points of growth: real web servers, workers, store and sandbox, measured side by side."""

import os
import random
import time
from dataclasses import replace
from functools import partial

from tests.bench import door
from tests.bench.fleet import Fleet, fleet
from tests.bench.model.points import THREADS, TURN, Bytes, Idle, Point
from tests.bench.rig import LATENCY_S, now, until
from tests.bench.waiting import BODY_BYTES, padded
from workers.store.keys import portal_key

WEB_THREADS = 8
SLICE_S = 1.0
LOOK_S = 0.1
EDGE_S = 0.01
A_WRITER_PER_S = 500  # events of one portal, at most, in turns of 100 at 50 ms a call
A_MACHINE_PER_S = 1_500  # events of all, for each core
WARM_S, TURNS = 4.0, 3  # until all writers are at it; in a slice, at most
IDLE_PORTALS, IDLE_S, MINUTE_S = 200, 4.0, 60
FAIR_EVENTS = 200  # of each portal, of which half are waited for
KEPT_EVENTS = 4_000  # of which the store's memory is measured


def door_point(processes: int, *, deliveries: int) -> Point:
    """Measure signed deliveries to so many web processes."""
    with fleet(1, turn_events=TURN, slice_s=SLICE_S) as found:
        port, pid = found.serve(processes=processes)
        door.rate(port, door.deliveries("/hooks/stripe", door.WARMING), status=b"202")
        sent = door.deliveries("/hooks/stripe", deliveries)
        meter = found.meter(web=pid)
        own_s = time.process_time()
        door.rate(port, sent, status=b"202")
        own_s, use = time.process_time() - own_s, meter.read()
        kept = found.runtime.store.counts(found.portals[0])["accepted"]
        assert kept == deliveries + door.WARMING + 1, f"{kept} events are in the store"
    return Point(
        kind="door",
        processes=processes,
        threads=WEB_THREADS,
        cores=_cores(),
        took_s=use.took_s,
        events=deliveries,
        cpu_s={"web": use.parts["web"], "store": use.parts["store"], "client": own_s},
        busy_s=use.busy_s,
    )


def workers_point(
    *,
    workers: int,
    portals: int,
    seconds: float,
    threads: int = THREADS,
    turn_events: int = TURN,
    calls_per_s: int | None = None,
) -> Point:
    """Measure so many workers on a backlog of so many portals, once all of them are at it."""
    with fleet(
        portals,
        turn_events=turn_events,
        slice_s=SLICE_S,
        calls_per_s=calls_per_s,
        latency_s=LATENCY_S,
    ) as found:
        found.work(processes=workers, threads=threads)
        found.fill(_enough(portals, turn_events, seconds), run="growth")
        before = sum(found.done())
        running = min(portals, workers * threads)
        until(
            lambda: sum(found.done()) >= before + running * turn_events,
            what="every writer has made a turn",
            within_s=120,
        )
        return _measured(
            found,
            Point(
                kind="workers",
                processes=workers,
                threads=threads,
                portals=portals,
                turn_events=turn_events,
                calls_per_s=calls_per_s,
                latency_s=LATENCY_S,
                cores=_cores(),
                took_s=seconds,
                events=0,
                cpu_s={},
                busy_s=0.0,
            ),
        )


def _enough(portals: int, turn_events: int, seconds: float) -> int:
    """Return how many events of each portal outlast warming up and being measured."""
    most_per_s = min(portals * A_WRITER_PER_S, _cores() * A_MACHINE_PER_S)
    if turn_events > TURN:
        most_per_s = _cores() * A_MACHINE_PER_S
    whole = most_per_s * (seconds + WARM_S)
    return max(TURNS * turn_events, int(whole / portals))


def _measured(found: Fleet, point: Point) -> Point:
    """Return the point with what was measured from the end of one turn to that of another."""
    _end_of_a_turn(found)
    found.rig.count_anew()
    before = found.done()
    meter = found.meter()
    held: list[int] = []
    end = time.monotonic() + point.took_s
    while time.monotonic() < end:
        held.append(found.held())
        time.sleep(LOOK_S)
    _end_of_a_turn(found)
    use = meter.read()
    calls, after = found.rig.calls(), found.done()
    behind = sum(now < found.filled for now in after)
    assert behind >= point.seats, f"only {behind} portals had anything left to do"
    return replace(
        point,
        took_s=use.took_s,
        events=sum(after) - sum(before),
        calls=calls,
        cpu_s=use.parts,
        busy_s=use.busy_s,
        held=sum(held) / len(held),
    )


def _end_of_a_turn(found: Fleet) -> None:
    """Wait until a portal has got on; with one portal, until its turn is settled as a whole."""
    before = found.done()
    until(lambda: found.done() != before, what="a turn ends", every_s=EDGE_S)
    if len(found.portals) > 1:
        return
    seen: list[int] = []
    while seen != (seen := found.done()):
        time.sleep(2 * EDGE_S)


def fairness(*, workers: int) -> tuple[Point, float]:
    """Measure what each of many portals got; return also when the last of them got its first."""
    with fleet(200, turn_events=25, slice_s=0.2, latency_s=LATENCY_S) as found:
        found.work(processes=workers, threads=THREADS)
        found.fill(FAIR_EVENTS, run="fair")
        began, first_s = time.monotonic(), 0.0
        meter = found.meter()
        got = found.done()
        while sum(got) < len(got) * FAIR_EVENTS / 2:
            first_s = first_s or (time.monotonic() - began if min(got) > 1 else 0.0)
            time.sleep(LOOK_S)
            got = found.done()
        use = meter.read()
    point = Point(
        kind="fairness",
        processes=workers,
        threads=THREADS,
        portals=len(got),
        turn_events=25,
        latency_s=LATENCY_S,
        cores=_cores(),
        took_s=use.took_s,
        events=sum(got),
        cpu_s=use.parts,
        busy_s=use.busy_s,
        least=min(got) - 1,  # the first of each was applied beforehand
        most=max(got) - 1,
    )
    return point, first_s


def idle(processes: int) -> Idle:
    """Measure what portals cost that have nothing to do."""
    with fleet(IDLE_PORTALS, turn_events=TURN, slice_s=SLICE_S) as found:
        found.work(processes=processes, threads=THREADS)
        until(lambda: _quiet(found), what="the minute is noted, and not over")
        meter = found.meter()
        time.sleep(IDLE_S)  # what is measured is that nothing happens
        use = meter.read()
    return Idle(portals=IDLE_PORTALS, processes=processes, took_s=use.took_s, cpu_s=use.parts)


def _quiet(found: Fleet) -> bool:
    """Whether the workers have noted how each portal stands, and will not soon do so again."""
    keys = [portal_key(portal, "minutes") for portal in found.portals]
    noted = int(found.runtime.store.redis.exists(*keys)) == len(keys)
    return noted and now().second + IDLE_S < MINUTE_S - 1


def bytes_kept() -> Bytes:
    """Measure the store's memory: of what waits, of what was handled, of what is known for long."""
    chance = random.Random(1)  # noqa: S311 (repeatable, not secret)
    grown = partial(padded, chance=chance)
    with fleet(1, turn_events=1_600, slice_s=600.0) as found:
        empty = found.bytes_used()
        found.fill(KEPT_EVENTS, run="new", grown=grown)
        full = found.bytes_used()
        found.runtime.drain(found.portals[0])
        new = found.bytes_used()
        found.fill(KEPT_EVENTS, run="again", grown=grown)
        found.runtime.drain(found.portals[0])
        again = found.bytes_used()
    return Bytes(
        body=BODY_BYTES,
        waiting=(full - empty) / KEPT_EVENTS,
        handled=(again - new) / KEPT_EVENTS,
        record=(new - empty - (again - new)) / KEPT_EVENTS,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0))
