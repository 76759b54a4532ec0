"""A few senders whose bodies come slowly stop nobody: `hookline web`, as it is started for real."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.cli.ports import free_port
from app.cli.processes import launcher
from app.cli.services import WEB_THREADS
from app.cli.wire import answers, ask
from tests.journeys.conftest import OURS, eventually

SLOW = (
    b"POST /hooks/stripe HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 500\r\n\r\n{"
)


@pytest.fixture
def port(redis_url: str, tmp_path: Path, project: Path) -> Iterator[int]:
    found = free_port()
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    process = launcher(
        [
            *(sys.executable, "-P", "-m", "app.cli", "web", "--no-admin"),
            *("--port", str(found), "--workers", "1"),
        ],
        environ={**plain, "PYTHONPATH": str(project), "REDIS_URL": redis_url},
        log=tmp_path / "web.log",
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
