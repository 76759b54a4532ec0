"""How many machines a load needs, and what an outage of an hour comes to. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.model.costs import Costs
from tests.bench.model.load import Group
from tests.bench.model.simulation import DAY_S, Simulation
from tests.bench.model.system import Pool, Quota, System
from tests.bench.model.turns import Turns

MINUTE_S, HOUR_S = 60.0, 3_600
NOON_S = DAY_S // 2
USUAL_S = 600.0
COARSE_S, FINE_S = 300.0, 10.0  # of a step: until the outage, and after it
LONGEST_S = 2 * DAY_S  # of working off
MANY, FINER = (
    64,
    4,
)  # times as many workers as any number; steps of a quarter while it is looked for
LEFT = 0.001  # of the backlog: then it is worked off
CATCH_UP = 1.25  # times as long as with any number of workers may working off take


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine, of which all are alike; how much of it is meant to be used."""

    cores: int = 4
    bytes: float = 16e9
    used: float = 0.6  # of the cores, at the mean load: the rest is for peaks
    filled: float = 0.75  # of the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the store keeps, and for how long."""

    handled_s: float = 7 * DAY_S
    clocks_s: float = 90 * DAY_S
    events_a_record: float = 10.0  # in that time


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What an hour without HubSpot, or without workers, comes to."""

    backlog: float  # events, at its end
    off_after_s: float | None  # until it is worked off; None: not within two days
    limit: str  # what was used up meanwhile
    calls_of_the_busiest: float  # in a day, at most
    day_is_spent: bool  # those are all that it may make


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of each is needed."""

    portals: int
    per_s: float
    web_cores: float
    worker_cores: float
    store_cores: float
    waiting_bytes: float
    handled_bytes: float
    records_bytes: float
    web: int  # machines
    workers: int
    stores: int
    outage: Outage

    @property
    def machines(self) -> int:
        """All machines."""
        return self.web + self.workers + self.stores

    @property
    def store_bytes(self) -> float:
        """The memory of the store."""
        return self.waiting_bytes + self.handled_bytes + self.records_bytes


def system(
    costs: Costs, *, workers: int, stores: float, turns: Turns, quota: Quota, machine: Machine
) -> System:
    """Return what the writers run on: a process for each core, and nothing else beside them."""
    real = replace(costs, applying={part: costs.applying[part] for part in ("worker", "store")})
    cores = workers * machine.cores
    return System(
        processes=cores,
        pools=[
            Pool(name="the workers' cores", cores=cores, parts=frozenset({"worker"})),
            Pool(name="the store", cores=stores, parts=frozenset({"store"})),
        ],
        turns=turns,
        quota=quota,
        costs=real,
    )


def outage(groups: Sequence[Group], on: System) -> Outage:
    """Return what an outage from noon to one o'clock comes to."""
    simulated = Simulation.of(groups, on)
    while simulated.now_s < NOON_S:
        simulated.step(COARSE_S)
    usual = simulated.waiting
    while simulated.now_s < NOON_S + HOUR_S:
        simulated.step(COARSE_S, down=True)
    backlog, began_s = simulated.waiting, simulated.now_s
    simulated.limits.clear()
    goal = usual + LEFT * (backlog - usual)
    while simulated.waiting > goal and simulated.now_s - began_s < LONGEST_S:
        simulated.step(_step_s(simulated.now_s - began_s))
    off_after_s = simulated.now_s - began_s if simulated.waiting <= goal else None
    limit = simulated.limit
    while simulated.now_s < 2 * DAY_S:
        simulated.step(COARSE_S)
    most = simulated.portals[0].today_most
    return Outage(
        backlog=backlog,
        off_after_s=off_after_s,
        limit=limit,
        calls_of_the_busiest=most,
        day_is_spent=on.quota is not None and most >= on.quota.of_a_day * (1 - LEFT),
    )


def size(
    groups: Sequence[Group],
    costs: Costs,
    *,
    turns: Turns,
    quota: Quota,
    machine: Machine,
    kept: Kept,
) -> Size:
    """Return the fewest machines that bear the load, and work off an outage about as fast as any.

    The store may be spread over any number of machines, each with as many servers as cores it has
    to spare.
    """
    portals = sum(each.portals for each in groups)
    per_s = sum(each.portals * each.per_s for each in groups)
    usual = _usual(groups, costs, turns=turns, quota=quota, machine=machine)
    calls_s = usual.calls / usual.now_s
    applied_s = usual.applied / usual.now_s
    store_cores = (
        costs.door["store"].of(per_s, 0)
        + costs.applying["store"].of(applied_s, calls_s)
        + costs.idle["store"] * portals
    )
    worker_cores = costs.applying["worker"].of(applied_s, calls_s) + costs.idle["worker"] * portals
    web_cores = costs.door["web"].of(per_s, 0)
    records = per_s * kept.clocks_s / kept.events_a_record
    handled = per_s * kept.handled_s * costs.bytes.handled
    waiting = per_s * HOUR_S * costs.bytes.waiting
    spare = machine.cores * machine.used
    stores = max(
        math.ceil(store_cores / spare),
        math.ceil(
            (handled + waiting + records * costs.bytes.record) / (machine.bytes * machine.filled)
        ),
    )

    def with_workers(workers: int) -> Outage:
        on = system(
            costs,
            workers=workers,
            stores=_servers(stores, machine),
            turns=turns,
            quota=quota,
            machine=machine,
        )
        return outage(groups, on)

    least = max(1, math.ceil(worker_cores / spare))
    best = with_workers(least * MANY)
    workers, found = least, with_workers(least)
    while not _as_good(found, best):
        workers += max(1, workers // FINER)
        found = with_workers(workers)
    return Size(
        portals=portals,
        per_s=per_s,
        web_cores=web_cores,
        worker_cores=worker_cores,
        store_cores=store_cores,
        waiting_bytes=waiting,
        handled_bytes=handled,
        records_bytes=records * costs.bytes.record,
        web=max(1, math.ceil(web_cores / spare)),
        workers=workers,
        stores=stores,
        outage=found,
    )


def _usual(
    groups: Sequence[Group], costs: Costs, *, turns: Turns, quota: Quota, machine: Machine
) -> Simulation:
    """Return some minutes of the load on as many machines as it takes."""
    cores = sum(each.portals for each in groups)
    on = system(costs, workers=cores, stores=cores, turns=turns, quota=quota, machine=machine)
    simulated = Simulation.of(groups, on)
    while simulated.now_s < USUAL_S:
        simulated.step(FINE_S)
    return simulated


def _servers(stores: int, machine: Machine) -> float:
    """Return how many threads of store servers run on so many machines."""
    return stores * machine.cores * machine.used if stores > 1 else 1.0


def _as_good(found: Outage, best: Outage) -> bool:
    """Return whether more workers would not help much."""
    if best.off_after_s is None:
        return True
    return (
        found.off_after_s is not None
        and found.off_after_s <= best.off_after_s * CATCH_UP + MINUTE_S
    )


def _step_s(since_s: float) -> float:
    """Return how long a step is, so long after the outage: the longer ago the coarser."""
    if since_s < HOUR_S:
        return FINE_S
    return MINUTE_S if since_s < DAY_S // 2 else COARSE_S
