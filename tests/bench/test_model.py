"""The model of growth: what it says of recorded points, and what must hold whatever it is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.model.checking import MOSTLY, TOLERANCE, WORST, check, share_within
from tests.bench.model.costs import Cost, Costs
from tests.bench.model.load import Group, skewed
from tests.bench.model.points import Bytes, Idle, Measured, Point
from tests.bench.model.report import SPREAD
from tests.bench.model.simulation import DAY_S, Simulation, alike
from tests.bench.model.sizing import HOUR_S, LEFT, Kept, Machine, outage, size, system
from tests.bench.model.system import Quota, System
from tests.bench.model.turns import Turns

COSTS = Costs(
    door={"web": Cost(event_s=5e-4), "store": Cost(event_s=5e-5), "client": Cost(event_s=2e-5)},
    applying={
        "worker": Cost(event_s=3e-4, call_s=3e-3),
        "store": Cost(event_s=7e-5, call_s=5e-4),
        "sandbox": Cost(event_s=2e-4, call_s=1e-3),
    },
    idle={"worker": 1e-5, "store": 1e-6},
    bytes=Bytes(body=1_000, waiting=900.0, handled=1_200.0, record=600.0),
)
FULL_CALLS = 3 / 100  # for an event, with full batches
FREE = Quota(calls=1e9, per_day=1e12)
LONG_DAY = Quota(per_day=1e12)

rates = st.floats(min_value=0.0, max_value=400.0)
groups = st.lists(
    st.builds(Group, portals=st.integers(1, 500), per_s=rates), min_size=1, max_size=4
)
machines = st.integers(1, 20)


def on(*, workers: int = 4, quota: Quota | None = None, turns: Turns | None = None) -> System:
    return system(
        COSTS,
        workers=workers,
        stores=2.0,
        turns=turns or Turns(),
        quota=quota or Quota(),
        machine=Machine(),
    )


def test_the_model_comes_near_to_what_was_recorded() -> None:
    checked = check(Measured.load())
    assert share_within(checked, WORST) == 1
    assert share_within(checked, TOLERANCE) >= MOSTLY


def test_what_was_recorded_names_its_machine_and_spans_processes_and_portals() -> None:
    measured = Measured.load()
    assert "cores" in measured.machine
    doors = {each.processes for each in measured.points if each.kind == "door"}
    assert doors >= {1, 2, 4}
    turns = {(each.processes, each.portals) for each in measured.points if each.kind == "workers"}
    assert turns >= {(w, p) for w in (1, 2) for p in (1, 2, 8)}


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    measured = Measured.load()
    measured.save(tmp_path / "again.json")
    assert Measured.load(tmp_path / "again.json") == measured


@given(groups, machines, st.lists(st.booleans(), min_size=1, max_size=40))
def test_no_event_is_lost_or_made(loads: list[Group], workers: int, down: list[bool]) -> None:
    simulated = Simulation.of(loads, on(workers=workers), waiting=50.0)
    for each in down:
        simulated.step(1.0, down=each)
        assert simulated.applied + simulated.waiting == pytest.approx(simulated.arrived)
        assert all(portal.waiting >= 0 for portal in simulated.portals)


@given(rates, st.integers(0, 50_000), st.sampled_from([0.5, 1.0, 2.5, 30.0]))
def test_no_portal_is_called_beyond_its_quota(per_s: float, waiting: int, step_s: float) -> None:
    quota = Quota(per_day=2_000)
    simulated = Simulation.of(
        [Group(portals=1, per_s=per_s)], on(quota=quota), waiting=float(waiting)
    )
    before, made = 0.0, []
    for _ in range(60):
        simulated.step(step_s)
        made.append(simulated.calls - before)
        before = simulated.calls
    steps = max(1, int(quota.window_s / step_s))
    for start in range(len(made)):
        within = sum(made[start : start + steps])
        assert within <= quota.calls * max(1.0, step_s / quota.window_s) + 1e-6
    assert simulated.portals[0].today_most <= quota.of_a_day + 1e-6


def test_a_new_day_has_calls_again() -> None:
    quota = Quota(per_day=100)
    simulated = Simulation.of([Group(portals=1, per_s=0.0)], on(quota=quota), waiting=1e9)
    while simulated.now_s < DAY_S:
        simulated.step(600.0)
    assert simulated.calls == pytest.approx(2 * quota.of_a_day)
    assert simulated.limit == "the day's calls"


@given(
    st.integers(1, 300), st.floats(0.0, 2e4), st.integers(1, 30), st.integers(1, 30), st.booleans()
)
def test_more_workers_are_never_slower(
    portals: int,
    waiting: float,
    fewer: int,
    added: int,
    limited: bool,  # noqa: FBT001
) -> None:
    quota = None if limited else FREE

    def left(workers: int) -> Iterator[float]:
        load = [Group(portals=portals, per_s=0.0)]
        simulated = Simulation.of(load, on(workers=workers, quota=quota), waiting=waiting)
        for _ in range(30):
            simulated.step(1.0)
            yield simulated.waiting

    for few, many in zip(left(fewer), left(fewer + added), strict=True):
        assert many <= few + 1e-6 * portals


def test_after_an_outage_all_that_came_waits_and_is_worked_off_at_the_quotas_pace() -> None:
    load = [Group(portals=1, per_s=100.0)]
    quota = LONG_DAY
    found = outage(load, on(quota=quota))
    assert found.backlog == pytest.approx(100.0 * HOUR_S, rel=0.01)
    counts_s = quota.window_s + 0.05 + Turns().latency_s  # a call, from its grant
    spare = quota.calls / counts_s / FULL_CALLS - 100.0
    assert found.off_after_s == pytest.approx(found.backlog / spare, rel=0.05)
    assert found.limit == "the quota"


def test_a_portal_of_short_calls_uses_up_its_day_and_waits_for_the_next() -> None:
    def late(turns: Turns, quota: Quota | None = None) -> Simulation:
        load = [Group(portals=1, per_s=100.0)]
        simulated = Simulation.of(load, on(turns=turns, quota=quota))
        while simulated.now_s < DAY_S - HOUR_S:
            simulated.step(60.0)
        return simulated

    assert late(Turns(latency_s=0.05)).waiting > 100.0 * HOUR_S
    assert late(Turns(latency_s=0.2)).waiting < 100.0 * 60
    assert late(Turns(latency_s=0.05), Quota(calls=SPREAD)).waiting < 100.0 * 60


@pytest.mark.parametrize(("per_s", "portals"), [(1.0, 1), (100.0, 1), (20.0, 50)])
def test_a_backlog_is_gone_when_it_was_said_to_be(per_s: float, portals: int) -> None:
    load = [Group(portals=portals, per_s=per_s)]
    system_ = on(workers=50, quota=LONG_DAY)
    found = outage(load, system_)
    assert found.backlog >= per_s * portals * HOUR_S * (1 - 1e-9)
    assert found.off_after_s is not None
    simulated = Simulation.of(load, system_, waiting=found.backlog / portals)
    while simulated.now_s < found.off_after_s:
        simulated.step(5.0)
    assert simulated.waiting <= LEFT * found.backlog + 60 * per_s * portals


@given(
    st.lists(st.tuples(st.floats(0.0, 1e6), st.integers(1, 1_000)), min_size=1, max_size=20),
    st.floats(0.0, 1e6),
)
def test_what_is_scarce_is_given_to_all_alike(
    asked: Sequence[tuple[float, int]], room: float
) -> None:
    wants, weights = [each for each, _ in asked], [weight for _, weight in asked]
    given_ = alike(wants, weights, room)
    whole = sum(each * weight for each, weight in zip(given_, weights, strict=True))
    wanted = sum(each * weight for each, weight in asked)
    assert whole == pytest.approx(min(room, wanted), abs=1e-6)
    short = [got for got, want in zip(given_, wants, strict=True) if got < want * (1 - 1e-9)]
    assert all(got == pytest.approx(max(given_), abs=1e-6) for got in short)


def test_costs_are_found_again_from_points_that_have_them() -> None:
    turns = [point(turn_events=n, events=1_000, calls=3_000 // n * 1) for n in (1, 10, 100)]
    doors = [
        replace(
            point(turn_events=1, events=1_000, calls=0),
            kind="door",
            cpu_s={part: cost.of(1_000, 0) for part, cost in COSTS.door.items()},
        )
    ]
    found = Costs.of(
        Measured(
            machine="made up",
            points=[*doors, *turns],
            idle=[Idle(portals=10, processes=1, took_s=2.0, cpu_s={"worker": 2e-4, "store": 2e-5})],
            bytes=COSTS.bytes,
        )
    )
    for part, cost in COSTS.applying.items():
        assert found.applying[part].event_s == pytest.approx(cost.event_s)
        assert found.applying[part].call_s == pytest.approx(cost.call_s)
    assert found.door["web"].event_s == pytest.approx(COSTS.door["web"].event_s)
    assert found.idle == pytest.approx(COSTS.idle)


@given(st.integers(1, 20_000), st.floats(0.0, 2.0))
def test_groups_are_all_portals_and_the_whole_load(portals: int, skew: float) -> None:
    found = skewed(portals, per_s=1_000.0, skew=skew)
    assert sum(each.portals for each in found) == portals
    assert sum(each.portals * each.per_s for each in found) == pytest.approx(1_000.0)
    assert all(more.per_s >= less.per_s * (1 - 1e-9) for more, less in pairwise(found))


def test_what_is_kept_longer_needs_more_stores() -> None:
    def stores(days: float) -> int:
        return size(
            [Group(portals=10, per_s=20.0)],
            COSTS,
            turns=Turns(),
            quota=Quota(),
            machine=Machine(),
            kept=Kept(handled_s=days * DAY_S, clocks_s=0.0),
        ).stores

    # 200 events a second of 1,200 bytes for a day are 20.7 GB; 12 GB of a machine are used.
    assert [stores(days) for days in (0.25, 1, 7)] == [1, 2, 13]


@pytest.mark.parametrize(
    ("changed", "limit"),
    [
        ({"calls_per_s": 5, "calls": 47}, "the quota: 4.70 of 5 calls/s"),
        ({"busy_s": 19.5}, "the machine's cores: 1.95 of 2 busy"),
        (
            {"cpu_s": {"worker": 3.0, "store": 9.5, "sandbox": 1.0}},
            "the store: 0.95 of 1 thread busy",
        ),
        ({"cpu_s": {"worker": 9.3, "store": 1.0}}, "the worker's own process: 0.93 of 1 busy"),
        ({"held": 0.97}, "waiting for calls, one writer a portal: 0.97 of 1 written to"),
        (
            {"portals": 200, "threads": 4, "held": 3.9},
            "waiting for calls, threads of the workers: 3.90 of 4 in use",
        ),
        (
            {"held": 0.6},
            "waiting for calls, one writer a portal: 0.60 of 1 written to (nothing is used up)",
        ),
    ],
    ids=["quota", "cores", "store", "process", "one-writer", "threads", "nothing"],
)
def test_a_point_names_what_is_used_up(changed: dict[str, object], limit: str) -> None:
    point_ = replace(point(turn_events=100, events=1_000, calls=30), **changed)  # type: ignore[arg-type]
    assert point_.limit() == limit


def point(*, turn_events: int, events: int, calls: int) -> Point:
    """A point of one worker on one portal, 10 s long, with the costs of above."""
    return Point(
        kind="workers",
        processes=1,
        threads=16,
        turn_events=turn_events,
        cores=2,
        took_s=10.0,
        events=events,
        calls=calls,
        cpu_s={part: cost.of(events, calls) for part, cost in COSTS.applying.items()},
        busy_s=10.0,
    )
