"""What a measurement runs against: a sandbox, a store and, if asked, the real processes."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from app.cli.ports import free_port
from app.cli.provisioning import provide
from app.cli.wire import answers, ask
from workers.logs import configure
from workers.runtime import Runtime, calm_collector
from workers.store.embedded import EmbeddedStore
from workers.tether import tethered

ROOT = Path(__file__).parent.parent.parent
PORTAL = "bench"
START_S = 60.0
POLL_S = 0.02
LATENCY_S = 0.05
THREADS = 8
WITHOUT = ("HOOKLINE_CONFIG", "REDIS_URL", "BROKER_URL", "SANDBOX_URL")

CONTACT = """\
source: contact
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  visited:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.name }}"}
    - log: visit
      activity: notes
      on: [contact]
      set: {hs_note_body: "Visit {{ body.id }}"}
    - pin: visit
      to: contact
"""

COMPANY = """\
source: company
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  visited:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.name }}"}
    - upsert: company
      object: companies
      key: {domain: "{{ body.email | domain }}"}
      set: {name: "{{ body.email | domain }}"}
    - associate: [contact, company]
    - log: visit
      activity: notes
      on: [contact]
      set: {hs_note_body: "Visit {{ body.id }}"}
    - pin: visit
      to: contact
"""

SETTINGS = """\
store: {store}
portals:
  {portal}:
    base_url: {sandbox}
    token: bench
    calls_per_window: {calls}
    searches_per_s: {searches}
    threads: {threads}
sources: [sources]
slice_s: {slice_s}
endpoints:
  contact: {{source: contact, portal: {portal}}}
  company: {{source: company, portal: {portal}}}
"""


@dataclass(slots=True, kw_only=True)
class Rig:
    """A sandbox and a store, each a process, and a configuration that names them."""

    folder: Path
    store: EmbeddedStore
    sandbox: str
    sandbox_pid: int
    environ: Mapping[str, str]
    runtime: Runtime
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def latency(self, latency_s: float) -> None:
        """Have the sandbox take so long for each call."""
        self.tell("latency", {"latency_s": latency_s})

    def tell(self, path: str, body: object = None, *, method: str = "POST") -> Any:
        """Return the answer of one of the sandbox's own controls."""
        said = ask(
            f"{self.sandbox}/_sandbox/{path}",
            method=method,
            headers={"Content-Type": "application/json"},
            body=None if body is None else orjson.dumps(body),
        )
        assert said.status < 300, said.body
        return said.json()

    def calls(self) -> int:
        """Return how many calls the sandbox has answered since they were counted anew."""
        found = self.tell("calls?last=1", method="GET")
        return int(found["total"])

    def count_anew(self) -> None:
        """Forget the calls so far."""
        self.tell("calls", method="DELETE")

    def done(self) -> int:
        """Return how many events have been applied."""
        return self.runtime.store.counts(PORTAL).get("done", 0)

    def start(self, name: str, command: Sequence[str], *, ready: Callable[[], bool]) -> int:
        """Start a process, wait until it is ready, and return its id."""
        process = _start(command, environ=self.environ, log=self.folder / f"{name}.log")
        self.processes[name] = process
        until(ready, what=f"{name} is ready", process=process)
        return process.pid

    def hookline(self, name: str, *args: str, ready: Callable[[], bool]) -> int:
        """Start one of Hookline's own processes."""
        return self.start(name, [sys.executable, "-P", "-m", "app.cli", *args], ready=ready)


def until(
    condition: Callable[[], bool],
    *,
    what: str,
    within_s: float = START_S,
    every_s: float = POLL_S,
    process: subprocess.Popen[bytes] | None = None,
) -> None:
    """Wait until the condition holds. Raises TimeoutError if it does not."""
    end = time.monotonic() + within_s
    while not condition():
        if process is not None and process.poll() is not None:
            raise TimeoutError(f"ended before it happened: {what}")
        if time.monotonic() > end:
            raise TimeoutError(f"did not happen within {within_s:g} s: {what}")
        time.sleep(every_s)


def _start(
    command: Sequence[str], *, environ: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            tethered(command),
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and whatever it started."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def rig(
    *,
    tier: str = "unlimited",
    calls_per_10_s: int = 100_000,
    searches_per_s: int = 1_000,
    appendfsync: str = "everysec",
    slice_s: float = 5.0,
) -> Iterator[Rig]:
    """Start a sandbox and a store; stop them, and what was started for the rig, at the end."""
    plain = {name: value for name, value in os.environ.items() if name not in WITHOUT}
    plain["PYTHONPATH"] = str(ROOT)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hookline-bench-")))
        store = stack.enter_context(EmbeddedStore.start(folder / "store", appendfsync=appendfsync))
        port = free_port()
        sandbox = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "app.sandbox", "--port", str(port), "--tier", tier]
        process = _start(command, environ=plain, log=folder / "sandbox.log")
        stack.callback(stop, process)
        until(lambda: answers(f"{sandbox}/_sandbox/ready"), what="the sandbox", process=process)
        (folder / "sources").mkdir()
        (folder / "sources" / "contact.yaml").write_text(CONTACT)
        (folder / "sources" / "company.yaml").write_text(COMPANY)
        config = folder / "hookline.yaml"
        config.write_text(
            SETTINGS.format(
                store=store.url,
                sandbox=sandbox,
                portal=PORTAL,
                calls=calls_per_10_s,
                searches=searches_per_s,
                threads=THREADS,
                slice_s=slice_s,
            )
        )
        environ = {**plain, "HOOKLINE_CONFIG": str(config), "BENCH_SANDBOX": sandbox}
        runtime = Runtime.build(environ)
        stack.callback(runtime.store.close)
        _log_to_a_file()
        found = Rig(
            folder=folder,
            store=store,
            sandbox=sandbox,
            sandbox_pid=process.pid,
            environ=environ,
            runtime=runtime,
        )
        provide(runtime, PORTAL, say=lambda _: None)
        stack.callback(_stop_all, found)
        yield found


@cache
def _log_to_a_file() -> None:
    """Write log lines as the worker writes them, to a file; structlog takes it for good."""
    log = tempfile.TemporaryFile("w")  # noqa: SIM115 (for as long as the process lives)
    with contextlib.redirect_stderr(log):
        configure()
    calm_collector()  # as the worker does


def _stop_all(rig_: Rig) -> None:
    for process in reversed(list(rig_.processes.values())):
        stop(process)


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
