"""No secret stands in a log or on a command line, wherever it was given."""

import hashlib
import hmac
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import pytest
from kombu import Connection

from tests.app.conftest import START_S, eventually
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore

TOKEN = "pat-private-token-of-the-portal"
SECRET = "private-secret-of-the-endpoint"
PASSWORD = "private-password-of-the-store"
QUEUE = "waiting-orders"
CONFIG = """
store: ${{STORE_URL}}
portals:
  crm: {{base_url: "http://127.0.0.1:{crm}", token: "${{PORTAL_TOKEN}}"}}
endpoints:
  stripe: {{source: stripe, portal: crm, secret: "${{ENDPOINT_SECRET}}"}}
"""
RUN_CONFIG = """
store: ${REDIS_URL:-redis://127.0.0.1:6399/0}
portals:
  crm: {base_url: "${SANDBOX_URL}", token: "${PORTAL_TOKEN}"}
endpoints:
  stripe: {source: stripe, portal: crm, secret: "${ENDPOINT_SECRET}"}
"""


class Refusing(http.server.BaseHTTPRequestHandler):
    """A CRM that knows no token."""

    shown: ClassVar[set[str]] = set()

    def answer(self) -> None:
        self.shown.add(self.headers.get("Authorization", ""))
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b'{"status": "error", "category": "INVALID_AUTHENTICATION", "message": "no"}'
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 (names of the base class)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def crm() -> Iterator[int]:
    Refusing.shown = set()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def store_url(tmp_path: Path) -> Iterator[str]:
    """A store that asks for a password."""
    folder = tmp_path / "store"
    folder.mkdir()
    with EmbeddedStore.start(folder, appendfsync="no") as server:
        with closing(client(server.url, timeout_s=10)) as admin:
            admin.config_set("requirepass", PASSWORD)
        url = server.url.replace("redis://", f"redis://:{PASSWORD}@")
        yield url
        with closing(client(url, timeout_s=10)) as admin:
            admin.config_set("requirepass", "")


@pytest.fixture(params=["environment", "file"])
def given(
    request: pytest.FixtureRequest, tmp_path: Path, store_url: str, crm: int, project: Path
) -> Mapping[str, str]:
    """An environment with the secrets, or with the names of the files that hold them."""
    config = tmp_path / "hookline.yaml"
    config.write_text(CONFIG.format(crm=crm))
    secrets = {"STORE_URL": store_url, "PORTAL_TOKEN": TOKEN, "ENDPOINT_SECRET": SECRET}
    if request.param == "file":
        for name, value in secrets.items():
            (tmp_path / name).write_text(f"{value}\n")
        secrets = {f"{name}_FILE": str(tmp_path / name) for name in secrets}
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(project), "HOME": str(tmp_path)}
    return {**base, **secrets, "HOOKLINE_CONFIG": str(config)}


@contextmanager
def _started(
    log: Path, environ: Mapping[str, str], project: Path, *args: str
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", *args],
            cwd=project,
            env=dict(environ),
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=START_S)


def _family(pid: int) -> set[int]:
    """This process and all that it started."""
    children: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
            children |= {int(child) for child in (task / "children").read_text().split()}
    return {pid}.union(*(_family(child) for child in children))


def _post(port: int, signature: str, body: bytes) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
        try:
            connection.request("POST", "/hooks/stripe", body, headers)
            return connection.getresponse().status
        except ConnectionError:
            return 0


def _event(id: str) -> dict[str, object]:
    customer = {"id": "cus_1", "object": "customer", "email": "ada@example.com", "name": "Ada"}
    return {
        "id": id,
        "object": "event",
        "type": "customer.created",
        "created": int(time.time()),
        "data": {"object": customer},
    }


def test_web_worker_and_consume_tell_no_secret(
    given: Mapping[str, str], store_url: str, tmp_path: Path, project: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    consume = ("consume", "${STORE_URL}", QUEUE, "--endpoint", "stripe")
    verbs = {
        "web": ("web", "--port", str(port), "--workers", "1", "--no-admin"),
        "worker": ("worker", "--threads", "2"),
        "consume": consume,
    }
    with ExitStack() as stack:
        running = [
            stack.enter_context(_started(tmp_path / f"{name}.log", given, project, *args))
            for name, args in verbs.items()
        ]
        eventually(lambda: _post(port, "t=1,v1=00", b"{}") == 401)
        body = json.dumps(_event("evt_1")).encode()
        now = int(time.time())
        proof = hmac.new(SECRET.encode(), b"%d.%s" % (now, body), hashlib.sha256).hexdigest()
        assert _post(port, f"t={now},v1={proof}", body) == 202
        with Connection(store_url) as connection, closing(connection.SimpleQueue(QUEUE)) as queue:
            queue.put(_event("evt_2"))
        with closing(client(store_url, timeout_s=10)) as store:
            eventually(lambda: store.llen(QUEUE) == 0)
        eventually(lambda: f"Bearer {TOKEN}" in Refusing.shown)  # what the worker was given
        pids = set[int]().union(*(_family(each.pid) for each in running))
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]
        assert [each.poll() for each in running] == [None, None, None]
    logs = [(tmp_path / f"{name}.log").read_bytes() for name in verbs]
    assert len(lines) > len(running)
    for secret in (TOKEN, SECRET, PASSWORD):
        for told in (*lines, *logs):
            assert secret.encode() not in told


def test_run_hands_secrets_to_none_that_needs_none_and_writes_none_on_a_command_line(
    tmp_path: Path, project: Path
) -> None:
    (tmp_path / "hookline.yaml").write_text(RUN_CONFIG)
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(project),
        "HOME": str(tmp_path),
        "HOOKLINE_CONFIG": str(tmp_path / "hookline.yaml"),
        "PORTAL_TOKEN": TOKEN,
        "ENDPOINT_SECRET": SECRET,
    }
    ports = ("--port", "0", "--sandbox-port", "0", "--store-port", "0")
    few = ("--web-workers", "1", "--threads", "1", "--no-first", "--data", str(tmp_path / "data"))
    log = tmp_path / "run.log"
    with _started(log, given, project, "run", *ports, *few) as running:
        eventually(
            lambda: "serving; Ctrl-C" in log.read_text("utf-8") or running.poll() is not None
        )
        assert running.poll() is None, log.read_text("utf-8")
        lines: dict[int, bytes] = {}
        environs: dict[int, bytes] = {}
        for pid in _family(running.pid):
            with suppress(FileNotFoundError, ProcessLookupError):
                lines[pid] = Path(f"/proc/{pid}/cmdline").read_bytes()
                environs[pid] = Path(f"/proc/{pid}/environ").read_bytes()
    for secret in (TOKEN.encode(), SECRET.encode()):
        assert [line for line in lines.values() if secret in line] == []
        knowing = {pid for pid, environ in environs.items() if secret in environ}
        innocent = {
            pid for pid, line in lines.items() if b"valkey" in line or b"app.sandbox" in line
        }
        assert len(innocent) >= 2
        assert knowing & innocent == set()
        assert running.pid in knowing  # it does look where they would be
