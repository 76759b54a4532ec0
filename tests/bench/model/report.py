"""1, 100 and 10,000 portals at HubSpot's quotas: machines, memory, cost, and an hour's outage.

A simulation with the costs that `growth --record` kept. What it assumes stands below its tables.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.model import checking
from tests.bench.model.costs import Costs
from tests.bench.model.load import Group, skewed
from tests.bench.model.points import Measured, many
from tests.bench.model.simulation import DAY_S, Simulation
from tests.bench.model.sizing import COARSE_S, HOUR_S, Kept, Machine, Size, size, system
from tests.bench.model.system import Quota
from tests.bench.model.turns import Turns
from tests.bench.tables import Table, say

SIZES = (1, 100, 10_000)
RATES = (0.1, 1, 3, 10, 30, 100, 200)  # events a second of one portal
LATENCIES_MS = (50, 100, 200, 400)
A_DAY = 20_000  # events of a portal
MOST = 0.8  # of what the day's calls can carry in full batches
HOURS_A_MONTH = 730
SPREAD = 68  # calls in each window, if the day's are spread over it
SKEW, PRICE, CALL_MS = 0.8, 0.2, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much comes."""

    name: str
    groups: list[Group]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is assumed."""
    parser.add_argument(
        "--a-day", type=float, default=A_DAY, metavar="EVENTS", help="of a portal, for the model"
    )
    parser.add_argument(
        "--skew", type=float, default=SKEW, help="of the load over portals (Zipf); 0: all alike"
    )
    parser.add_argument(
        "--price", type=float, default=PRICE, help="what a machine costs in an hour"
    )
    parser.add_argument(
        "--call-ms", type=float, default=CALL_MS, help="that a call to HubSpot takes"
    )


def run(options: argparse.Namespace) -> None:
    """Print the tables."""
    measured = Measured.load()
    say(f"\nCosts of an event as measured on {measured.machine}")
    costs = Costs.of(measured)
    _show_costs(costs)
    turns = Turns(latency_s=options.call_ms / 1000)
    _show_portal(costs)
    sizes = [
        (
            load.name,
            size(load.groups, costs, turns=turns, quota=Quota(), machine=Machine(), kept=Kept()),
        )
        for load in _loads(options, turns)
    ]
    _show_sizes(sizes, options)
    _show_outages(sizes)
    checking.show(measured)


def _loads(options: argparse.Namespace, turns: Turns) -> Iterator[Load]:
    """Yield the loads: a usual one, spread unevenly, and all that the portals' days can carry."""
    full_s = Quota().of_a_day / DAY_S / (turns.calls(turns.most) / turns.most) * MOST
    for portals in SIZES:
        per_s = portals * options.a_day / DAY_S
        yield Load(
            name=f"{many(portals, 'portal')}, {options.a_day:,.0f} events a day each",
            groups=skewed(portals, per_s=per_s, skew=options.skew),
        )
    for portals in SIZES:
        yield Load(
            name=f"{many(portals, 'portal')}, {full_s * DAY_S / 1e6:,.1f} M events a day each",
            groups=skewed(portals, per_s=portals * full_s, skew=0.0),
        )


def _show_costs(costs: Costs) -> None:
    table = Table(title="What the parts use", head=("", "ms for an event", "ms for a call"))
    for where, parts in (("accepting", costs.door), ("applying", costs.applying)):
        for part, cost in parts.items():
            table.add(f"{where}: {part}", f"{cost.event_s * 1e3:.3f}", f"{cost.call_s * 1e3:.2f}")
    kept = costs.bytes
    table.notes.append(
        f"Bytes of the store, with bodies of {kept.body:,}: {kept.waiting:,.0f} for an event that "
        f"waits, {kept.handled:,.0f} for one that was handled, {kept.record:,.0f} for a record. An "
        f"idle portal takes {costs.idle['worker'] * 1e3:.3f} ms of a worker each second."
    )
    table.show()


