"""The whole system, as `hookline run` starts it, in a folder and on ports of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from app.cli.ports import free_port, in_use
from app.cli.wire import Said, ask
from workers.errors import Retryable

START_S = 90
POLL_S = 0.05
OURS = ("HOOKLINE_CONFIG", "REDIS_URL", "BROKER_URL", "SANDBOX_URL")


def eventually(condition: Callable[[], bool], *, what: str, within_s: float = START_S) -> None:
    """Wait until the condition holds; fail if it does not within a long time."""
    waiting = threading.Event()
    for _ in range(int(within_s / POLL_S)):
        if condition():
            return
        waiting.wait(POLL_S)
    pytest.fail(f"did not happen: {what}")


class System:
    """One installation: a folder, its ports, and what runs of it at the moment."""

    def __init__(self, folder: Path, project: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.web, self.sandbox, self.store = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web}"
        self.crm = f"http://127.0.0.1:{self.sandbox}"
        self.output = folder / "output"
        plain = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environ = {**plain, "PYTHONPATH": str(project), **environ}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def ports(self) -> list[str]:
        return [
            *("--port", str(self.web), "--sandbox-port", str(self.sandbox)),
            *("--store-port", str(self.store)),
        ]

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-P", "-m", "app.cli", *args]

    def call(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run another `hookline` in the same folder, and wait for its end."""
        ours = {
            "REDIS_URL": f"redis://127.0.0.1:{self.store}/0",
            "SANDBOX_URL": self.crm,
        }
        environ = self.environ if args[0] == "run" else self.environ | ours
        return subprocess.run(
            self.command(*args),
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_S,
        )

    @contextmanager
    def running(self, *args: str) -> Iterator[None]:
        """Run everything until it serves; stop it afterwards, if it still runs."""
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                self.command("run", *self.ports, *args),
                cwd=self.folder,
                env=self.environ,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            eventually(lambda: self._serves() or self._ended(), what="it serves")
            assert not self._ended(), self.output.read_text()
            yield
        finally:
            self.stop()

    def _serves(self) -> bool:
        return b"serving; Ctrl-C stops" in self.output.read_bytes()

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(START_S) == 0, self.output.read_text()
        self.process = None

    def pids(self) -> dict[int, str]:
        """Every process of it, with its command line, the first of all first."""
        assert self.process is not None
        parents: dict[int, int] = {}
        commands: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    stat = (entry / "stat").read_text().rpartition(")")[2].split()
                    parents[int(entry.name)] = int(stat[1])
                    text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    commands[int(entry.name)] = text
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return {pid: commands.get(pid, "") for pid in found}

    def kill(self, named: str = "") -> None:
        """Kill, at once and without mercy, every process whose command line has this.

        Without a name all of them but the sandbox, which is the CRM: far from here, and it keeps
        its records. It ends by itself, as the others do not get the time to.
        """
        assert self.process is not None
        for pid, command in self.pids().items():
            if named in command and (named or "app.sandbox" not in command):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if not named:
            self.process.wait()
            ports = (self.web, self.sandbox, self.store)
            eventually(lambda: not any(map(in_use, ports)), what="everything is gone")

    # Asking

    def events(self) -> list[dict[str, Any]]:
        """The events as `hookline events list` tells them."""
        done = self.call("events", "list", "--json", "--limit", "1000")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def send(self, name: str, *args: str) -> str:
        """Send a sample; return the event's id."""
        done = self.call("send", name, "--json", "--url", self.url, *args)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(json.loads(done.stdout)["ids"][0])

    def planned(self, sample: str) -> dict[str, Any]:
        """The calls that `hookline plan` tells."""
        done = self.call("plan", sample, "--endpoint", sample.partition("/")[0], "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def shell(self, line: str) -> str:
        """What a shell says of a command line."""
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, check=False, timeout=START_S
        )
        return done.stdout

    def shown(self, id: str) -> dict[str, Any]:
        """What `hookline events show` tells of an event."""
        done = self.call("events", "show", id, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def settled(self, id: str) -> dict[str, Any]:
        """Wait until an event is settled; return what is told of it."""
        found: dict[str, Any] = {}

        def is_settled() -> bool:
            found.update(self.shown(id))
            return found["state"] not in ("waiting", "retrying")

        eventually(is_settled, what=f"{id} is settled")
        return found

    def asked(self, path: str) -> Said:
        """An answer of the sandbox."""
        return ask(self.crm + path, headers={"Authorization": "Bearer sandbox"})

    def record(self, path: str) -> dict[str, Any]:
        """A record as the sandbox has it."""
        said = self.asked(f"/crm/v3/objects/{path}")
        assert said.status == 200, said.body
        found = said.json()
        assert isinstance(found, dict)
        return found

    def linked(self, path: str, to: str) -> list[str]:
        """The ids of the records of a type that a record is associated with."""
        said = self.asked(f"/crm/v4/objects/{path}/associations/{to}?limit=500")
        assert said.status == 200, said.body
        found = said.json()
        assert isinstance(found, dict)
        return [str(each["toObjectId"]) for each in found["results"]]

    def answers(self) -> bool:
        """Whether the door is there, and somebody works behind it."""
        try:
            return ask(f"{self.url}/readyz").status == 200
        except Retryable:
            return False


@pytest.fixture
def system(tmp_path: Path, project: Path) -> Iterator[System]:
    """An installation that nothing runs of yet; nothing runs of it afterwards."""
    found = System(tmp_path, project, {})
    try:
        yield found
    finally:
        if found.process is not None and found.process.poll() is None:
            found.kill()
