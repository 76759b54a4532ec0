"""Kill anything at any moment: what was answered 202 takes effect, once."""

import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from tests.chaos.audit import audit
from tests.chaos.system import PORTAL, System, eventually, system
from workers.errors import StoreDown
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.store import Store

pytestmark = pytest.mark.chaos

ROUNDS = int(os.environ.get("HOOKLINE_CHAOS_ROUNDS", "3"))
SEED = int(os.environ.get("HOOKLINE_CHAOS_SEED", "1"))
STRIKES = 4  # a round
SENDERS = 4
PACE_S = 0.1  # between the events of one sender
LATENCY_S = 0.05  # of each call, so that most of the time one is on its way
TARGETS = (
    ("worker-1",),
    ("worker-2",),
    ("web",),
    ("store",),
    ("worker-1", "worker-2"),
    ("store", "web"),
    ("store", "web", "worker-1", "worker-2"),
)
_number = count()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[System]:
    with system(tmp_path_factory.mktemp("chaos"), project) as found:
        yield found


@pytest.fixture(scope="module")
def store(running: System) -> Iterator[Store]:
    runtime = Runtime.build(running.environ)
    yield runtime.store
    runtime.store.close()


@pytest.fixture(scope="module")
def accepted() -> dict[str, dict[str, object]]:
    """What was answered 2xx, by our id: in all rounds, since all share one CRM."""
    return {}


def body(chance: random.Random) -> dict[str, object]:
    return {
        "id": f"e{next(_number)}",
        "type": chance.choice(("visited", "visited", "bought")),
        "email": f"c{chance.randrange(12)}@x.example",
        "at": 1_700_000_000 + chance.randrange(1_000),
    }


def feed(
    running: System, accepted: dict[str, object], chance: random.Random, enough: threading.Event
) -> None:
    """Send events, now and then one twice, until it is enough; each until it is accepted."""
    while not enough.wait(PACE_S):
        sent = body(chance)
        for _ in range(1 + (chance.random() < 0.1)):
            deliver(running, sent, accepted)


def deliver(running: System, body: dict[str, object], accepted: dict[str, object]) -> None:
    """Send until it is answered 2xx, as every sender does."""

    def taken() -> bool:
        said = running.deliver(body)
        if said is None or said.status not in (200, 202):
            return False
        found = said.json()
        assert isinstance(found, dict)
        accepted[str(found["id"])] = body
        return True

    eventually(taken, what=f"{body['id']} is accepted")


def strike(running: System, store: Store, chance: random.Random) -> None:
    """In the middle of the work kill some, and start them again; or pause who writes."""
    log = running.server.sandbox.log
    calls = log.total + chance.randrange(1, 8)
    eventually(lambda: log.total >= calls, what="the CRM is written to")
    threading.Event().wait(chance.uniform(0, 2 * LATENCY_S))  # any moment is as good
    if chance.random() < 0.25:
        pause(running, store)
        return
    targets = chance.choice(TARGETS)
    for name in targets:
        running.kill(name)
    for name in targets:
        running.start(name)


def pause(running: System, store: Store) -> None:
    """Stop the holder of the lease until it has surely lost it, and wake it."""
    key = f"hl:{{{PORTAL}}}:lease"

    def holder() -> str:
        try:
            found = store.redis.get(key)
        except OSError:
            return ""
        pid = found.decode().split(":")[1] if found else ""
        return next((n for n, p in running.running.items() if str(p.pid) == pid), "")

    for _ in range(100):
        name = holder()
        if name:
            break
        threading.Event().wait(0.01)
    else:
        return  # nothing is being written at the moment
    running.pause(name)
    try:
        eventually(lambda: holder() != name, what=f"{name} loses its lease")
    finally:
        running.wake(name)


def settled(store: Store) -> bool:
    try:
        return store.backlog(PORTAL).waiting == 0
    except StoreDown:
        return False


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_dies_nothing_is_lost_and_nothing_doubled(
    running: System, store: Store, accepted: dict[str, dict[str, object]], number: int
) -> None:
    chance = random.Random(SEED * 1_000 + number)  # noqa: S311 (repeatable, not secret)
    faults = running.server.sandbox.faults
    faults.slow({"delay_s": LATENCY_S})
    faults.add({"kind": "lost", "path": "/batch/", "chance": 0.1, "times": 0})
    took: dict[str, object] = {}
    enough = threading.Event()
    with ThreadPoolExecutor(SENDERS) as pool:
        seeds = [random.Random(chance.random()) for _ in range(SENDERS)]  # noqa: S311
        senders = [pool.submit(feed, running, took, each, enough) for each in seeds]
        try:
            for _ in range(STRIKES):
                strike(running, store, chance)
        finally:
            enough.set()
        for each in senders:
            each.result()
    accepted |= took  # type: ignore[arg-type]
    faults.clear()
    eventually(lambda: settled(store), what="every event is in a final state")
    assert audit(running.server.url, accepted.values()) == []
    events = [event for id in accepted if (event := store.event(id)) is not None]
    assert len(events) == len(accepted)
    standings = store.standings(events)
    assert {standings[event.id].state for event in events} == {EventState.DONE}
