"""The soak: at 70 % of what this machine can do, with mishaps, nothing grows and nothing is lost.

python -m tests.soak [--minutes N] [--seed N] [--csv FILE]
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import redis

from app.cli.environment import environ
from app.cli.ports import free_port
from app.cli.processes import launcher
from app.cli.wire import answers, ask
from tests.bench.rig import ROOT, until
from tests.bench.tables import Table, machine, say
from tests.chaos.audit import records
from tests.chaos.system import System, eventually, system
from tests.soak.flatness import Judgement
from tests.soak.load import Load, load
from tests.soak.mishaps import Mishaps
from tests.soak.setting import FILES, PORTALS
from tests.soak.verdict import (
    FAULTS,
    grown,
    latencies,
    lost_or_doubled,
    overloaded,
    swollen,
    unaccounted,
    unjudged,
)
from tests.soak.watch import Watch, watching
from workers.celery import TRIM
from workers.errors import StoreDown
from workers.runtime import Runtime

TIER = "starter"  # 100 calls in 10 s
SHARE = 0.7  # of the capacity
LEAD_S = 4.0  # of a flood, until it is measured
MEASURED_S = 20.0  # two whole windows of the quota
ROUTINE_S = 5.0  # as often, to what is kept for a minute, as ten minutes are to days
WARM_SHARE, WARM_S = 0.42, 660.0  # until it is judged: longer than any key lives, if there is time
DRAINED_S = 120.0
RECORDS_S = 600.0
QUIET = ("threads: ", "files: ", "elements: ", "keys: ")


def main(arguments: list[str] | None = None) -> int:
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", type=Path, help="where to write every reading")
    options = parser.parse_args(arguments)
    say(machine())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hookline-soak-")))
        crms = [stack.enter_context(_sandbox(folder, name)) for name in PORTALS]
        running = stack.enter_context(
            system(
                folder,
                ROOT,
                crm=crms[0],
                files=FILES,
                environ={"EMEA_URL": crms[1]},
                web_workers=2,
                steppable=False,
            )
        )
        runtime = Runtime.build(running.environ)
        stack.callback(runtime.store.close)
        senders = stack.enter_context(
            load(port=running.web_port, store_url=running.environ["REDIS_URL"], seed=options.seed)
        )
        return _soak(running, runtime, senders, crms, options)


def _soak(
    running: System,
    runtime: Runtime,
    senders: Load,
    crms: Sequence[str],
    options: argparse.Namespace,
) -> int:
    began = time.time()
    watch = Watch(running=running, began=began)
    mishaps = Mishaps(
        running=running,
        client=redis.Redis.from_url(running.environ["REDIS_URL"]),
        crms=crms,
        chance=random.Random(f"mishaps {options.seed}"),  # noqa: S311 (repeatable, not secret)
        began=began,
    )
    mishaps.calm()
    with watching(watch, running.environ["REDIS_URL"]), _routine(runtime, running):
        per_s = _capacity(senders)
        offered_s = time.time() - began
        end_s = offered_s + options.minutes * 60
        say(
            f"\ncapacity {per_s:,.0f} deliveries a second; {SHARE:.0%} of it from second "
            f"{offered_s:.0f} to {end_s:.0f}"
        )
        senders.offer(SHARE * per_s)
        mishaps.until(end_s, since_s=offered_s)
        senders.offer(0)
        mishaps.calm()
        eventually(lambda: senders.told()[1] == 0, what="all is answered", within_s=DRAINED_S)
        eventually(
            lambda: _drained(runtime), what="every event is in a final state", within_s=DRAINED_S
        )
        drained_s = time.time() - began
    counts = {portal: runtime.store.counts(portal) for portal in PORTALS}
    deliveries = senders.end()
    held = {p: records(crm, timeout_s=RECORDS_S) for p, crm in zip(PORTALS, crms, strict=True)}
    for name, reading in latencies(held, deliveries, began=began):
        watch.series[name].append(reading)
    if options.csv:
        watch.write(options.csv)
    warm_s = offered_s + min(WARM_S, WARM_SHARE * options.minutes * 60)
    judgements = grown(watch, mishaps.happened, since_s=warm_s, until_s=end_s)
    faults = {
        "overloaded": overloaded(watch, mishaps.happened, measured_s=offered_s),
        "lost or doubled": lost_or_doubled(held, deliveries),
        "not accounted for": unaccounted(counts, deliveries),
        "ended by itself": [f"{name}, {n} times" for name, n in running.fell.items()],
        "not seen": watch.faults,
        "grown": [str(each) for each in judgements if not each.flat],
    }
    if any(each.name.startswith("store: used") and not each.flat for each in judgements):
        faults["grown"] += swollen(watch, since_s=warm_s, until_s=end_s)
    for each in mishaps.happened:
        say(f"  {each.since_s:6.0f} s  {each.what} ({each.until_s - each.since_s:.1f} s)")
    _show(judgements)
    for kind, life_s in unjudged(watch, since_s=warm_s).items():
        say(f"keys: {kind} live for {life_s:.0f} s: not judged in so short a time")
    say(
        f"\n{len(deliveries):,} deliveries; {_sum(counts)}; {len(mishaps.happened)} mishaps; "
        f"seed {options.seed}; all handled {drained_s - end_s:.1f} s after the last was due"
    )
    return _told(faults)


def _capacity(senders: Load) -> float:
    """Return how many deliveries a second are taken and handled, as many as there may be."""
    senders.flood()
    _wait(LEAD_S)
    before, _ = senders.told()
    began = time.monotonic()
    _wait(MEASURED_S)
    after, _ = senders.told()
    return (after - before) / (time.monotonic() - began)


def _drained(runtime: Runtime) -> bool:
    try:
        return all(runtime.store.backlog(portal).waiting == 0 for portal in PORTALS)
    except StoreDown:
        return False


@contextmanager
def _routine(runtime: Runtime, running: System) -> Iterator[None]:
    """Now and then ask for the metrics, and have dropped what is past its time of retention."""
    over = threading.Event()

    def look_after() -> None:
        while not over.wait(ROUTINE_S):
            with suppress(Exception):  # something is away: the next time, then
                runtime.celery.send_task(TRIM, ignore_result=True)
                ask(f"{running.url}/metrics", timeout_s=ROUTINE_S)

    thread = threading.Thread(target=look_after, name="routine", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _sandbox(folder: Path, name: str) -> Iterator[str]:
    """Start a CRM as a process of its own; yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-P", "-m", "app.sandbox", "--port", str(port), "--tier", TIER]
    process = launcher(
        command,
        environ={**environ(), "PYTHONPATH": str(ROOT)},
        log=folder / f"{name}.log",
    )()
    try:
        until(lambda: answers(f"{url}/_sandbox/ready"), what=f"the sandbox of {name}")
        yield url
    finally:
        process.terminate()
        process.wait()


