"""The memory of each process: idle, and at most while deliveries come in and are applied."""

import argparse
import threading
from pathlib import Path

from tests.bench import door
from tests.bench.idle import deliver, start_all
from tests.bench.load import arrival
from tests.bench.rig import Rig, rig, until
from tests.bench.tables import Table
from tests.bench.usage import family

KIB = 1024
LOOK_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--load", type=int, default=10_000, metavar="EVENTS")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    with rig() as found:
        port = start_all(found)
        deliver(found, port, number=10**6, run_="warm")
        processes = _processes(found)
        idle = {name: _resident(pids) for name, pids in processes.items()}
        most = dict(idle)
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_S):
                for name, pids in _processes(found).items():
                    most[name] = max(most[name], _resident(pids))

        looking = threading.Thread(target=look)
        looking.start()
        before = found.done()
        bodies = [arrival("contact", number, run="load").body for number in range(options.load)]
        per_s = door.rate(port, [request(body) for body in bodies], status=b"202")
        until(lambda: found.done() - before >= options.load, what="all applied", within_s=120)
        over.set()
        looking.join()
    table = Table(
        title=f"Memory, idle and under {options.load:,} deliveries ({per_s:,.0f} a second)",
        head=("", "processes", "idle MiB", "most MiB"),
    )
    for name, pids in processes.items():
        table.add(name, str(len(pids)), f"{idle[name]:.0f}", f"{most[name]:.0f}")
    table.notes.append(
        "Resident, summed over the processes of a kind; pages that they share are counted once "
        "for each sharer's part. The sandbox keeps every record."
    )
    table.show()


def request(body: bytes) -> bytes:
    """Return a delivery as it goes over the wire."""
    head = (
        "POST /hooks/contact HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _processes(found: Rig) -> dict[str, list[int]]:
    """Return the ids of each kind's processes."""
    kinds = {name: family(process.pid) for name, process in found.processes.items()}
    return {**kinds, "store": [found.store.process.pid], "sandbox": [found.sandbox_pid]}


def _resident(pids: list[int]) -> float:
    """Return the MiB that processes keep in memory, a shared page divided among its sharers."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
        total += int(line.split()[1])
    return total / KIB
