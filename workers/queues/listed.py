"""A queue that is a list in Redis: what kombu or Celery publishes there, or a bare LPUSH.

kombu itself takes messages with BRPOP and notes afterwards that it has them; a consumer that is
killed in between has lost them. So they are taken by a script of ours, which does both at once.
"""

import base64
import binascii
import uuid
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from kombu import Connection
from kombu.compression import decompress
from kombu.utils.json import loads

from workers.queues.messages import Message

PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")  # the ends of kombu's names, high to low
POLL_S = 0.05


@cache
def _script(name: str) -> str:
    return resources.files("workers.queues").joinpath(f"{name}.lua").read_text("utf-8")


class Listed:
    """A list, taken from so that nothing is lost by any death.

    What a consumer had in hand when it died waits again `hold_s` after it was last heard of.
    """

    def __init__(
        self,
        connection: Connection,
        queue: str,
        *,
        hold_s: float,
        wait: Callable[[float], object],
    ) -> None:
        client: Any = connection.default_channel.client
        self._take = client.register_script(_script("take"))
        self._settle = client.register_script(_script("settle"))
        self._length = client.llen
        self._hold_ms = int(hold_s * 1000)
        self._wait = wait
        self._lists = [queue + end for end in PRIORITIES]
        self._hand = [f"hookline:{{{queue}}}:taken", f"hookline:{{{queue}}}:due"]
        self._name = uuid.uuid4().hex
        self._turn = 0

    def take(self, limit: int, *, wait_s: float) -> list[Message]:
        """Return what waits; if nothing does, none after a moment."""
        self._turn += 1
        found = self._take(
            keys=[*self._hand, *self._lists],
            args=[limit, self._hold_ms, f"{self._name}:{self._turn}"],
        )
        if not found:
            self._wait(min(POLL_S, wait_s))
        return [_message(tag, raw) for tag, raw in zip(found[::2], found[1::2], strict=True)]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Forget these messages."""
        self._settled("done", messages)

    def give_back(self, messages: Sequence[Message]) -> None:
        """Return messages to where they are taken from next."""
        self._settled("back", messages)

    def hold(self, messages: Sequence[Message]) -> None:
        """Keep these in hand from now on anew."""
        self._settled(self._hold_ms, messages)

    def waiting(self) -> int:
        """Return how many messages nobody has in hand."""
        return sum(self._length(each) for each in self._lists)

    def _settled(self, how: str | int, messages: Sequence[Message]) -> None:
        if messages:
            tags = [each.tag for each in messages]
            self._settle(keys=[*self._hand, self._lists[0]], args=[how, *tags])


def _message(tag: bytes, raw: bytes) -> Message:
    """Return the message of kombu's envelope; what is in none is the body itself."""
    try:
        envelope = loads(raw)
    except (ValueError, RecursionError):
        envelope = None
    match envelope:
        case {"body": str() | None as body, "properties": {"delivery_info": _, **properties}}:
            headers = dict(envelope.get("headers") or {})
        case _:
            return Message(body=raw, tag=tag)
    fault = ""
    plain = (body or "").encode()
    try:
        if properties.get("body_encoding") == "base64":
            plain = base64.b64decode(plain, validate=True)
        if headers.get("compression"):
            plain = decompress(plain, headers["compression"])
            del headers["compression"]
    except binascii.Error:
        fault = "The body is not base64, though its envelope says so."
    except Exception:  # noqa: BLE001 (any of kombu's compressions)
        fault = "The body cannot be decompressed."
    return Message(
        body=plain,
        content_type=str(envelope.get("content-type") or ""),
        content_encoding=str(envelope.get("content-encoding") or ""),
        headers=headers,
        tag=tag,
        fault=fault,
    )
