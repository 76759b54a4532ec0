"""What a queue is to the consumer, whichever broker holds it."""

from collections.abc import Sequence
from typing import Any, Protocol

from amqp.exceptions import MessageNacked
from kombu import Connection, Producer

from workers.errors import Retryable
from workers.queues.messages import Message

CONFIRM_S = 30.0  # for a dead letter to be confirmed
PERSISTENT = 2


class Tap(Protocol):
    """A queue, taken from by one consumer, over one connection."""

    def take(self, limit: int, *, wait_s: float) -> list[Message]:
        """Return up to so many messages; none if none came within the time."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Let the broker forget these messages."""

    def give_back(self, messages: Sequence[Message]) -> None:
        """Return messages to the front of the queue, for any consumer."""

    def hold(self, messages: Sequence[Message]) -> None:
        """Tell the broker, once a second or so, that these are still in hand."""

    def waiting(self) -> int:
        """Return how many messages nobody has in hand."""


def declare(connection: Connection, queue: str) -> int:
    """Make sure that the queue is there, and return how many messages wait in it.

    One that is there already is taken as it is, whatever kind of queue it is.
    """
    try:
        with connection.channel() as channel:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:  # it is not there; that closed the channel
        with connection.channel() as channel:
            return int(
                channel.queue_declare(queue=queue, durable=True, auto_delete=False).message_count
            )


class DeadLetters:
    """The queue beside a queue, where what can never be read is kept with the reason."""

    def __init__(self, connection: Connection, queue: str) -> None:
        self.connection = connection
        self.queue = queue
        self._producer: Any = None

    def send(self, message: Message, about: dict[str, str]) -> bool:
        """Publish the message as it came, with headers about it; return True once it is confirmed.

        Raises Retryable when the broker does not take it.
        """
        if self._producer is None:
            declare(self.connection, self.queue)
            self._producer = Producer(self.connection.channel())
        try:
            self._producer.publish(
                message.body,
                exchange="",
                routing_key=self.queue,
                content_type=message.content_type or "application/data",
                content_encoding=message.content_encoding or "binary",
                headers={**message.headers, **about},
                delivery_mode=PERSISTENT,
                mandatory=True,  # an unroutable one is an error, not silence
                confirm_timeout=CONFIRM_S,
            )
        except MessageNacked as error:
            raise Retryable(
                f"queue {self.queue}: the broker refuses what is dead; make room there"
            ) from error
        return True
