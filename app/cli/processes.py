"""Starts processes in order, starts again the one that dies, stops all in the opposite order."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workers.errors import HooklineError, Permanent
from workers.tether import tethered

POLL_S = 0.1
START_S = 60.0
STOP_S = 70.0  # a turn under way may last as long as the slowest call
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0  # up for so long, the next failure counts as the first
LOG_BYTES = 10_000_000
LOG_LINES = 8


class Started(Protocol):
    """A process that was started."""

    pid: int

    def poll(self) -> int | None: ...  # noqa: D102
    def wait(self, timeout: float | None = None) -> int: ...  # noqa: D102
    def terminate(self) -> None: ...  # noqa: D102


@dataclass(slots=True, kw_only=True)
class Service:
    """One process: how it starts, and when it is ready."""

    name: str
    start: Callable[[], Started]
    ready: Callable[[], bool]
    log: Path
    keeper: bool = False  # holds what was accepted: it is always given the time to write it
    process: Started | None = None
    failures: int = 0
    since: float = 0.0  # when it was started last, or is to be started again

    def launch(self) -> None:
        """Start it."""
        self.process, self.since = self.start(), time.monotonic()

    def last_words(self) -> str:
        """Return the end of its log."""
        try:
            lines = self.log.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "".join(f"\n  {line}" for line in lines[-LOG_LINES:])


def launcher(
    command: Sequence[str], *, environ: Mapping[str, str], log: Path
) -> Callable[[], Started]:
    """Return what starts a command that writes to `log` and ends with this process."""

    def start() -> Started:
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 (a command of our own)
                tethered(command),
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for us alone: we stop it in its turn
            )

    return start


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Keeps services running until `stopping` is set."""

    services: Sequence[Service]
    say: Callable[[str], None]
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> bool:
        """Start each and wait until it is ready; False, all stopped, if told to before that.

        Says so, stops everything and ends this process with 1 if one ends or does not get ready.
        """
        try:
            for service in self.services:
                service.launch()
            ready = all(self._ready(service) for service in self.services)
        except HooklineError as error:
            self.say(str(error))
            self.stop(hastily=True)
            raise SystemExit(1) from error
        if not ready:
            self.stop(hastily=True)
        return ready

    def _ready(self, service: Service) -> bool:
        until = time.monotonic() + START_S
        while not self.stopping.is_set():
            code = service.process.poll() if service.process else None
            if code is not None:
                raise Permanent(
                    f"{service.name} {_ended(code)} before it was ready; its last words:"
                    f"{service.last_words() or ' none'}"
                )
            if service.ready():
                return True
            if time.monotonic() > until:
                raise Permanent(
                    f"{service.name} was not ready after {START_S:g} s; see {service.log}"
                )
            self.stopping.wait(POLL_S)
        return False

    def watch(self) -> None:
        """Start again whatever ends, until told to stop."""
        while not self.stopping.wait(POLL_S):
            for service in self.services:
                self._look_after(service)

    def _look_after(self, service: Service) -> None:
        now = time.monotonic()
        if service.process is None:
            if now >= service.since:
                self._start_again(service)
            return
        code = service.process.poll()
        if code is None:
            return
        _sweep(service.process)
        if now - service.since > STEADY_S:
            service.failures = 0
        self._put_off(service, _ended(code))

    def _start_again(self, service: Service) -> None:
        try:
            service.launch()
        except (HooklineError, OSError) as error:
            self._put_off(service, f"did not start: {error}")

    def _put_off(self, service: Service, why: str) -> None:
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**service.failures)
        service.failures += 1
        service.process, service.since = None, time.monotonic() + wait_s
        self.say(f"{service.name} {why}; starting it again in {wait_s:g} s (log: {service.log})")

    def stop(self, *, hastily: bool = False) -> None:
        """Stop all, the last started first; a second Ctrl-C stops what is left at once.

        Those that have only begun may not hear yet that they should stop: stop them `hastily`.
        """
        for service in reversed(self.services):
            process = service.process
            if process is None:
                continue
            if process.poll() is None and not (hastily and not service.keeper):
                process.terminate()
                _wait(process)
            _sweep(process)
            process.wait()
            service.process = None


def _wait(process: Started) -> None:
    try:
        process.wait(STOP_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _sweep(process)
        process.wait()


def _sweep(process: Started) -> None:
    """Kill what is left of a process and its own children, which share its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _ended(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with {code}"
