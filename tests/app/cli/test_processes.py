"""The supervisor starts in order, starts again what dies, and stops in the opposite order."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import processes
from app.cli.processes import Service, Supervisor, launcher

HEARS = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
STAYS = "signal.sigwait([signal.SIGTERM]); print('ended', flush=True)"


def _service(folder: Path, name: str, program: str, *, keeper: bool = False) -> Service:
    log = folder / f"{name}.log"
    marked = f"{HEARS}; open({str(folder / name)!r}, 'w').close(); {program}"
    start = launcher([sys.executable, "-c", marked], environ=os.environ, log=log)
    ready = (folder / name).exists
    return Service(name=name, start=start, ready=ready, log=log, keeper=keeper)


class Watched:
    """A supervisor in a thread, and what it said."""

    def __init__(self, *services: Service) -> None:
        self.said: list[str] = []
        self.heard = threading.Event()
        self.supervisor = Supervisor(services=services, say=self._hear)

    def _hear(self, line: str) -> None:
        self.said.append(line)
        self.heard.set()

    def until_said(self) -> str:
        assert self.heard.wait(30)
        self.heard.clear()
        return self.said[-1]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waits that a test can afford."""
    monkeypatch.setattr(processes, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(processes, "POLL_S", 0.01)
    return iter([None])


def test_all_are_stopped_the_last_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    note = "signal.sigwait([signal.SIGTERM]); open({!r}, 'a').write({!r})"
    services = [_service(tmp_path, n, note.format(str(order), n)) for n in ("a", "b", "c")]
    watched = Watched(*services)
    assert watched.supervisor.start()
    watched.supervisor.stop()
    assert order.read_text() == "cba"


def test_what_dies_is_told_and_started_again(tmp_path: Path, quick: None) -> None:  # noqa: ARG001
    service = _service(tmp_path, "one", STAYS)
    watched = Watched(service)
    assert watched.supervisor.start()
    assert service.process is not None
    first = service.process.pid
    watching = threading.Thread(target=watched.supervisor.watch)
    watching.start()
    try:
        (tmp_path / "one").unlink()
        os.kill(first, signal.SIGKILL)
        assert watched.until_said().startswith("one was killed by SIGKILL; starting it again in")
        while not (tmp_path / "one").exists():
            threading.Event().wait(0.01)
        assert service.process is not None
        assert service.process.pid != first
    finally:
        watched.supervisor.stopping.set()
        watching.join()
        watched.supervisor.stop()


def test_what_keeps_dying_is_started_at_longer_and_longer_intervals(
    tmp_path: Path,
    quick: None,  # noqa: ARG001
) -> None:
    service = _service(tmp_path, "one", "raise SystemExit(3)")
    service.ready = lambda: True
    watched = Watched(service)
    service.launch()
    watching = threading.Thread(target=watched.supervisor.watch)
    watching.start()
    try:
        while len(watched.said) < 4:
            watched.until_said()
    finally:
        watched.supervisor.stopping.set()
        watching.join()
        watched.supervisor.stop()
    waits = [line.partition(" again in ")[2].split(" ")[0] for line in watched.said[:4]]
    assert waits == ["0.01", "0.02", "0.04", "0.08"]
    assert all(line.startswith("one ended with 3; ") for line in watched.said)


def test_what_ends_before_it_is_ready_ends_all_with_its_last_words(tmp_path: Path) -> None:
    stays = _service(tmp_path, "store", STAYS, keeper=True)
    fails = _service(tmp_path, "web", "raise SystemExit('the disk is full')")
    fails.ready = lambda: False
    watched = Watched(stays, fails)
    with pytest.raises(SystemExit) as ended:
        watched.supervisor.start()
    assert ended.value.code == 1
    assert watched.said == [
        "web ended with 1 before it was ready; its last words:\n  the disk is full"
    ]
    assert stays.process is None
    assert stays.log.read_text() == "ended\n"  # it was given the time to end


def test_told_to_stop_while_it_starts_it_stops_all(tmp_path: Path) -> None:
    slow = _service(tmp_path, "web", STAYS)
    watched = Watched(slow)

    def told() -> bool:
        watched.supervisor.stopping.set()
        return False

    slow.ready = told
    assert not watched.supervisor.start()
    assert slow.process is None


def test_children_of_what_ends_end_as_well(tmp_path: Path) -> None:
    """The web server's own processes must not outlive it and hold its port."""
    child = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'input()'], "
    child += f"stdin=subprocess.PIPE); open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid)); "
    service = _service(tmp_path, "one", child + STAYS)
    service.ready = lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text())
    watched = Watched(service)
    assert watched.supervisor.start()
    pid = int((tmp_path / "pid").read_text())
    watched.supervisor.stop()
    assert _is_gone(pid)


def _is_gone(pid: int) -> bool:
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        threading.Event().wait(0.01)
    return False