def _show(judgements: Sequence[Judgement]) -> None:
    table = Table(
        title="Grown, from the end of the warm-up to the last delivery",
        head=("", "level", "grown", "allowed", "unit"),
    )
    few = 0
    for each in judgements:
        telling = not each.name.startswith(QUIET) or (each.growth or 0) > each.allowed / 2
        if not telling:
            few += 1
            continue
        growth = "not told" if each.growth is None else f"{each.growth:+,.1f}"
        table.add(each.name, f"{each.level:,.1f}", growth, f"{each.allowed:,.1f}", each.unit)
    table.notes.append(
        f"{few} further series (threads, files, kinds of keys) grew by less than half of that."
    )
    table.show()


def _sum(counts: Mapping[str, Mapping[str, int]]) -> str:
    total = sum((Counter(each) for each in counts.values()), Counter[str]())
    return ", ".join(f"{n:,} {name}" for name, n in sorted(total.items()) if n)


def _told(faults: Mapping[str, Sequence[str]]) -> int:
    """Say what is wrong; return the exit status."""
    for kind, each in faults.items():
        for fault in each[:FAULTS]:
            say(f"{kind}: {fault}")
        if len(each) > FAULTS:
            say(f"{kind}: and {len(each) - FAULTS} more")
    wrong = any(faults.values())
    say("\nFAILED" if wrong else "\nNothing lost, nothing doubled, nothing grown")
    return 1 if wrong else 0


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


if __name__ == "__main__":
    sys.exit(main())
