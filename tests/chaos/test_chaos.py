"""Whatever happens at any moment: what was answered 202 takes effect, once."""

import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.chaos.audit import audit
from tests.chaos.blows import LATENCY_S, strike
from tests.chaos.strikes import DEATHS, kinds, rounds
from tests.chaos.system import LEASE_S, PORTAL, System, eventually, system
from workers.errors import StoreDown
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.store import Store

pytestmark = pytest.mark.chaos

ROUNDS = int(os.environ.get("HOOKLINE_CHAOS_ROUNDS", "20"))
SEED = int(os.environ.get("HOOKLINE_CHAOS_SEED", "1"))
STRIKES = 2  # a round
SENDERS = 4
PACE_S = 0.1  # between the events of one sender
SYNCS = ("everysec", "always")  # by turns: what is promised of a death holds with both
CLAIMED_S = LEASE_S + 5  # once a worker works again, until every event is in a final state
_number = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(Options(tier="unlimited")) as found:
        yield found


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, project: Path, server: Server
) -> Iterator[System]:
    with system(tmp_path_factory.mktemp("chaos"), project, crm=server.url) as found:
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
    running: System,
    accepted: dict[str, dict[str, object]],
    chance: random.Random,
    enough: threading.Event,
) -> None:
    """Send events, now and then one twice, until it is enough; each until it is accepted."""
    while not enough.wait(PACE_S):
        sent = body(chance)
        for _ in range(1 + (chance.random() < 0.1)):
            deliver(running, sent, accepted)


def deliver(
    running: System, body: dict[str, object], accepted: dict[str, dict[str, object]]
) -> None:
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


def works(running: System, store: Store, *, signs: list[bytes]) -> bool:
    """Whether a worker has given a newer sign of life than this, and may write."""
    try:
        found = store.redis.hvals("hl:workers")
        paused = store.paused(PORTAL, now=datetime.now(UTC))
    except (OSError, StoreDown):
        return False
    return found != signs and paused is None and running.ready()


def settled(store: Store) -> bool:
    try:
        return store.backlog(PORTAL).waiting == 0
    except StoreDown:
        return False


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_happens_nothing_is_lost_and_nothing_doubled(
    running: System,
    server: Server,
    store: Store,
    accepted: dict[str, dict[str, object]],
    request: pytest.FixtureRequest,
    number: int,
) -> None:
    blows = rounds(SEED, count=number + 1, strikes=STRIKES)[number]
    again = f"make chaos SEED={SEED} ROUNDS={ROUNDS} ARGS='-k \"doubled[{number}]\"'"
    told = f"{' | '.join(map(str, blows))}\nagain: {again}"
    request.node.add_report_section("call", "chaos", told)
    chance = random.Random(f"{SEED} {number}")  # noqa: S311 (repeatable, not secret)
    running.appendfsync = SYNCS[number % len(SYNCS)]
    store.redis.config_set("appendfsync", running.appendfsync)
    faults = server.sandbox.faults
    faults.slow({"delay_s": LATENCY_S})
    faults.add({"kind": "lost", "path": "/batch/", "chance": 0.1, "times": 0})
    took: dict[str, dict[str, object]] = {}
    enough = threading.Event()
    with ThreadPoolExecutor(SENDERS) as pool:
        seeds = [random.Random(chance.random()) for _ in range(SENDERS)]  # noqa: S311
        senders = [pool.submit(feed, running, took, each, enough) for each in seeds]
        try:
            for blow in blows:
                strike(running, store, blow, chance, log=server.sandbox.log)
        finally:
            enough.set()
        for each in senders:
            each.result()
    accepted |= took
    faults.clear()
    signs = store.redis.hvals("hl:workers")
    eventually(lambda: works(running, store, signs=signs), what="a worker works again")
    eventually(lambda: settled(store), what="every event is in a final state", within_s=CLAIMED_S)
    assert audit(server.url, accepted.values()) == []
    events = [event for id in accepted if (event := store.event(id)) is not None]
    assert len(events) == len(accepted)
    states = {id: each.state for id, each in store.standings(events).items()}
    assert {id for id, state in states.items() if state is not EventState.DONE} == set()


def test_twenty_rounds_hold_every_strike_alone_and_with_a_death() -> None:
    for seed in range(50):
        found = [blow for each in rounds(seed, count=20, strikes=STRIKES) for blow in each]
        alone = {(each.trouble, each.link) for each in found if not each.deaths}
        joined = {(each.trouble, each.link) for each in found if each.trouble and each.deaths}
        every = {(each.trouble, each.link) for each in kinds()}
        assert alone - {(None, "")} == joined == every
        assert {each.deaths for each in found if each.trouble is None} == set(DEATHS)
