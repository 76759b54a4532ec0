"""What is rung for while all workers are busy: the queue of drains does not make anybody wait."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.monitoring.system import PORTAL, system
from workers.celery import QUEUE, application, rung_after
from workers.drain import Ended
from workers.events import Arrival
from workers.runtime import Runtime


@pytest.fixture
def runtime(redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    with system(redis_url, tmp_path) as found:
        found.celery = application("memory://")
        with found.celery.connection_for_write() as connection:
            connection.SimpleQueue(QUEUE).clear()  # of the process, and so of other tests
        yield found


def wait(runtime: Runtime, number: int) -> None:
    """Have an event wait, and nobody ring."""
    body = f'{{"id": "{number}", "type": "saved", "email": "c{number}@x.example"}}'.encode()
    event = Arrival(
        endpoint="shop", source="shop", source_id=f"{number}", type="saved", time=None, body=body
    )
    runtime.store.accept(PORTAL, [event], received=datetime.now(UTC))


def rung(runtime: Runtime) -> list[int | None]:
    """What each published drain says of the last writer, in the order of the queue."""
    found: list[int | None] = []
    with runtime.celery.connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUE)
        while len(queue):
            message = queue.get_nowait()
            message.ack()
            found.append(rung_after(SimpleNamespace(get=message.headers.get)))
    return found


def fences(runtime: Runtime) -> int:
    return runtime.store.last_fence(PORTAL)


def test_of_many_rings_before_a_drain_only_the_first_makes_one(runtime: Runtime) -> None:
    wait(runtime, 1)
    for _ in range(3):  # ticks at which all workers are busy
        runtime.store.redis.delete(f"hl:{{{PORTAL}}}:tick")  # as its time-out would
        assert runtime.tick() == [PORTAL]
    published = rung(runtime)
    assert published == [0, 0, 0]
    ended = [runtime.drain(PORTAL, after=after) for after in published]
    assert ended == [Ended.EMPTY, Ended.TAKEN, Ended.TAKEN]
    assert fences(runtime) == 1


def test_a_ring_after_the_last_writer_began_is_heard(runtime: Runtime) -> None:
    wait(runtime, 1)
    runtime.ring(PORTAL)
    runtime.drain(PORTAL)
    wait(runtime, 2)
    runtime.ring(PORTAL)
    old, new = rung(runtime)
    assert runtime.drain(PORTAL, after=old) is Ended.TAKEN
    assert runtime.store.backlog(PORTAL).waiting == 1
    assert runtime.drain(PORTAL, after=new) is Ended.EMPTY
    assert runtime.store.backlog(PORTAL).waiting == 0


def test_who_lets_others_have_their_turn_rings_so_that_it_is_heard(runtime: Runtime) -> None:
    runtime.settings = replace(runtime.settings, turn_events=1, slice_s=0.0)
    for number in range(2):
        wait(runtime, number)
    assert runtime.drain(PORTAL, after=0) is Ended.SLICE
    (after,) = rung(runtime)
    assert runtime.drain(PORTAL, after=after) is not Ended.TAKEN
    assert runtime.store.backlog(PORTAL).waiting == 0


def test_a_ring_of_an_older_version_is_heard(runtime: Runtime) -> None:
    wait(runtime, 1)
    runtime.celery.send_task("hookline.drain", args=[PORTAL])
    (after,) = rung(runtime)
    assert after is None
    assert runtime.drain(PORTAL, after=after) is Ended.EMPTY


def test_a_tick_looks_at_no_portal_that_has_nothing_waiting(runtime: Runtime) -> None:
    assert runtime.tick() == []
    before = runtime.store.redis.info("commandstats")
    assert runtime.tick() == []
    after = runtime.store.redis.info("commandstats")
    new = {
        name: stats["calls"] - before.get(name, {"calls": 0})["calls"]
        for name, stats in after.items()
    }
    assert new["cmdstat_hget"] == 1
    assert not new.get("cmdstat_pttl")
    assert not new.get("cmdstat_zcount")
