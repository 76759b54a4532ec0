"""Hookline's own processes on a store that may fail over, senders that never give up, an audit."""

import hashlib
import hmac
import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from app.cli.environment import command
from app.cli.ports import free_port
from app.cli.processes import Started, launcher
from app.cli.provisioning import provide
from app.cli.wire import answers, ask
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.chaos.audit import audit
from tests.chaos.system import SECRET, SOURCE
from tests.store_servers.servers import eventually
from workers.errors import Retryable, StoreDown
from workers.runtime import Runtime
from workers.store import Store

SENDERS = 4
PACE_S = 0.02
SETTLED_S = 40.0
KEPT = (200, 202)
CONFIG = """\
store: {store}
broker: {broker}
{sync}
sources: .
lease_s: 1
slice_s: 1
turn_events: 50
retry_first_s: 0.1
retry_ceiling_s: 1
portals:
{portals}
endpoints:
{endpoints}
"""
PORTAL = "  {name}: {{base_url: {crm}, token: t, calls_per_window: 100000, searches_per_s: 1000}}"
ENDPOINT = "  {name}: {{source: chaos, portal: {name}, secret: {secret}}}"


@dataclass(slots=True, kw_only=True)
class Plant:
    """A door and a worker; what was accepted, and how the door answered."""

    url: str
    crm: str
    portals: Sequence[str]
    store: Store
    accepted: dict[str, dict[str, object]] = field(default_factory=dict)
    said: Counter[int] = field(default_factory=Counter)
    _number: Iterator[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def load(self) -> Iterator[None]:
        """Let senders send while the block lasts; each event until it is accepted."""
        enough = threading.Event()
        with ThreadPoolExecutor(SENDERS) as pool:
            sending = [pool.submit(self._send, random.Random(n), enough) for n in range(SENDERS)]  # noqa: S311
            try:
                yield
            finally:
                enough.set()
            for each in sending:
                each.result()

    def _send(self, chance: random.Random, enough: threading.Event) -> None:
        while not enough.wait(PACE_S):
            with self._lock:
                number = next(self._number)
            portal = self.portals[number % len(self.portals)]
            body: dict[str, object] = {
                "id": f"e{number}",
                "type": chance.choice(("visited", "bought")),
                "email": f"{portal}.{chance.randrange(6)}@x.example",
                "at": 1_700_000_000 + chance.randrange(1_000),
            }
            eventually(lambda p=portal, b=body: self.deliver(p, b), what="it is accepted")  # type: ignore[misc]

    def deliver(self, portal: str, body: dict[str, object]) -> bool:
        """Send an event once; True if it was accepted."""
        text = json.dumps(body).encode()
        signature = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": signature}
        try:
            said = ask(
                f"{self.url}/hooks/{portal}", method="POST", headers=headers, body=text, timeout_s=5
            )
        except Retryable:
            return False
        with self._lock:
            self.said[said.status] += 1
            if said.status in KEPT:
                found = said.json()
                assert isinstance(found, dict)
                self.accepted[str(found["id"])] = body
        return said.status in KEPT

    def sent(self, at_least: int) -> None:
        """Wait until so many more were accepted."""
        until = len(self.accepted) + at_least
        eventually(lambda: len(self.accepted) >= until, what=f"{at_least} more are accepted")

    def audit(self) -> list[str]:
        """Return what is lost, doubled or wrong once nothing waits any more."""
        eventually(self._idle, what="every event is handled", within_s=SETTLED_S)
        return audit(self.crm, self.accepted.values())

    def _idle(self) -> bool:
        try:
            return all(self.store.backlog(each).waiting == 0 for each in self.portals)
        except StoreDown:
            return False


@contextmanager
def plant(
    folder: Path, project: Path, *, store: str, broker: str, portals: Sequence[str], sync: str = ""
) -> Iterator[Plant]:
    """Start a door and a worker on this store, and a CRM; end them after the block."""
    with ExitStack() as stack:
        crm = stack.enter_context(Server(Options(tier="unlimited"))).url
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "chaos.yaml").write_text(SOURCE, "utf-8")
        config = CONFIG.format(
            store=store,
            broker=broker,
            sync=sync,
            portals="\n".join(PORTAL.format(name=each, crm=crm) for each in portals),
            endpoints="\n".join(ENDPOINT.format(name=each, secret=SECRET) for each in portals),
        )
        (folder / "config.yaml").write_text(config, "utf-8")
        ours = ("REDIS_URL", "BROKER_URL", "SANDBOX_URL")
        environ = {
            **{name: value for name, value in os.environ.items() if name not in ours},
            "HOOKLINE_CONFIG": str(folder / "config.yaml"),
            "PYTHONPATH": str(project),
        }
        runtime = Runtime.build(environ)
        stack.callback(runtime.store.close)
        provide(runtime, portals[0], say=lambda _: None)
        for portal in portals[1:]:
            runtime.store.forget_schema(portal)
        port = free_port()
        for name, args in (
            ("worker", ("worker", "--threads", "2")),
            ("web", ("web", "--port", str(port), "--workers", "1")),
        ):
            process = launcher(command(*args), environ=environ, log=folder / f"{name}.log")()
            stack.callback(_end, process)
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(f"{url}/readyz"), what=f"ready: see {folder}/*.log")
        yield Plant(url=url, crm=crm, portals=portals, store=runtime.store)


def _end(process: Started) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
