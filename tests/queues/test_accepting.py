"""Another Celery application sends events by the name of a task, and imports nothing of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.queues.conftest import ENDPOINT, Broker, Place, event, eventually
from tests.queues.rabbit import Rabbit

FOREIGN = Path(__file__).parent / "foreign.py"
QUEUE = "hookline.accept"


def send(broker: Broker, *calls: Mapping[str, object], results: str = "") -> dict[str, Any]:
    """Send calls from an application of another process; wait for what they return, if asked."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", str(FOREIGN), broker.url, results, json.dumps(calls)],
        cwd=FOREIGN.parent,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout) if results else {}
    return found


def call(body: object, **more: object) -> dict[str, object]:
    """The arguments of a task."""
    return {"endpoint": ENDPOINT, "body": body, **more}


@pytest.fixture
def results(place: Place, broker: Broker) -> str:
    """Where the tasks leave what they return; the worker is configured for it."""
    url = place.store.url.removesuffix("/0") + "/1"
    place.configure(broker_url=broker.url, results_url=url)
    return url


def test_a_task_returns_the_ids_of_the_events_it_brought(
    broker: Broker, place: Place, results: str
) -> None:
    place.start("--no-tick", command="worker")
    binary = {"ce-specversion": "1.0", "ce-id": "a%20b", "ce-source": "/s", "ce-type": "t"}
    said = send(
        broker,
        call(event(1)),
        call(json.dumps(event(1))),
        call([event(2), event(3)], headers={"Content-Type": "application/cloudevents-batch+json"}),
        call({"email": "b@acme.example"}, headers=binary),
        results=results,
    )
    first, again, batch, other = said["told"]
    assert said["states"] == ["SUCCESS"] * 4
    assert first == again
    assert [len(each) for each in (first, batch, other)] == [1, 2, 1]
    kept = {each.id: json.loads(each.body) for each in place.events()}
    assert kept.keys() == {*first, *batch, *other}
    assert kept[other[0]]["id"] == "a b"


def test_a_task_that_can_never_be_understood_fails_and_is_kept(
    broker: Broker, place: Place, results: str
) -> None:
    broker.dead(QUEUE)
    place.start("--no-tick", command="worker")
    said = send(
        broker,
        call("not JSON", headers={"trace": "t-1"}),
        call(event(1)) | {"endpoint": "queud"},
        {"endpoint": ENDPOINT, "paylod": 1},
        call({"specversion": "1.0"}),
        results=results,
    )
    assert said["states"] == ["FAILURE"] * 4
    malformed, endpoint, called, none = said["told"]
    assert malformed.startswith("ValueError: Malformed body: The body is not JSON")
    assert "there is no 'queud'; did you mean 'queued'" in endpoint
    assert "'paylod' is not known; body is missing; call it with endpoint, body" in called
    assert "Not an event" in none
    dead = {f"ValueError: {each.reason}": each for each in broker.dead(QUEUE)}
    assert sorted(dead) == sorted(said["told"])
    assert (dead[malformed].body, dead[malformed].headers["trace"]) == (b"not JSON", "t-1")
    assert json.loads(dead[called].body)["kwargs"] == {"endpoint": ENDPOINT, "paylod": 1}
    assert place.accepted() == 0


def test_what_is_no_task_of_ours_is_kept_too(broker: Broker, place: Place) -> None:
    place.configure(broker_url=broker.url)
    broker.dead(QUEUE)
    broker.publish(QUEUE, b"\x80\x04N.", kind="application/x-python-serialize")
    broker.publish(QUEUE, event(1))
    broker.publish(QUEUE, [[], {}, {}], headers={"task": "hookline.acept", "id": "t-1"})
    broker.publish(QUEUE, b"{", headers={"task": "hookline.accept", "id": "t-2"})
    place.start("--no-tick", command="worker")
    send(broker, call(event(2)))
    eventually(lambda: place.accepted() == 1, what="it accepts")
    eventually(lambda: place.counted().get("dead") == 4, what="four are dead")
    dead = {each.reason: each.body for each in broker.dead(QUEUE)}
    assert dead == {
        "Malformed task: ContentDisallowed": b"\x80\x04N.",
        "Malformed task: the message is none of Celery's": json.dumps(event(1)).encode(),
        "Unknown task: 'hookline.acept'; send 'hookline.accept'": b"[[], {}, {}]",
        "Malformed task: DecodeError": b"{",
    }
    assert not broker.waiting(QUEUE)


def test_tasks_wait_in_their_queue_while_the_store_is_down(broker: Broker, place: Place) -> None:
    place.configure(broker_url=broker.url)
    place.start("--no-tick", command="worker")
    send(broker, call(event(1)))
    eventually(lambda: place.accepted() == 1, what="it accepts")
    place.store.stop()
    send(broker, call(event(2)), call(event(3)))
    eventually(lambda: place.said("task given back"), what="it waits for the store")
    place.store.start()
    eventually(lambda: place.accepted() == 3, what="they are kept")


def test_tasks_in_hand_at_a_kill_9_are_delivered_again(place: Place, rabbit: Rabbit) -> None:
    broker = Broker(kind="rabbitmq", url=rabbit.url, server=rabbit)
    place.configure(broker_url=broker.url)
    process = place.start("--no-tick", command="worker")
    send(broker, *(call(event(number)) for number in range(300)))
    eventually(lambda: place.accepted() >= 20, what="it accepts")
    process.kill()
    process.wait()
    place.start("--no-tick", command="worker")
    eventually(lambda: place.accepted() == 300, what="all are kept")
    eventually(lambda: not broker.waiting(QUEUE), what="the queue is empty")
    assert place.accepted() == 300
