"""The model beside what was measured: the same points, simulated."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.model.costs import Costs
from tests.bench.model.load import Group
from tests.bench.model.points import Measured, Point
from tests.bench.model.simulation import Simulation
from tests.bench.model.system import Pool, Quota, System
from tests.bench.model.turns import Turns
from tests.bench.tables import Table

TOLERANCE = 0.25  # by which a prediction may be off,
MOSTLY = 0.75  # of so many of the points;
WORST = 0.5  # by which the others may be
DEEP = 1e7  # events that wait in each portal: none runs dry
SIMULATED_S, STEP_S = 60, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A point, and what the model says of it."""

    point: Point
    predicted_per_s: float
    limit: str

    @property
    def ratio(self) -> float:
        """Predicted, divided by measured."""
        return self.predicted_per_s / self.point.per_s


def check(measured: Measured) -> list[Checked]:
    """Return every point beside what the model says of it."""
    costs = Costs.of(measured)
    return [
        _door(point, costs) if point.kind == "door" else _workers(point, costs)
        for point in measured.points
    ]


def _door(point: Point, costs: Costs) -> Checked:
    """Each of the door's limits by itself: the lowest is what it comes to."""
    an_event_s = {part: cost.event_s for part, cost in costs.door.items()}
    limits = {
        "the machine's cores": _cores(point) / sum(an_event_s.values()),
        "the web processes": point.processes / an_event_s["web"],
        "the store": 1 / an_event_s["store"],
        "the client": 1 / an_event_s["client"],
    }
    name = min(limits, key=lambda each: limits[each])
    return Checked(point=point, predicted_per_s=limits[name], limit=name)


def _workers(point: Point, costs: Costs) -> Checked:
    running = min(point.processes, point.portals)
    everything = frozenset({"worker", "store", "sandbox"})
    system = System(
        processes=point.processes,
        threads=point.threads,
        pools=[
            Pool(name="the machine's cores", cores=_cores(point), parts=everything),
            Pool(name="the worker processes", cores=running, parts=frozenset({"worker"})),
            Pool(name="the store", cores=1, parts=frozenset({"store"})),
            Pool(name="the sandbox", cores=1, parts=frozenset({"sandbox"})),
        ],
        turns=Turns(most=point.turn_events, latency_s=point.latency_s),
        quota=None
        if point.calls_per_s is None
        else Quota(calls=point.calls_per_s, window_s=1.0, per_day=1e12),
        costs=costs,
    )
    simulated = Simulation.of([Group(portals=point.portals, per_s=0.0)], system, waiting=DEEP)
    for _ in range(int(SIMULATED_S / STEP_S)):
        simulated.step(STEP_S)
    return Checked(
        point=point,
        predicted_per_s=simulated.applied / simulated.now_s,
        limit=simulated.limit,
    )


def _cores(point: Point) -> float:
    """Return the cores that others left to what was measured."""
    return point.cores - point.elsewhere


def share_within(checked: Sequence[Checked], tolerance: float) -> float:
    """Return the share of the points for which the model is off by no more than that."""
    return sum(abs(each.ratio - 1) <= tolerance for each in checked) / len(checked)


def show(measured: Measured) -> None:
    """Print the points beside what the model says of them."""
    checked = check(measured)
    table = Table(
        title="The model beside what was measured",
        head=("", "measured/s", "predicted/s", "ratio", "the model's limit"),
    )
    for each in checked:
        table.add(
            each.point.name,
            f"{each.point.per_s:,.0f}",
            f"{each.predicted_per_s:,.0f}",
            f"{each.ratio:.2f}",
            each.limit,
        )
    table.notes.append(
        f"Within {TOLERANCE:.0%}: {share_within(checked, TOLERANCE):.0%} of the points, and "
        f"{MOSTLY:.0%} should be; within {WORST:.0%}: {share_within(checked, WORST):.0%}."
    )
    table.show()
