"""Every process of Hookline for real, to be killed, paused and started again; a CRM far away."""

import hashlib
import hmac
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.environment import command
from app.cli.ports import free_port
from app.cli.processes import Started, launcher
from app.cli.provisioning import provide
from app.cli.wire import Said, answers, ask
from app.sandbox.server import Server
from app.sandbox.web import Options
from workers.errors import HooklineError, Retryable
from workers.runtime import Runtime
from workers.store.embedded import EmbeddedStore

PORTAL = "crm"
SECRET = "a-secret-of-the-tests"
LEASE_S = 1.0
POLL_S = 0.05
PATIENCE_S = 60.0
SOURCE = """\
source: chaos
verify: {scheme: hmac, header: X-Signature, hash: sha256, encoding: hex}
event: {id: "{{ body.id }}", type: "{{ body.type }}", time: "{{ body.at | from_unix }}"}
on:
  visited:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.id }}"}
    - log: note
      activity: notes
      on: [contact]
      set: {hs_note_body: "{{ body.id }}"}
    - pin: note
      to: contact
  bought:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
    - create: deal
      object: deals
      set: {dealname: "{{ body.id }}", pipeline: default, dealstage: closedwon}
    - associate: [deal, contact]
"""
CONFIG = """\
store: redis://127.0.0.1:{store}/0
sources: .
lease_s: {lease_s}
slice_s: 1
turn_events: 25
retry_first_s: 0.1
retry_ceiling_s: 1
portals:
  crm:
    base_url: {crm}
    token: t
    calls_per_window: 100000
    searches_per_s: 1000
    connect_timeout_s: 2
    read_timeout_s: 5
endpoints:
  chaos: {{source: chaos, portal: crm, secret: {secret}}}
"""


def eventually(condition: Callable[[], bool], *, what: str) -> None:
    """Wait until the condition holds; fail if it does not within a long time."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S / POLL_S)):
        if condition():
            return
        waiting.wait(POLL_S)
    raise AssertionError(f"did not happen: {what}")


@dataclass(slots=True, kw_only=True)
class System:
    """What runs, by name: store, web, and two workers that both tick."""

    folder: Path
    server: Server
    store_port: int
    web_port: int
    environ: dict[str, str]
    running: dict[str, Started] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def names(self) -> tuple[str, ...]:
        return ("store", "web", "worker-1", "worker-2")

    def start(self, name: str) -> None:
        """Start one of them. The kernel ends it with the thread that does so."""
        log = self.folder / f"{name}.log"
        if name == "store":
            self.running[name] = EmbeddedStore.start(
                self.folder / "store", port=self.store_port
            ).process
            return
        args: tuple[str, ...]
        if name == "web":
            args = ("web", "--port", str(self.web_port), "--workers", "1")
        else:
            args = ("worker", "--threads", "2")
        self.running[name] = launcher(command(*args), environ=self.environ, log=log)()

    def kill(self, name: str) -> None:
        """Kill it, and all that it started, at once and without mercy."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def pause(self, name: str) -> None:
        os.killpg(self.running[name].pid, signal.SIGSTOP)

    def wake(self, name: str) -> None:
        os.killpg(self.running[name].pid, signal.SIGCONT)

    def ready(self) -> bool:
        return answers(f"{self.url}/readyz")

    def deliver(self, body: dict[str, object]) -> Said | None:
        """Send one signed event as its sender would; None if there was no answer."""
        text = json.dumps(body).encode()
        signature = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": signature}
        try:
            return ask(
                f"{self.url}/hooks/chaos", method="POST", headers=headers, body=text, timeout_s=5
            )
        except Retryable:
            return None


@contextmanager
def system(folder: Path, project: Path) -> Iterator[System]:
    """Everything, up and ready; all of it gone after the block."""
    with Server(Options(tier="unlimited")) as server:
        store_port, web_port = free_port(), free_port()
        (folder / "chaos.yaml").write_text(SOURCE, "utf-8")
        config = CONFIG.format(store=store_port, crm=server.url, secret=SECRET, lease_s=LEASE_S)
        (folder / "config.yaml").write_text(config, "utf-8")
        plain = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "BROKER_URL")}
        environ = {
            **plain,
            "HOOKLINE_CONFIG": str(folder / "config.yaml"),
            "PYTHONPATH": str(project),
        }
        found = System(
            folder=folder,
            server=server,
            store_port=store_port,
            web_port=web_port,
            environ=environ,
        )
        try:
            found.start("store")
            runtime = Runtime.build(environ)
            provide(runtime, PORTAL, say=lambda _: None)
            runtime.store.close()
            for name in found.names[1:]:
                found.start(name)
            eventually(found.ready, what="everything is ready")
            yield found
        finally:
            for name in reversed(list(found.running)):
                with suppress(HooklineError):
                    found.kill(name)
