"""A queue whose broker pushes: AMQP, and whatever else kombu makes look like it."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from kombu import Connection, Consumer, Queue

from workers.queues.messages import Message
from workers.queues.taps import declare

LINGER_S = 0.01  # for the rest of what the broker has pushed already


class Pushed:
    """A consumer of a queue; the broker pushes no more than `prefetch` ahead of what is done."""

    def __init__(self, connection: Connection, queue: str, *, prefetch: int) -> None:
        self.connection = connection
        self.queue = queue
        self._arrived: deque[Any] = deque()
        declare(connection, queue)
        consumer = Consumer(
            connection.channel(),
            queues=[Queue(queue, no_declare=True)],
            on_message=self._arrived.append,
            auto_declare=False,
            prefetch_count=prefetch,
        )
        consumer.consume()

    def take(self, limit: int, *, wait_s: float) -> list[Message]:
        """Return what has arrived, or arrives first within the time."""
        if not self._arrived:
            self._drain(wait_s)
        while len(self._arrived) < limit and self._arrived and self._drain(LINGER_S):
            pass
        self._live()
        room = min(limit, len(self._arrived))
        return [message_of(self._arrived.popleft()) for _ in range(room)]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Acknowledge each: what is in hand may be settled in any order."""
        for each in messages:
            _raw(each).ack()

    def give_back(self, messages: Sequence[Message]) -> None:
        """Return messages, and what has arrived and nobody has taken."""
        given = [*map(_raw, messages), *self._arrived]
        self._arrived.clear()
        for each in reversed(given):
            each.requeue()

    def hold(self, messages: Sequence[Message]) -> None:  # noqa: ARG002 (they are held anyhow)
        """Read what the broker says meanwhile: it takes silence for death, and so do we."""
        while self._drain(LINGER_S):
            pass
        self._live()

    def waiting(self) -> int:
        """Return how many messages nobody has in hand."""
        return declare(self.connection, self.queue) + len(self._arrived)

    def _drain(self, wait_s: float) -> bool:
        try:
            self.connection.drain_events(timeout=wait_s)
        except TimeoutError:
            return False
        return True

    def _live(self) -> None:
        if self.connection.get_heartbeat_interval():
            self.connection.heartbeat_check()


def _raw(message: Message) -> Any:
    return message.tag


def message_of(raw: Any) -> Message:
    """Return the message that kombu calls `raw`."""
    body = raw.body if raw.body is not None else b""
    headers = dict(raw.headers)
    if not raw.errors:
        headers.pop("compression", None)  # kombu has undone it
    return Message(
        body=body.encode() if isinstance(body, str) else bytes(body),
        content_type=raw.content_type or "",
        content_encoding=raw.content_encoding or "",
        headers=headers,
        tag=raw,
        fault="The body cannot be decompressed." if raw.errors else "",
    )
