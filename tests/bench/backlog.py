"""End to end on a backlog: events a second and calls an event, beside plain Celery tasks."""

import argparse
import cProfile
import pstats
import sys
import time

from tests.bench import plain
from tests.bench.load import Drained, arrival, drain_all, fill
from tests.bench.rig import LATENCY_S, THREADS, rig, until
from tests.bench.tables import Table, say

PROFILED = 3_000
LONGEST = 20

# What a turn does, by the functions that do it (file, name); none of them runs inside another.
PHASES = (
    ("reading what waits", "store/waiting.py", "take"),
    ("translating", "pipeline.py", "translated"),
    ("looking up ids and clocks", "lookup.py", "look_up"),
    ("planning, and waiting for the CRM", "pipeline.py", "carry_out"),
    ("settling", "pipeline.py", "settle"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--backlog", type=int, default=10_000, metavar="EVENTS")
    parser.add_argument("--plain", type=int, default=300, metavar="EVENTS")


def run(options: argparse.Namespace) -> None:
    """Print the tables."""
    cases: list[tuple[str, Drained]] = []
    for endpoint, added in (("contact", ""), ("company", ", company by domain, association")):
        with rig(slice_s=600) as found:
            found.latency(LATENCY_S)
            for records in ("unknown", "known"):
                fill(found, endpoint, options.backlog, run=records)
                cases.append((f"{records} records{added}", drain_all(found)))
    plain_per_s, plain_calls = _plain(options.plain)
    table = Table(
        title=f"Backlog: {options.backlog:,} events of upsert + note + pin, "
        f"{LATENCY_S * 1000:.0f} ms a call, {THREADS} CRM threads",
        head=("", "events/s", "calls/event", "× plain"),
    )
    for name, done in cases:
        table.add(
            name,
            f"{done.per_s:,.0f}",
            f"{done.calls_an_event:.4f}",
            f"{done.per_s / plain_per_s:.1f}",
        )
    table.add(
        f"a Celery task for each event ({options.plain} events)",
        f"{plain_per_s:,.0f}",
        f"{plain_calls:.4f}",
        "1.0",
    )
    table.notes.append("Five contacts share a company. The plain worker has as many threads.")
    table.show()
    _where_time_goes(options)


def _plain(events: int) -> tuple[float, float]:
    """Return the events a second of plain tasks, and the calls an event."""
    with rig() as found:
        found.latency(LATENCY_S)
        environ = {**found.environ, "REDIS_URL": found.store.url}
        found.environ = environ
        app = plain.application(found.store.url)

        def publish(number: int, run_: str) -> None:
            body = arrival("contact", number, run=run_).body.decode()
            app.send_task(plain.TASK, args=[body], ignore_result=True)

        publish(events, "warm")
        found.count_anew()
        found.start(
            "plain",
            [
                *(sys.executable, "-m", "celery", "-A", "tests.bench.plain", "worker"),
                *("--pool", "threads", "--concurrency", str(THREADS), "-Q", "plain"),
                *("--loglevel", "warning", "--without-gossip", "--without-mingle"),
            ],
            ready=lambda: found.calls() == 3,
        )
        found.count_anew()
        began = time.perf_counter()
        for number in range(events):
            publish(number, "plain")
        until(lambda: found.calls() >= 3 * events, what="the plain tasks", within_s=300)
        took_s = time.perf_counter() - began
        app.close()
        return events / took_s, found.calls() / events


def _where_time_goes(options: argparse.Namespace) -> None:
    """Profile a smaller backlog: the profiler itself takes its share of the time."""
    profile = cProfile.Profile()
    with rig(slice_s=600) as found:
        found.latency(LATENCY_S)
        fill(found, "contact", PROFILED, run="profiled")
        profile.enable()
        drain_all(found)
        profile.disable()
    stats = pstats.Stats(profile)
    rows: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = stats.stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in rows.values())
    table = Table(
        title=f"Where the time goes: {PROFILED:,} events of unknown records, under a profiler",
        head=("", "ms/turn", "share"),
    )
    turns = PROFILED / 1_000
    left = whole
    for name, file, function in PHASES:
        taken = sum(
            cumulative
            for (path, _, called), (_, _, _, cumulative, _) in rows.items()
            if path.endswith(f"workers/{file}") and called == function
        )
        left -= taken
        table.add(name, f"{taken / turns * 1e3:,.1f}", f"{taken / whole:.0%}")
    table.add("the rest", f"{left / turns * 1e3:,.1f}", f"{left / whole:.0%}")
    table.notes.append(
        "Of 1,000 events. What other threads do (plans, calls, log lines) is not profiled, "
        "but waited for."
    )
    table.show()
    if options.profile:
        top = sorted(rows.items(), key=lambda row: -row[1][2])[:LONGEST]
        longest = Table(title="The functions that take longest", head=("", "calls", "own ms"))
        for (path, line, called), (_, calls, own, _, _) in top:
            where = f"{'/'.join(path.split('/')[-2:])}:{line} " if line else ""
            longest.add(f"{where}{called}", f"{calls:,}", f"{own * 1e3:,.0f}")
        longest.show()
    say("")
