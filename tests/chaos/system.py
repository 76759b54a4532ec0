"""Every process of Hookline for real, in reach of every trouble; the CRM is somewhere else."""

import hashlib
import hmac
import json
import os
import resource
import signal
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.cli.environment import command
from app.cli.ports import free_port
from app.cli.processes import Started, launcher
from app.cli.provisioning import provide
from app.cli.wire import Said, answers, ask
from tests.chaos.wire import Wire
from workers.errors import HooklineError, Retryable
from workers.runtime import Runtime
from workers.store.embedded import EmbeddedStore

PORTAL = "crm"
SECRET = "a-secret-of-the-tests"
LEASE_S = 1.0
POLL_S = 0.05
PATIENCE_S = 60.0
WORKERS = ("worker-1", "worker-2")
NAMES = ("store", "web", *WORKERS)
LINKS = ("worker-crm", "worker-store", "web-store")
_HEAD = """\
source: chaos
verify: {scheme: hmac, header: X-Signature, hash: sha256, encoding: hex}
event: {id: "{{ body.id }}", type: "{{ body.type }}", time: "{{ body.at | from_unix }}"}
"""
MAPPING = """\
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
      set:
        dealname: "{{ body.id }}"
        pipeline: default
        dealstage: "{{ body.stage or 'closedwon' }}"
    - associate: [deal, contact]
"""
SOURCE = _HEAD + MAPPING
CONFIG = f"""\
store: ${{REDIS_URL}}
sources: .
lease_s: {LEASE_S}
slice_s: 1
turn_events: 50
retry_first_s: 0.1
retry_ceiling_s: 1
portals:
  {PORTAL}:
    base_url: ${{SANDBOX_URL}}
    token: t
    calls_per_window: 100000
    searches_per_s: 1000
    connect_timeout_s: 1
    read_timeout_s: 1
endpoints:
  chaos: {{source: chaos, portal: {PORTAL}, secret: {SECRET}}}
"""
FILES = {"chaos.yaml": SOURCE, "config.yaml": CONFIG}