def _show_portal(costs: Costs) -> None:
    quota = Quota()
    table = Table(
        title="One portal under a steady load: calls a day, and when the day's are used up",
        head=("", *(f"calls of {ms} ms" for ms in LATENCIES_MS)),
    )
    for per_s in RATES:
        asked = [_calls_a_day(costs, per_s, Turns(latency_s=ms / 1000)) for ms in LATENCIES_MS]
        table.add(
            f"{per_s:g} events a second",
            *(
                f"{calls:,.0f}"
                if calls <= quota.of_a_day
                else f"{calls:,.0f}, after {24 * quota.of_a_day / calls:.0f} h"
                for calls in asked
            ),
        )
    table.notes.append(
        f"Of {quota.per_day:,.0f} calls a day, {quota.reserve:.0%} are left to others. A writer "
        "does not wait to fill its batches: the faster the calls, the fewer events share one."
    )
    table.show()


def _calls_a_day(costs: Costs, per_s: float, turns: Turns) -> float:
    """Return how many calls a steady load asks for, if the day allows any number."""
    quota = Quota(per_day=float("inf"))
    free = system(costs, workers=1, stores=1, turns=turns, quota=quota, machine=Machine())
    simulated = Simulation.of([Group(portals=1, per_s=per_s)], free)
    while simulated.now_s < HOUR_S:
        simulated.step(COARSE_S)
    return simulated.calls / simulated.now_s * DAY_S


def _show_sizes(sizes: list[tuple[str, Size]], options: argparse.Namespace) -> None:
    machine = Machine()
    table = Table(
        title=f"Machines of {machine.cores} vCPU and {machine.bytes / 1e9:.0f} GB",
        head=(
            "",
            "events/s",
            "web",
            "worker",
            "store",
            "store GB: waiting",
            "handled",
            "records",
            "a month",
        ),
    )
    for name, each in sizes:
        table.add(
            name,
            f"{each.per_s:,.1f}",
            f"{each.web:,}",
            f"{each.workers:,}",
            f"{each.stores:,}",
            *(
                f"{got / 1e9:,.1f}"
                for got in (each.waiting_bytes, each.handled_bytes, each.records_bytes)
            ),
            f"{each.machines * options.price * HOURS_A_MONTH:,.0f}",
        )
    kept = Kept()
    table.notes.append(
        f"Assumed: {options.price:g} for a machine's hour (put your own: --price), cores "
        f"{machine.used:.0%} busy at the mean load, memory {machine.filled:.0%} full, load spread "
        f"by Zipf's law with exponent {options.skew:g}. Waiting: an hour's outage. Handled: kept "
        f"{kept.handled_s / DAY_S:.0f} days. Records: {kept.events_a_record:g} events each in "
        f"{kept.clocks_s / DAY_S:.0f} days. Without replicas. Where one machine of each is too "
        "much, all of it runs on one."
    )
    table.show()


def _show_outages(sizes: list[tuple[str, Size]]) -> None:
    table = Table(
        title="An hour's outage, from noon, of HubSpot or of all workers",
        head=("", "backlog", "worked off after", "limit", "calls a day, the busiest"),
    )
    for name, each in sizes:
        after_s = each.outage.off_after_s
        table.add(
            name,
            f"{each.outage.backlog:,.0f}",
            f"{after_s / 60:,.1f} min" if after_s is not None else "not in 2 days",
            each.outage.limit or "nothing",
            f"{each.outage.calls_of_the_busiest:,.0f}"
            + (", all" if each.outage.day_is_spent else ""),
        )
    table.notes.append(
        "To 99.9 %. After an outage of HubSpot a portal is looked at again within seconds. All: "
        f"what came later that day waited for midnight; {SPREAD} calls in a window of 10 s "
        "(calls_per_window) last for the day, and full batches carry as much."
    )
    table.show()
