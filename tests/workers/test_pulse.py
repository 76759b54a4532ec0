"""A worker that goes on shows it, also while its broker is away; one that hangs does not."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.environment import command
from tests.journeys.conftest import OURS, eventually
from workers.pulse import Pulse
from workers.store.embedded import EmbeddedStore

EVERY_S = 0.1
WORKER = f"""
import sys
from pathlib import Path
from workers import tasks
from workers.pulse import Pulse

PULSE = Path(sys.argv[1])
tasks.show_pulse(Pulse(file=PULSE), every_s={EVERY_S})
exec(sys.argv[2])
tasks.app.worker_main(
    [*"worker --pool threads --concurrency 1 --loglevel warning".split(), "--without-mingle"]
)
"""
HANGS = f"""
import threading
from celery import bootsteps

def hang():
    before = PULSE.stat().st_mtime_ns
    threading.Event().wait(20 * {EVERY_S})
    after = PULSE.stat().st_mtime_ns
    PULSE.with_name("seen").write_text("still" if before == after else "shown")

class Hanging(bootsteps.StartStopStep):
    requires = ("celery.worker.components:Timer",)

    def start(self, worker):
        worker.timer.call_after(1.0, hang)

tasks.app.steps["worker"].add(Hanging)
"""


@contextmanager
def worker(pulse: Path, url: str, project: Path, *, more: str = "") -> Iterator[None]:
    """A real worker that shows its pulse in that file."""
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", WORKER, str(pulse), more],
        env={**plain, "PYTHONPATH": str(project), "REDIS_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(pulse.exists, what="it shows its pulse")
        yield
    finally:
        process.kill()
        process.wait()


def beats(pulse: Path, *, times: int) -> None:
    """Wait until the pulse was shown so many times more."""
    for _ in range(times):
        last = pulse.stat().st_mtime_ns
        eventually(lambda last=last: pulse.stat().st_mtime_ns != last, what="another beat")  # type: ignore[misc]


def test_a_worker_shows_its_pulse_also_while_its_broker_is_away(
    tmp_path: Path, project: Path
) -> None:
    pulse = tmp_path / "pulse"
    with (
        EmbeddedStore.start(tmp_path / "store", appendfsync="no") as store,
        worker(pulse, store.url, project),
    ):
        beats(pulse, times=3)
        store.stop()
        beats(pulse, times=3)


def test_a_worker_whose_loop_hangs_shows_none(
    tmp_path: Path, project: Path, redis_url: str
) -> None:
    pulse, seen = tmp_path / "pulse", tmp_path / "seen"
    with worker(pulse, redis_url, project, more=HANGS):
        beats(pulse, times=1)
        eventually(lambda: seen.exists() and seen.read_text() != "", what="it hung")
        assert seen.read_text() == "still"
        beats(pulse, times=1)


def test_systemd_is_told_where_it_listens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(10)
        systemd.bind(str(tmp_path / "notify"))
        Pulse(notify=str(tmp_path / "notify")).beat()
        assert systemd.recv(100) == b"READY=1\nWATCHDOG=1"


def test_a_pulse_that_cannot_be_shown_is_told_at_the_start(tmp_path: Path, redis_url: str) -> None:
    asked = tmp_path / "none" / "pulse"
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    said = subprocess.run(
        command("worker", "--no-tick", "--pulse", str(asked)),
        env={**plain, "REDIS_URL": redis_url},
        text=True,
        capture_output=True,
        check=False,
    )
    assert said.returncode == 1
    told = "No such file or directory; name a file in a folder that can be written"
    assert f"hookline: --pulse: {asked}: {told}\n" in said.stderr