def eventually(condition: Callable[[], bool], *, what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds; fail if it does not within so long."""
    waiting = threading.Event()
    for _ in range(int(within_s / POLL_S)):
        if condition():
            return
        waiting.wait(POLL_S)
    raise AssertionError(f"did not happen within {within_s:g} s: {what}")


@dataclass(slots=True, kw_only=True)
class System:
    """What runs, by name: store, web, and two workers that both tick.

    Whatever ends by itself is started again, as every supervisor of processes does.
    """

    folder: Path
    wires: dict[str, Wire]
    store_port: int
    web_port: int
    environ: dict[str, str]  # of whoever speaks to the store and the CRM without a wire
    appendfsync: str = "everysec"
    web_workers: int = 1
    running: dict[str, Started] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)  # what should run
    fell: Counter[str] = field(default_factory=Counter)  # what ended by itself, how often
    said: Counter[int] = field(default_factory=Counter)  # the answers of the door, by status
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def start(self, name: str) -> None:
        """Start one of them. The kernel ends it with the thread that does so."""
        log = self.folder / f"{name}.log"
        with self._lock:
            self.wanted.add(name)
            if name == "store":
                self.running[name] = EmbeddedStore.start(
                    self.folder / "store", port=self.store_port, appendfsync=self.appendfsync
                ).process
                return
            args: tuple[str, ...] = ("worker", "--threads", "2")
            if name == "web":
                args = ("web", "--port", str(self.web_port), "--workers", str(self.web_workers))
            environ = self._environ(name)
            self.running[name] = launcher(command(*args), environ=environ, log=log)()

    def _environ(self, name: str) -> dict[str, str]:
        kind = name.partition("-")[0]
        stepped = {
            "PYTHONPATH": f"{Path(__file__).parent / 'clock'}:{self.environ['PYTHONPATH']}",
            "HOOKLINE_CHAOS_CLOCK": str(self.clock(name)),
        }
        return {
            **self.environ,
            **(stepped if self.clock(name).exists() else {}),
            "REDIS_URL": f"redis://127.0.0.1:{self.wires[f'{kind}-store'].port}/0",
            "SANDBOX_URL": f"http://127.0.0.1:{self.wires['worker-crm'].port}",
        }

    def clock(self, name: str) -> Path:
        """The file that says how far a process's clock is ahead."""
        return self.folder / f"{name}.clock"

    def step(self, name: str, ahead_s: float) -> None:
        """Step the clock of a process, for as long as it and its successors live."""
        with self.clock(name).open("r+b") as file:
            file.write(struct.pack("d", ahead_s))

    def kill(self, name: str) -> None:
        """Kill it, and all that it started, at once and without mercy."""
        with self._lock:
            self.wanted.discard(name)
            process = self.running.pop(name, None)
        if process is not None:  # or it has just died by itself
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def pause(self, name: str) -> None:
        os.killpg(self.running[name].pid, signal.SIGSTOP)

    def wake(self, name: str) -> None:
        with suppress(ProcessLookupError):  # killed meanwhile
            os.killpg(self.running[name].pid, signal.SIGCONT)

    def fill_disk(self) -> None:
        """Let the store's files grow no more: what it appends is refused, as by a full disk."""
        files = (self.folder / "store" / "appendonlydir").iterdir()
        size = max(file.stat().st_size for file in files)
        self._limit_files(size)

    def empty_disk(self) -> None:
        self._limit_files(resource.RLIM_INFINITY)

    def _limit_files(self, most: int) -> None:
        with self._lock, suppress(ProcessLookupError, KeyError):
            pid = self.running["store"].pid
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def look_after(self) -> None:
        """Start again what ends by itself, until all is over."""
        while not self._over.wait(POLL_S):
            with self._lock:
                for name in sorted(self.wanted):
                    process = self.running.get(name)
                    if process is not None and process.poll() is None:
                        continue
                    self.fell[name] += 1
                    self.kill(name)  # what it had started itself
                    self.wanted.add(name)
                    with suppress(HooklineError):  # the next time, then
                        self.start(name)

    def ready(self) -> bool:
        return answers(f"{self.url}/readyz")

    def deliver(self, body: dict[str, object]) -> Said | None:
        """Send one signed event as its sender would; None if there was no answer."""
        text = json.dumps(body).encode()
        signature = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": signature}
        try:
            said = ask(
                f"{self.url}/hooks/chaos", method="POST", headers=headers, body=text, timeout_s=5
            )
        except Retryable:
            said = None
        with self._lock:
            self.said[said.status if said else 0] += 1
        return said

    def end(self) -> None:
        """Kill everything."""
        self._over.set()
        with self._lock:
            for name in reversed(list(self.running)):
                self.kill(name)


@contextmanager
def system(
    folder: Path,
    project: Path,
    *,
    crm: str,
    files: Mapping[str, str] = FILES,
    environ: Mapping[str, str] | None = None,
    web_workers: int = 1,
    steppable: bool = True,
) -> Iterator[System]:
    """Everything but the CRM, which is at the URL `crm`, up and ready; all gone after the block.

    `files` are the configuration and its sources; `environ` is added to that of every process.
    Only what is `steppable` follows the clocks that a test steps.
    """
    with ExitStack() as stack:
        store_port = free_port()
        targets = {"crm": urlsplit(crm).port or 0, "store": store_port}
        wires = {link: stack.enter_context(Wire(targets[link.partition("-")[2]])) for link in LINKS}
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
        whole = {
            **{k: v for k, v in os.environ.items() if k != "BROKER_URL"},
            "HOOKLINE_CONFIG": str(folder / "config.yaml"),
            "REDIS_URL": f"redis://127.0.0.1:{store_port}/0",
            "SANDBOX_URL": crm,
            "PYTHONPATH": str(project),
            **(environ or {}),
        }
        found = System(
            folder=folder,
            wires=wires,
            store_port=store_port,
            web_port=free_port(),
            environ=whole,
            web_workers=web_workers,
        )
        stack.callback(found.end)
        for name in NAMES if steppable else ():
            found.clock(name).write_bytes(struct.pack("d", 0))
        found.start("store")
        runtime = Runtime.build(whole)
        for portal in runtime.settings.portals:
            provide(runtime, portal, say=lambda _: None)
        runtime.store.close()
        for name in NAMES[1:]:
            found.start(name)
        threading.Thread(target=found.look_after, name="supervisor", daemon=True).start()
        eventually(found.ready, what="everything is ready")
        yield found
