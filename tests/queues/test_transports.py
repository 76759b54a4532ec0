"""Any transport that kombu makes look like AMQP will do: here the one within a process."""

import random
import threading
import time

from kombu import Connection

from tests.queues.conftest import ENDPOINT, Place, event
from workers.queues import Broker, Inlet, consume

URL = "memory://"


def test_a_transport_without_acknowledgements_of_its_own_is_consumed(
    place: Place, queue: str
) -> None:
    stop = threading.Event()
    runtime = place.runtime()
    with Connection(URL) as connection, connection.Producer() as producer:
        connection.default_channel.queue_declare(queue)
        for number in range(30):
            producer.publish(event(number), exchange="", routing_key=queue)
        producer.publish(b"poison", exchange="", routing_key=queue)
        done = consume(
            Inlet.of(runtime, ENDPOINT),
            Broker(url=URL, queue=queue, prefetch=7, stop=stop),
            until_empty=True,
            monotonic=time.monotonic,
            random=random.random,
        )
        dead = connection.default_channel.basic_get(f"{queue}.dead")
    runtime.store.close()
    assert (done.messages, done.events, done.dead) == (31, 30, 1)
    assert dead.headers["x-hookline-reason"].startswith("Malformed body")
    assert dead.body == b"poison"
