"""Slow and endless senders at `hookline web`, as it is started for real."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from app.cli.ports import free_port
from app.cli.processes import launcher
from app.cli.services import HEADERS_BYTES, WEB_THREADS
from app.cli.wire import answers, ask
from tests.journeys.conftest import OURS, eventually
from workers.store.embedded import EmbeddedStore

WAIT_S = 60.0
UNFINISHED = b"POST /hooks/stripe HTTP/1.1\r\nHost: a\r\nX-Slow: "
SLOW = (
    b"POST /hooks/stripe HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 500\r\n\r\n{"
)


@pytest.fixture(scope="module")
def port(
    valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory, project: Path
) -> Iterator[int]:
    found = free_port()
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    process = launcher(
        [
            *(sys.executable, "-P", "-m", "app.cli", "web", "--no-admin"),
            *("--port", str(found), "--workers", "1"),
        ],
        environ={**plain, "PYTHONPATH": str(project), "REDIS_URL": valkey.url},
        log=tmp_path_factory.mktemp("web") / "web.log",
    )()
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{found}/healthz"), what="it serves")
        yield found
    finally:
        process.terminate()
        process.wait(30)


def test_slow_bodies_on_a_few_connections_stop_nobody(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(WEB_THREADS - 2):
            held = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            held.sendall(SLOW)
        for _ in range(5):
            said = ask(
                f"http://127.0.0.1:{port}/hooks/stripe", method="POST", headers={}, body=b"{}"
            )
            assert said.status == 401  # it was read, and is signed by nobody


def test_headers_that_do_not_go_on_are_not_waited_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(UNFINISHED)
        assert connection.recv(64) == b""  # ended from there


def test_a_connection_on_which_nothing_more_is_asked_is_ended(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        said = connection.recv(4_096)
        assert said.startswith(b"HTTP/1.1 200")
        while said:
            said = connection.recv(4_096)


def test_headers_of_more_than_there_is_room_for_are_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(UNFINISHED + b"a" * (2 * HEADERS_BYTES))
        with suppress(ConnectionResetError):
            answer = connection.recv(64)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_a_large_body_is_read_whole_however_it_comes(port: int) -> None:
    body = b'{"a": "' + b"x" * 900_000 + b'"}'
    said = ask(f"http://127.0.0.1:{port}/hooks/stripe", method="POST", headers={}, body=body)
    assert said.status == 401  # it was read, and is signed by nobody
