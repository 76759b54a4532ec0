"""What a message may look like: CloudEvents in each mode and binding, bare JSON, priorities."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from cloudevents.core.bindings import amqp, kafka, rabbitmq
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st
from kombu import Connection

from tests.queues.conftest import Broker, Place, Valkey, event
from tests.queues.rabbit import Rabbit
from workers.bodies import Unreadable
from workers.queues import Message

TIME = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
SUBJECT = 'Zoë "€5" 100%25'
SENT = CloudEvent(
    {
        "specversion": "1.0",
        "id": "45 %",
        "source": "/shop",
        "type": "example.shop.lead",
        "time": TIME,
        "subject": SUBJECT,
        "datacontenttype": "application/json",
    },
    {"email": "zoe@acme.example"},
)
Form = tuple[bytes, str | None, Mapping[str, object]]


def over_amqp() -> Form:
    sent = amqp.to_binary(SENT, JSONFormat())
    return sent.application_data, sent.properties["content-type"], sent.application_properties


def over_amqp_with_colons() -> Form:
    body, kind, headers = over_amqp()
    return body, kind, {name.replace("_", ":"): value for name, value in headers.items()}


def over_rabbitmq() -> Form:
    sent = rabbitmq.to_binary(SENT, JSONFormat())
    return sent.body, sent.content_type, sent.headers


def over_kafka() -> Form:
    sent = kafka.to_binary(SENT, JSONFormat())
    headers = {name: value.decode() for name, value in sent.headers.items()}
    assert isinstance(sent.value, bytes)
    return sent.value, None, headers


def structured() -> Form:
    sent = rabbitmq.to_structured(SENT, JSONFormat())
    return sent.body, sent.content_type, {}


def structured_without_a_type() -> Form:
    return structured()[0], None, {}


def batched() -> Form:
    body = b"[" + structured()[0] + b"]"
    return body, "application/cloudevents-batch+json", {}


@pytest.mark.parametrize(
    "form",
    [
        over_amqp,
        over_amqp_with_colons,
        over_rabbitmq,
        over_kafka,
        structured,
        structured_without_a_type,
        batched,
    ],
)
def test_a_cloudevent_is_the_same_in_whatever_form_it_comes(
    broker: Broker, place: Place, queue: str, form: Callable[[], Form]
) -> None:
    body, kind, headers = form()
    broker.publish(queue, body, kind=kind, headers=headers)
    place.drain(broker.url, queue)
    (kept,) = place.events()
    said = json.loads(kept.body)
    assert (kept.type, kept.time) == ("example.shop.lead", TIME)
    assert (said["id"], said["subject"]) == ("45 %", SUBJECT)
    assert said["data"] == {"email": "zoe@acme.example"}


def test_what_is_pushed_to_a_list_without_any_envelope_is_read_as_it_is(
    place: Place, queue_valkey: Valkey, queue: str
) -> None:
    with Connection(queue_valkey.url) as connection:
        client = connection.default_channel.client
        client.lpush(queue, json.dumps(event(1)), b"\xff", json.dumps(event(2)))
    said = place.drain(queue_valkey.url, queue)
    assert said == f"3 messages: 2 new events, 0 known already; 1 to {queue}.dead"
    with Connection(queue_valkey.url) as connection:
        dead = connection.default_channel.basic_get(f"{queue}.dead", no_ack=True)
    assert dead.body == b"\xff"


def test_higher_priorities_come_first(place: Place, queue_valkey: Valkey, queue: str) -> None:
    broker = Broker(kind="redis", url=queue_valkey.url, server=queue_valkey)
    for number, priority in ((1, 9), (2, 3), (3, 0)):
        broker.publish(queue, event(number), priority=priority)
    place.drain(broker.url, queue)
    newest_first = [json.loads(each.body)["id"] for each in place.events()]
    assert newest_first == ["1", "2", "3"]


def test_compressed_bodies_are_read(broker: Broker, place: Place, queue: str) -> None:
    broker.publish(queue, event(1), compression="zlib")
    assert place.drain(broker.url, queue).startswith("1 messages: 1 new events")


def test_a_queue_of_another_kind_is_taken_as_it_is(
    place: Place, rabbit: Rabbit, queue: str
) -> None:
    with Connection(rabbit.url) as connection, connection.Producer() as producer:
        connection.default_channel.queue_declare(
            queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
        )
        producer.publish(json.dumps(event(1)), exchange="", routing_key=queue)
    assert place.drain(rabbit.url, queue).startswith("1 messages: 1 new events")


@given(value=st.text(), name=st.sampled_from(["ce-x", "ce_x", "CE_X", "cloudEvents:x"]))
def test_any_text_survives_as_an_attribute(name: str, value: str) -> None:
    request = Message(body=b"{}", headers={name: value}).request(max_bytes=10)
    found = request.header("ce-x")
    assert found is not None
    assert found.isascii()
    assert unquote(found) == value


@given(
    headers=st.dictionaries(
        st.text(max_size=20),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(),
            st.binary(),
            st.datetimes(),
            st.lists(st.integers()),
        ),
    ),
    kind=st.text(max_size=30),
    encoding=st.one_of(st.text(max_size=10), st.sampled_from(["utf-16", "rot13", "gzip", "hex"])),
    body=st.binary(),
)
def test_whatever_a_message_holds_it_is_a_request_or_is_told_unreadable(
    headers: dict[str, object], kind: str, encoding: str, body: bytes
) -> None:
    message = Message(body=body, content_type=kind, content_encoding=encoding, headers=headers)
    with suppress(Unreadable):
        assert message.request(max_bytes=50).header("content-type") is not None
