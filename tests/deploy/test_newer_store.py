"""What a newer version left, and only it may work on, is refused at start, in words."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.cli.environment import command
from app.cli.ports import free_port
from workers.store.clients import client
from workers.store.keys import portal_key
from workers.store.versions import CURRENT


@pytest.mark.parametrize(
    "verb",
    [("worker",), ("web", "--no-admin"), ("consume", "memory://", "q", "--endpoint", "stripe")],
    ids=["worker", "web", "consume"],
)
def test_a_process_does_not_start_on_it_and_says_what_to_do(
    redis_url: str, project: Path, verb: Sequence[str]
) -> None:
    with client(redis_url, timeout_s=10) as server:
        newer = {"version": CURRENT + 1, "least": CURRENT + 1}
        server.hset(portal_key("", "schema"), mapping=newer)
    port = ("--port", str(free_port())) if verb[0] == "web" else ()
    environ = {**os.environ, "REDIS_URL": redis_url, "PYTHONPATH": str(project)}
    ended = subprocess.run(
        command(*verb, *port),
        env={**environ, "SANDBOX_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        f"hookline: store: its schema is {CURRENT + 1}, and this version knows {CURRENT}; start "
        "the version that wrote it or a newer one, or restore a back-up from before"
    )
