"""Who sends headers slowly, or too many, does not stop the others: one real web process."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.app import serving
from tests.app.conftest import JSON, Door, door, door_store
from tests.app.test_delivery import stripe_event
from workers.store.embedded import EmbeddedStore

__all__ = ["EmbeddedStore", "door", "door_store"]

MANY = 200
SLOW_HEADERS = b"POST /hooks/stripe HTTP/1.1\r\nHost: hooks.example.com\r\nX-Slow: "


@pytest.fixture
def held(door: Door, beginning: bytes) -> Iterator[list[socket.socket]]:
    """Many connections on which a request has begun, and does not go on."""
    with ExitStack() as stack:
        connections = []
        for _ in range(MANY):
            connection = socket.create_connection(("127.0.0.1", door.port), timeout=30)
            connections.append(stack.enter_context(connection))
            connection.sendall(beginning)
        yield connections


@pytest.mark.parametrize("beginning", [SLOW_HEADERS], ids=["headers"])
def test_slow_headers_on_many_connections_stop_nobody(
    door: Door, held: list[socket.socket]
) -> None:
    before = door.accepted()
    assert len(held) == MANY
    assert door.deliver("stripe", stripe_event(), kind=JSON).status in (200, 202)
    assert door.accepted() == before + 1


def test_endless_headers_are_refused_and_the_next_is_served(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=30) as connection:
        try:
            connection.sendall(b"POST /hooks/stripe HTTP/1.1\r\nHost: a\r\n")
            for _ in range(64):
                connection.sendall(b"X-Long: " + b"a" * 65_536 + b"\r\n")
            answer = connection.recv(64)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert door.send("/healthz", method="GET").status == 200
    assert serving.SECRET.encode() not in door.log.read_bytes()
