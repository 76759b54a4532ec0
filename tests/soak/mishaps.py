"""What goes wrong all along, one thing after the other, in the order that a seed tells."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.cli.wire import ask
from tests.bench.usage import family
from tests.chaos.blows import await_sync, holder_of
from tests.chaos.system import LINKS, WORKERS, System
from tests.soak.setting import PORTALS

LATENCY_S = 0.05  # of each call to the CRM
APART_S = (18.0, 26.0)  # from one mishap to the next
LASTING_S = (1.0, 3.0)
STRUCK, SPARED = WORKERS  # the spared one lives through it all, to show what a long life does
RESTARTS = (0.3, 0.85)  # of the time: when the store is killed, and when it is stopped
HOLDS_S = 2.0  # to wait for the worker that is to be killed to be at work


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What went wrong, from when until when."""

    what: str
    since_s: float
    until_s: float


@dataclass(slots=True, kw_only=True)
class Mishaps:
    """Lets things go wrong, and keeps what did."""

    running: System
    client: Any  # of the store, without a wire
    crms: Sequence[str]
    chance: random.Random
    began: float
    happened: list[Mishap] = field(default_factory=list)
    _spared: int = 0  # of the processes of web

    def until(self, end_s: float, *, since_s: float) -> None:
        """Go on until that second of the soak."""
        dealt = self._dealt()
        restarts = [
            (since_s + share * (end_s - since_s), what)
            for share, what in zip(RESTARTS, (self._store_killed, self._store_stopped), strict=True)
        ]
        next_s = self._now_s() + self.chance.uniform(*APART_S)
        while next_s < end_s - APART_S[0] / 2:
            _wait(self.began + next_s - time.time())
            if restarts and next_s >= restarts[0][0]:
                blow: Callable[[], str] = restarts.pop(0)[1]
            else:
                blow = next(dealt)
            began_s = self._now_s()
            what = blow()
            self.happened.append(Mishap(what=what, since_s=began_s, until_s=self._now_s()))
            next_s = began_s + self.chance.uniform(*APART_S)
        _wait(self.began + end_s - time.time())

    def calm(self) -> None:
        """Have every CRM answer as it should, after its usual time."""
        for crm in self.crms:
            _tell(crm, "faults", method="DELETE")
            _tell(crm, "latency", {"latency_s": LATENCY_S})

    def _now_s(self) -> float:
        return time.time() - self.began

    def _dealt(self) -> Iterator[Callable[[], str]]:
        wires = [
            partial(self._torn, how, link) for how in ("cut", "clog", "halve") for link in LINKS
        ]
        answers = [
            partial(self._answered, "429 for 2 s", status=429, retry_after_s=2, times=3),
            partial(self._answered, "5xx", status=503, chance=0.5, times=0),
            partial(self._answered, "no answer in time", kind="latency", delay_s=4.0, times=2),
            partial(
                self._answered, "answers lost", kind="lost", path="/batch/", chance=0.5, times=0
            ),
        ]
        while True:
            kills: list[Callable[[], str]] = [self._worker_killed, self._web_killed]
            others: list[Callable[[], str]] = [*answers, *self.chance.sample(wires, 3)]
            self.chance.shuffle(kills)
            self.chance.shuffle(others)
            yield from (*kills, *others)

    # Each lets it happen, waits until it is over, and says what it was.

    def _worker_killed(self) -> str:
        lease = f"hl:{{{self.chance.choice(PORTALS)}}}:lease"
        until = time.monotonic() + HOLDS_S
        while holder_of(self.running, self.client, lease=lease) != STRUCK:
            if time.monotonic() > until:
                break
            _wait(0.01)
        self.running.kill(STRUCK)
        self.running.start(STRUCK)
        return f"{STRUCK} killed"

    def _web_killed(self) -> str:
        """Kill one of the processes that answer; the same other one sees it all through."""
        pids = family(self.running.running["web"].pid)[1:]
        if self._spared not in pids:
            self._spared = pids[0]
        for pid in pids:
            if pid != self._spared:
                os.kill(pid, signal.SIGKILL)
        return "a process of web killed"

    def _store_killed(self) -> str:
        await_sync(self.running, self.client)
        self.running.kill("store")
        self.running.start("store")
        return "store killed"

    def _store_stopped(self) -> str:
        process = self.running.running["store"]
        self.running.wanted.discard("store")
        process.terminate()
        process.wait(60)
        self.running.start("store")
        return "store stopped and started"

    def _answered(self, what: str, *, kind: str = "status", **rule: object) -> str:
        crm = self.chance.choice(self.crms)
        _tell(crm, "faults", {"kind": kind, **rule})
        _wait(self.chance.uniform(*LASTING_S))
        self.calm()
        return f"{PORTALS[self.crms.index(crm)]}: {what}"

    def _torn(self, how: str, link: str) -> str:
        wire = self.running.wires[link]
        if how == "halve":
            wire.break_answer(after_bytes=self.chance.randrange(0, 100))
            wire.broke.wait(LASTING_S[1])
        else:
            (wire.cut if how == "cut" else wire.clog)()
            _wait(self.chance.uniform(*LASTING_S))
        wire.mend()
        return f"{link}: {how}"


def _tell(crm: str, path: str, body: object = None, *, method: str = "POST") -> None:
    said = ask(
        f"{crm}/_sandbox/{path}",
        method=method,
        headers={"Content-Type": "application/json"},
        body=None if body is None else json.dumps(body).encode(),
    )
    if said.status >= 300:
        raise RuntimeError(f"{path}: {said.body[:200]!r}")


def _wait(seconds: float) -> None:
    threading.Event().wait(max(0.0, seconds))
