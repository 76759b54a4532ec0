"""Striking: each trouble is brought about, seen to be there, and taken away again."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from app.sandbox.calls import Log
from tests.chaos.strikes import Strike, Trouble
from tests.chaos.system import LEASE_S, NAMES, PORTAL, System, eventually
from workers.store import Store

LATENCY_S = 0.05  # of each call, so that most of the time one is on its way
LASTING_S = 1.5 * LEASE_S  # the longest that a trouble lasts once it is there
STEP_S = 6 * 3600.0
LEASE = f"hl:{{{PORTAL}}}:lease"


def strike(running: System, store: Store, blow: Strike, chance: random.Random, *, log: Log) -> None:
    """In the middle of the work, let it happen; kill what dies meanwhile, and start it again.

    `log` is of the CRM's calls.
    """
    calls = log.total + chance.randrange(1, 8)
    eventually(lambda: log.total >= calls, what="the CRM is written to")
    _wait(chance.uniform(0, 2 * LATENCY_S))  # any moment is as good
    with _trouble(running, store, blow, chance):
        if "store" in blow.deaths:
            await_sync(running, store.redis)
        for name in blow.deaths:
            running.kill(name)
        for name in blow.deaths:
            running.start(name)


@contextmanager
def _trouble(running: System, store: Store, blow: Strike, chance: random.Random) -> Iterator[None]:
    match blow.trouble:
        case None:
            yield
        case Trouble.PAUSED:
            with _paused(running, store):
                yield
        case Trouble.CLOCK:
            for name in chance.sample(NAMES[1:], chance.randrange(1, len(NAMES))):
                running.step(name, chance.choice((-1, 1)) * chance.uniform(60, STEP_S))
            yield
        case Trouble.MEMORY:
            with _refusing(running, chance, lambda: _memory(store.redis, 1)):
                yield
            _memory(store.redis, 0)
        case Trouble.DISK:
            with _refusing(running, chance, running.fill_disk):
                yield
            running.empty_disk()
        case Trouble.CUT | Trouble.CLOGGED | Trouble.HALVED:
            with _torn(running, blow, chance):
                yield


@contextmanager
def _paused(running: System, store: Store) -> Iterator[None]:
    """Stop who writes until it has surely lost its lease."""
    found: list[str] = []

    def stopped() -> bool:
        name = holder_of(running, store.redis)
        if name:
            running.pause(name)
            if holder_of(running, store.redis) == name:  # it was not just letting go
                found.append(name)
                return True
            running.wake(name)
        return False

    eventually(stopped, what="somebody holds the lease")
    (name,) = found
    try:
        yield
        eventually(lambda: holder_of(running, store.redis) != name, what=f"{name} loses its lease")
    finally:
        running.wake(name)


def holder_of(running: System, client: Any, *, lease: str = LEASE) -> str:
    """The name of whoever holds the lease."""
    try:
        found = client.get(lease)
    except redis.RedisError:
        return ""
    pid = found.decode().split(":")[1] if found else ""
    return next((n for n, p in list(running.running.items()) if str(p.pid) == pid), "")


@contextmanager
def _refusing(running: System, chance: random.Random, begin: Callable[[], None]) -> Iterator[None]:
    """Bring about what the door has to answer 503 to, and wait until it does."""
    before = _refusals(running)
    fell = running.fell["store"]
    begin()
    eventually(
        lambda: _refusals(running) > before or running.fell["store"] > fell,
        what="the door says 503",
    )
    yield
    _wait(chance.uniform(0, LASTING_S))


def _refusals(running: System) -> int:
    return running.said[503]


def _memory(client: Any, most: int) -> None:
    def told() -> bool:
        try:
            client.config_set("maxmemory", most)
        except redis.RedisError:  # killed, and not up yet
            return False
        return True

    eventually(told, what="the store takes its limit")


@contextmanager
def _torn(running: System, blow: Strike, chance: random.Random) -> Iterator[None]:
    wire = running.wires[blow.link]
    if blow.trouble is Trouble.HALVED:
        wire.break_answer(after_bytes=chance.randrange(0, 100))
        yield
        eventually(wire.broke.is_set, what=f"an answer on {blow.link} breaks off")
        return
    if blow.trouble is Trouble.CUT:
        wire.cut()
    else:
        wire.clog()
    try:
        yield
        _wait(chance.uniform(0.1, LASTING_S))
    finally:
        wire.mend()


def await_sync(running: System, client: Any) -> None:
    """Wait for a moment in which the store does not sync its file.

    With `everysec` it keeps in its own memory for so long what it has answered already.
    """

    def synced() -> bool:
        try:
            return not client.info("persistence")["aof_pending_bio_fsync"]
        except redis.RedisError:  # it is down already
            return True

    if running.appendfsync == "everysec":
        eventually(synced, what="the store has synced its file")


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)
