"""How fast is the door, beside a view that does nothing and doors that publish a task each?"""

import argparse
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.cli.services import WEB_THREADS
from tests.app import serving
from tests.bench.tables import Table
from workers import signatures
from workers.signatures import Request
from workers.store import Store
from workers.store.embedded import EmbeddedStore

ROOT = Path(__file__).parent.parent.parent
CONNECTIONS = 16
WARMING = 300  # deliveries before it is measured
ROUNDS = 4  # in turns, and the best of each: others may use the machine as well
DOORS = {
    "a view that does nothing": "/hooks/-/noop",
    "the door: verified, deduplicated, kept": "/hooks/stripe",
    "the same, and a Celery task for each event": "/hooks/-/each/stripe",
    "verified, and a Celery task: nothing kept": "/hooks/-/task/stripe",
}
BODY = (
    '{"id":"evt_%s","object":"event","api_version":"2025-09-30","created":1790000100,'
    '"livemode":true,"type":"invoice.paid","data":{"object":{"id":"in_%s","object":"invoice",'
    '"number":"AC-0007","customer":"cus_A1","customer_email":"zoe@acme.example",'
    '"customer_name":"Acme","amount_paid":12900,"currency":"nok","status":"paid",'
    '"status_transitions":{"paid_at":1790000099},"hosted_invoice_url":"https://pay.example/i/7",'
    '"lines":{"data":[{"description":"Pro plan","amount":12900}]}}}}'
)


def deliveries(path: str, count: int) -> list[bytes]:
    """Signed deliveries, each of an event of its own, as they go over the wire."""
    settings = serving.settings_of("redis://127.0.0.1:1")
    scheme = serving.runtime(settings).sources["stripe"].scheme
    now = serving.now()
    run = os.urandom(4).hex()
    found: list[bytes] = []
    for number in range(count):
        body = (BODY % (f"{run}{number}", number)).encode()
        request = Request.of(url=f"{serving.URL}/hooks/stripe", body=body)
        added = signatures.sign(scheme, request, secret=serving.SECRET, now=now)
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in added.items()),
        ]
        found.append("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return found


def complete(reply: bytes) -> bool:
    """Return whether the whole of an answer is there."""
    head, found, body = reply.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(found) and len(body) >= int(length or 0)


def rate(port: int, requests: Sequence[bytes], *, status: bytes) -> float:
    """Return how many requests a second are answered, over connections that stay open."""
    waiting = iter(requests)
    answered = 0
    replies: dict[socket.socket, bytes] = {}
    with selectors.DefaultSelector() as selector:
        for request in (next(waiting) for _ in range(CONNECTIONS)):
            each = socket.create_connection(("127.0.0.1", port))
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(each, selectors.EVENT_READ)
            each.sendall(request)
        began = time.perf_counter()
        while answered < len(requests):
            for key, _ in selector.select():
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                reply = replies.pop(sock, b"") + sock.recv(65_536)
                if not complete(reply):
                    replies[sock] = reply
                    continue
                assert reply.startswith(b"HTTP/1.1 " + status), reply[:200]
                answered += 1
                following = next(waiting, None)
                if following is not None:
                    sock.sendall(following)
        took_s = time.perf_counter() - began
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return len(requests) / took_s


@contextmanager
def serve(
    store_url: str,
    *,
    workers: int,
    threads: int,
    factory: str = "tests.bench.doors:application",
) -> Iterator[int]:
    """Serve the application as it is served in production; yield the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)),
            *("--blocking-threads", str(threads), factory),
        ],
        cwd=ROOT,
        env={**os.environ, "HOOKLINE_TEST_STORE": store_url, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(lambda: _listens(port))
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError("the server does not answer")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as each:
            each.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return each.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--events", type=int, default=6_000, help="at each door")
    parser.add_argument("--workers", type=int, default=1, help="processes of the web server")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    with (
        tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder,
        EmbeddedStore.start(Path(folder)) as server,
        serve(server.url, workers=options.workers, threads=WEB_THREADS) as port,
    ):
        for path in DOORS.values():
            rate(port, deliveries(path, WARMING), status=b"202")
        rates = dict.fromkeys(DOORS, 0.0)
        for _ in range(ROUNDS):
            for name, path in DOORS.items():
                sent = deliveries(path, options.events // ROUNDS)
                rates[name] = max(rates[name], rate(port, sent, status=b"202"))
        store = Store.of(serving.settings_of(server.url))
        kept = store.counts(serving.PORTAL)["accepted"]
        store.close()
    sent_each = options.events // ROUNDS * ROUNDS + WARMING
    assert kept == 2 * sent_each, f"{kept} events are in the store"
    noop, ours, *_ = rates.values()
    table = Table(
        title=f"The door: {options.events:,} signed deliveries, {CONNECTIONS} connections, "
        f"web workers: {options.workers}",
        head=("", "a second", "÷ no-op", "the door ÷ it"),
    )
    for name, per_s in rates.items():
        table.add(name, f"{per_s:,.0f}", f"{per_s / noop:.2f}", f"{ours / per_s:.2f}")
    table.notes.append(
        f"The best of {ROUNDS} rounds each, in turns. The client shares the cores with the server "
        "and the store."
    )
    table.show()
