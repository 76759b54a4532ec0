"""How long from a delivery until it is applied, when nothing else is to be done."""

import argparse
import http.client
import time

from app.cli.ports import free_port
from app.cli.wire import answers
from tests.bench.load import arrival
from tests.bench.rig import LATENCY_S, Rig, rig, until
from tests.bench.tables import Table, percentile

POLL_S = 0.001
SETTLED_S = 0.05  # between two deliveries, so that each finds an idle system


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--deliveries", type=int, default=60, metavar="EVENTS")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = Table(
        title=f"Idle: from POST to applied, {LATENCY_S * 1000:.0f} ms a call, "
        f"{options.deliveries} deliveries one after the other",
        head=("", "p50 ms", "p99 ms", "most ms", "calls"),
    )
    with rig() as found:
        port = start_all(found)
        found.latency(LATENCY_S)
        deliver(found, port, number=10**6, run_="warm")
        for records in ("unknown", "known"):
            found.count_anew()
            took = [
                deliver(found, port, number=number, run_=records) * 1000
                for number in range(options.deliveries)
            ]
            table.add(
                f"{records} records",
                f"{percentile(took, 0.5):.0f}",
                f"{percentile(took, 0.99):.0f}",
                f"{max(took):.0f}",
                f"{found.calls() / len(took):.2f}",
            )
    table.notes.append("Each delivery is one event of upsert + note + pin; calls are an event's.")
    table.show()


def start_all(found: Rig, *, web_workers: int = 2) -> int:
    """Start the real worker and web server; return the port of the latter."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    found.hookline(
        *("web", "web", "--port", str(port), "--workers", str(web_workers)),
        ready=lambda: answers(f"{url}/healthz"),
    )
    found.hookline("worker", "worker", ready=lambda: answers(f"{url}/readyz"))
    return port


def deliver(found: Rig, port: int, *, number: int, run_: str) -> float:
    """Deliver one event and wait until it is applied; return the seconds."""
    before = found.done()
    body = arrival("contact", number, run=run_).body
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    connection.request("POST", "/hooks/contact", body, {"Content-Type": "application/json"})
    said = connection.getresponse()
    answer = said.read()
    assert said.status == http.client.ACCEPTED, answer
    until(lambda: found.done() > before, what="the event is applied", every_s=POLL_S)
    took_s = time.perf_counter() - began
    connection.close()
    time.sleep(SETTLED_S)
    return took_s
