"""Two consumers, a broker and a store that are killed and stopped at random: the books agree."""

import os
import random
import signal
import threading

import pytest

from tests.queues.conftest import ENDPOINT, Broker, Place, event, eventually

pytestmark = pytest.mark.chaos

ROUNDS = int(os.environ.get("HOOKLINE_CHAOS_ROUNDS", "4"))
SEED = int(os.environ.get("HOOKLINE_CHAOS_SEED", "1"))
EACH = 150  # messages a round; a third of them is sent twice
PACE_S = 2.0
ENDED = (0, -signal.SIGTERM)  # the latter before it had begun


def test_nothing_is_lost_or_doubled_whatever_is_killed(
    broker: Broker, place: Place, queue: str
) -> None:
    chance = random.Random(SEED)  # noqa: S311 (chance, not secrecy)
    args = (broker.url, queue, "--endpoint", ENDPOINT, "--prefetch", "20", "--return-after", "1")
    consumers = [place.start(*args), place.start(*args)]
    sent = 0
    for _ in range(ROUNDS):
        numbers = range(sent, sent + EACH)
        broker.publish(queue, *(event(n) for n in numbers), *(event(n) for n in numbers[::3]))
        broker.publish(queue, b"poison")
        sent += EACH
        threading.Event().wait(chance.random() * PACE_S)
        match chance.choice(["consumer", "consumer", "broker", "store", "ask"]):
            case "consumer":
                victim = chance.randrange(len(consumers))
                consumers[victim].kill()
                consumers[victim].wait()
                consumers[victim] = place.start(*args)
            case "broker":
                broker.server.stop()
                broker.server.start()
            case "store":
                place.store.stop()
                threading.Event().wait(PACE_S)
                place.store.start()
            case _:
                victim = chance.randrange(len(consumers))
                consumers[victim].terminate()
                assert consumers[victim].wait(30) in ENDED
                consumers[victim] = place.start(*args)
    eventually(lambda: place.accepted() == sent, what="all are kept")
    eventually(lambda: not broker.waiting(queue), what="the queue is empty")
    for each in consumers:
        each.terminate()
        assert each.wait(30) in ENDED
    assert not broker.waiting(queue)
    assert len({each.source_id for each in place.events()}) == place.accepted() == sent
    dead = broker.dead(queue)
    assert {each.body for each in dead} == {b"poison"}
    assert len(dead) >= ROUNDS  # one whose consumer died before it was told is there twice
