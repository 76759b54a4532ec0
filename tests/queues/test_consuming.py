"""What is in a queue becomes events, once each, whatever dies in between."""

import signal

import pytest

from tests.queues.conftest import ENDPOINT, Broker, Place, event, eventually

MANY = 1_000


def test_every_message_becomes_an_event_and_leaves_the_queue(
    broker: Broker, place: Place, queue: str
) -> None:
    broker.publish(queue, *map(event, range(250)))
    said = place.drain(broker.url, queue)
    assert said == f"250 messages: 250 new events, 0 known already; 0 to {queue}.dead"
    assert len({each.source_id for each in place.events()}) == 250
    assert broker.waiting(queue) == 0


def test_a_message_that_comes_again_is_the_same_event(
    broker: Broker, place: Place, queue: str
) -> None:
    broker.publish(queue, event(1), event(2), event(1))
    place.drain(broker.url, queue)
    broker.publish(queue, event(2))
    said = place.drain(broker.url, queue)
    assert said == f"1 messages: 0 new events, 1 known already; 0 to {queue}.dead"
    assert place.accepted() == 2


def test_what_can_never_be_read_is_kept_with_the_reason(
    broker: Broker, place: Place, queue: str
) -> None:
    broker.publish(queue, event(1))
    broker.publish(queue, b"not JSON", headers={"trace": "t-1"})
    broker.publish(queue, {"specversion": "1.0", "source": "/s", "id": "no type"})
    broker.publish(queue, b"\x80\x04N.", kind="application/x-python-serialize")
    broker.publish(queue, b" " * 100_001)
    broker.publish(queue, event(2))
    said = place.drain(broker.url, queue)
    assert said == f"6 messages: 2 new events, 0 known already; 4 to {queue}.dead"
    assert broker.waiting(queue) == 0
    dead = broker.dead(queue)
    assert [each.reason.partition(":")[0] for each in dead] == [
        "Malformed body",
        "Not an event",
        "Unsupported content type",
        "Body too large",
    ]
    assert dead[0].body == b"not JSON"
    assert dead[0].headers["trace"] == "t-1"
    assert dead[0].headers["x-hookline-endpoint"] == ENDPOINT
    assert place.counted() == {"kept": 2, "dead": 4}


def test_dead_letters_can_be_consumed_once_the_fault_is_mended(
    broker: Broker, place: Place, queue: str
) -> None:
    place.configure(**{"100_000": "50"})  # the fault: too small a limit
    broker.publish(queue, event(1))
    place.drain(broker.url, queue)
    place.configure()
    said = place.drain(broker.url, f"{queue}.dead")
    assert said == f"1 messages: 1 new events, 0 known already; 0 to {queue}.dead.dead"


def test_kill_9_of_the_consumer_loses_and_doubles_nothing(
    broker: Broker, place: Place, queue: str
) -> None:
    broker.publish(queue, *map(event, range(MANY)))
    args = (broker.url, queue, "--endpoint", ENDPOINT, "--prefetch", "10", "--return-after", "1")
    for kept in (1, 300, 600):
        process = place.start(*args)
        eventually(lambda kept=kept: place.accepted() >= kept, what=f"{kept} are kept")  # type: ignore[misc]
        process.kill()
        process.wait()
    place.start(*args)
    eventually(lambda: place.accepted() == MANY, what="all are kept")
    eventually(lambda: broker.waiting(queue) == 0, what="the queue is empty")
    assert place.accepted() == MANY
    assert not broker.dead(queue)


def test_messages_in_hand_at_a_kill_9_come_again(broker: Broker, place: Place, queue: str) -> None:
    place.store.stop()
    broker.publish(queue, *map(event, range(10)))
    args = (broker.url, queue, "--endpoint", ENDPOINT, "--return-after", "1")
    process = place.start(*args)
    eventually(lambda: place.said('"in_hand":10'), what="they are in hand")
    assert broker.waiting(queue) == 0
    process.kill()
    process.wait()
    place.store.start()
    place.start(*args)
    eventually(lambda: place.accepted() == 10, what="all are kept")


def test_nothing_is_acknowledged_while_the_store_is_down(
    broker: Broker, place: Place, queue: str
) -> None:
    process = place.start(broker.url, queue, "--endpoint", ENDPOINT)
    broker.publish(queue, event(0))
    eventually(lambda: place.accepted() == 1, what="it consumes")
    place.store.stop()
    broker.publish(queue, event(1), event(2))
    eventually(lambda: place.said('"in_hand":'), what="it waits for the store")
    place.store.start()
    eventually(lambda: place.accepted() == 3, what="they are kept")
    process.terminate()
    assert process.wait(30) == 0
    assert broker.waiting(queue) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_consumer_that_is_told_to_stop_gives_back_what_it_could_not_keep(
    broker: Broker, place: Place, queue: str, how: signal.Signals
) -> None:
    place.configure(**{"10_000": "5"})
    broker.publish(queue, *map(event, range(8)))
    process = place.start(broker.url, queue, "--endpoint", ENDPOINT)
    eventually(lambda: place.said('"in_hand":8'), what="the portal takes no more")
    process.send_signal(how)
    assert process.wait(30) == 0
    assert place.said("0 messages: 0 new events")
    eventually(lambda: broker.waiting(queue) == 8, what="they are back")


def test_a_consumer_outlives_its_broker(broker: Broker, place: Place, queue: str) -> None:
    process = place.start(broker.url, queue, "--endpoint", ENDPOINT)
    broker.publish(queue, event(1))
    eventually(lambda: place.accepted() == 1, what="it consumes")
    broker.server.stop()
    eventually(lambda: place.said("broker gone"), what="it notices")
    broker.server.start()
    broker.publish(queue, event(2))
    eventually(lambda: place.accepted() == 2, what="it consumes again")
    process.terminate()
    assert process.wait(30) == 0
