"""Every process is replaced, one after another, under load: no delivery is refused for that.

The portal has no property of ours, so that whatever a worker leaves half done would be *unknown*.
"""

import hashlib
import hmac
import itertools
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.cli.environment import command
from app.cli.ports import free_port
from app.cli.processes import Started, launcher
from app.cli.wire import answers, ask
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.chaos.audit import audit
from tests.chaos.system import FILES, PORTAL, SECRET, eventually
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.store import Store
from workers.store.embedded import EmbeddedStore
from workers.store.keys import portal_key
from workers.store.versions import CURRENT

LATENCY_S = 0.02
SENDERS, PAUSE_S = 4, 0.05
PEOPLE = 25
STOPS_S = 40.0
DRAINED = '"event":"drain"'
WEBS, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2")


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Two web processes behind a balancer, two workers, one store."""

    folder: Path
    environ: dict[str, str]
    ports: dict[str, int]
    running: dict[str, Started] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)  # what the balancer sends to
    _next: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, name: str) -> None:
        args: tuple[str, ...] = ("worker", "--threads", "2")
        if name in WEBS:
            args = ("web", "--port", str(self.ports[name]), "--workers", "1", "--no-admin")
        start = launcher(command(*args), environ=self.environ, log=self.log(name))
        self.running[name] = start()

    def put_in(self, name: str) -> None:
        """Let the balancer send to a web process once it is ready, as a probe would."""
        url = f"http://127.0.0.1:{self.ports[name]}/readyz"
        eventually(lambda: answers(url), what=f"{name} is ready")
        with self._lock:
            self.inside.add(name)

    def take_out(self, name: str) -> None:
        with self._lock:
            self.inside.discard(name)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def stop(self, name: str) -> int:
        """Send SIGTERM, to a worker once it works, and return the exit code."""
        if name in WORKERS:
            eventually(lambda: DRAINED in self.log(name).read_text(), what=f"{name} works")
            self.log(name).unlink()  # what its successor says is in another
        process = self.running.pop(name)
        process.terminate()
        return process.wait(STOPS_S)

    def port(self) -> int:
        """The balancer's choice."""
        with self._lock:
            inside = sorted(self.inside)
            return self.ports[inside[next(self._next) % len(inside)]]

    def end(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(STOPS_S)


@pytest.fixture
def crm() -> Iterator[Server]:
    with Server(Options(tier="unlimited")) as server:
        server.sandbox.faults.slow({"delay_s": LATENCY_S})
        yield server


@pytest.fixture
def fleet(tmp_path: Path, project: Path, crm: Server) -> Iterator[Fleet]:
    with ExitStack() as stack:
        store = stack.enter_context(EmbeddedStore.start(tmp_path / "store"))
        for name, text in FILES.items():
            (tmp_path / name).write_text(text, "utf-8")
        found = Fleet(
            folder=tmp_path,
            environ={
                **{k: v for k, v in os.environ.items() if k != "BROKER_URL"},
                "HOOKLINE_CONFIG": str(tmp_path / "config.yaml"),
                "REDIS_URL": store.url,
                "SANDBOX_URL": crm.url,
                "PYTHONPATH": str(project),
            },
            ports={name: free_port() for name in WEBS},
        )
        stack.callback(found.end)
        for name in (*WORKERS, *WEBS):
            found.start(name)
        for name in WEBS:
            found.put_in(name)
        yield found


@pytest.fixture
def store(fleet: Fleet) -> Iterator[Store]:
    runtime = Runtime.build(fleet.environ)
    yield runtime.store
    runtime.store.close()


def signed(body: dict[str, object]) -> tuple[bytes, dict[str, str]]:
    text = json.dumps(body).encode()
    signature = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    return text, {"Content-Type": "application/json", "X-Signature": signature}


def visit(id: str, number: int) -> dict[str, object]:
    kind = "bought" if number % 5 == 0 else "visited"
    email = f"p{number % PEOPLE}@x.example"
    return {"id": id, "type": kind, "email": email, "at": time.time()}


@contextmanager
def load(fleet: Fleet) -> Iterator[tuple[dict[str, dict[str, object]], Counter[int]]]:
    """Deliveries all the time: what was accepted, by our id, and every answer."""
    accepted: dict[str, dict[str, object]] = {}
    said: Counter[int] = Counter()
    enough, numbers, lock = threading.Event(), itertools.count(), threading.Lock()

    def send() -> None:
        while not enough.wait(PAUSE_S):
            number = next(numbers)
            body = visit(f"e{number}", number)
            text, headers = signed(body)
            url = f"http://127.0.0.1:{fleet.port()}/hooks/chaos"
            answer = ask(url, method="POST", headers=headers, body=text, timeout_s=30)
            found = answer.json()
            assert isinstance(found, dict), answer
            with lock:
                said[answer.status] += 1
                accepted[str(found["id"])] = body

    with ThreadPoolExecutor(SENDERS) as pool:
        senders = [pool.submit(send) for _ in range(SENDERS)]
        try:
            yield accepted, said
        finally:
            enough.set()
        for each in senders:
            each.result()  # raises what went wrong


def went_on(accepted: dict[str, dict[str, object]], *, by: int = 50) -> None:
    """Wait until so many more were accepted."""
    goal = len(accepted) + by
    eventually(lambda: len(accepted) >= goal, what=f"{goal} events are accepted")


def check(
    crm: Server, store: Store, accepted: dict[str, dict[str, object]], said: Counter[int]
) -> None:
    """Nothing was refused, lost, doubled, or left unknown."""
    assert set(said) == {202}
    eventually(lambda: store.backlog(PORTAL).waiting == 0, what="every event is handled")
    events = [event for id in accepted if (event := store.event(id)) is not None]
    assert len(events) == len(accepted)
    standings = store.standings(events).values()
    assert Counter(each.state for each in standings) == {EventState.DONE: len(accepted)}
    assert audit(crm.url, accepted.values()) == []


def version(store: Store) -> int | None:
    form = store.form()
    return form.version if form else None


def test_no_delivery_is_refused_and_nothing_lost_or_doubled_while_all_are_replaced(
    fleet: Fleet, store: Store, crm: Server
) -> None:
    with load(fleet) as (accepted, said):
        for name in WORKERS:
            went_on(accepted)
            assert fleet.stop(name) == 0
            fleet.start(name)
        for name in WEBS:
            went_on(accepted)
            fleet.take_out(name)
            assert fleet.stop(name) == 0
            fleet.start(name)
            fleet.put_in(name)
        went_on(accepted)
    check(crm, store, accepted, said)


def test_a_new_version_carries_the_store_over_beside_the_old(
    fleet: Fleet, store: Store, crm: Server
) -> None:
    with load(fleet) as (accepted, said):
        went_on(accepted)
        store.redis.delete(portal_key("", "schema"))  # as the first version leaves it
        for name in WORKERS:
            assert fleet.stop(name) == 0
            fleet.start(name)
        eventually(lambda: version(store) == CURRENT, what="the store is carried over")
        went_on(accepted)
    check(crm, store, accepted, said)


def test_a_worker_that_is_told_to_stop_leaves_its_portal_to_the_other_at_once(
    fleet: Fleet, store: Store
) -> None:
    with load(fleet) as (accepted, _):
        went_on(accepted)
        for name in WORKERS:
            assert fleet.stop(name) == 0
    assert not store.leased(PORTAL)
    intents = [store.redis.get(key) for key in store.redis.keys(portal_key(PORTAL, "intent", "*"))]
    assert intents
    assert [each for each in intents if each.startswith(b"@")] == []


def test_a_request_under_way_is_answered_though_its_process_is_told_to_stop(
    fleet: Fleet, store: Store
) -> None:
    text, headers = signed(visit("slow", 1))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /hooks/chaos HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n{head}\r\n"
    idle = socket.create_connection(("127.0.0.1", fleet.ports["web-1"]), 30)
    with idle, socket.create_connection(("127.0.0.1", fleet.ports["web-1"]), 30) as slow:
        slow.sendall(head.encode() + text[:5])
        url = f"http://127.0.0.1:{fleet.ports['web-1']}/healthz"
        eventually(lambda: answers(url), what="what came later is answered")
        fleet.running["web-1"].terminate()
        eventually(lambda: not answers(url), what="no new request is taken")
        slow.sendall(text[5:])
        assert slow.recv(1_000).startswith(b"HTTP/1.1 202")
    assert fleet.running.pop("web-1").wait(STOPS_S) == 0
    assert store.counts(PORTAL)["accepted"] == 1


def test_no_child_of_a_killed_web_process_keeps_its_port(fleet: Fleet) -> None:
    url = f"http://127.0.0.1:{fleet.ports['web-1']}/healthz"
    process = fleet.running.pop("web-1")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(STOPS_S)
    eventually(lambda: not answers(url), what="nobody answers")
    fleet.start("web-1")
    fleet.put_in("web-1")
