"""A real door: granian, the application and a store of its own, on free ports."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.app import serving
from workers import signatures
from workers.signatures import Request
from workers.store import Store
from workers.store.embedded import EmbeddedStore

ROOT = Path(__file__).parent.parent.parent
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
START_S = 60


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the door answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True, kw_only=True)
class Door:
    """The served door, and what is behind it."""

    port: int
    store: Store
    log: Path
    runtime: serving.Runtime

    def send(
        self,
        path: str,
        *,
        method: str = "POST",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | Iterable[bytes] = b"",
    ) -> Said:
        """Send exactly this; a body in pieces is sent chunked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value.encode("utf-8"))
            if isinstance(body, bytes):
                if not any(name.lower() == "content-length" for name, _ in headers):
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders()
                self._write(connection, [body])
            else:
                connection.putheader("Transfer-Encoding", "chunked")
                connection.endheaders()
                framed = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body if piece]
                self._write(connection, [*framed, b"0\r\n\r\n"])
            response = connection.getresponse()
            return Said(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read(),
            )
        finally:
            connection.close()

    def _write(self, connection: http.client.HTTPConnection, pieces: Iterable[bytes]) -> None:
        """Write as much as the door wants: it may have answered before the end."""
        for piece in pieces:
            try:
                connection.send(piece)
            except (BrokenPipeError, ConnectionResetError):
                return

    def signed(
        self,
        name: str,
        body: bytes,
        *,
        kind: tuple[str, str] | None = JSON,
        headers: Iterable[tuple[str, str]] = (),
        query: str = "",
        secret: str | None = None,
    ) -> tuple[str, list[tuple[str, str]]]:
        """The path and headers of a genuine delivery."""
        more = [*([kind] if kind else []), *headers]
        scheme = self.runtime.sources[name].scheme
        secret = secret or serving.secret_of(name)
        request = Request.of(url=f"{serving.URL}/hooks/{name}{query}", headers=more, body=body)
        url = signatures.address(scheme, request, secret=secret)
        request = Request.of(url=url, headers=more, body=body)
        added = signatures.sign(scheme, request, secret=secret, now=serving.now())
        return url.removeprefix(serving.URL), [*more, *added.items()]

    def deliver(
        self,
        name: str,
        body: bytes,
        *,
        kind: tuple[str, str] | None = JSON,
        headers: Iterable[tuple[str, str]] = (),
        query: str = "",
        secret: str | None = None,
    ) -> Said:
        """Send a genuine delivery."""
        path, signed = self.signed(
            name, body, kind=kind, headers=headers, query=query, secret=secret
        )
        return self.send(path, headers=signed, body=body)

    def accepted(self) -> int:
        """How many events were kept so far."""
        return self.store.counts(serving.PORTAL).get("accepted", 0)


@pytest.fixture(scope="session")
def door_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """A store that nobody else empties."""
    with EmbeddedStore.start(tmp_path_factory.mktemp("door-store"), appendfsync="no") as server:
        yield server


@pytest.fixture(scope="session")
def door(door_store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The application, served by granian."""
    settings = serving.settings_of(door_store.url)
    log = tmp_path_factory.mktemp("door") / "log"
    with log.open("wb") as out:
        process, port = _started(settings.store_url, out)
    runtime = serving.runtime(settings)
    try:
        yield Door(port=port, store=runtime.store, log=log, runtime=runtime)
    finally:
        process.terminate()
        process.wait(timeout=START_S)
        runtime.store.close()


def _started(store_url: str, out: Any) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            "tests.app.serving:application",
        ],
        cwd=ROOT,
        env={**os.environ, "HOOKLINE_TEST_STORE": store_url, "PYTHONPATH": str(ROOT)},
        stdout=out,
        stderr=out,
    )
    eventually(lambda: _answers(port) or process.poll() is not None)
    assert process.poll() is None, "granian did not start"
    return process, port


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    waiting = threading.Event()
    for _ in range(START_S * 50):
        if condition():
            return
        waiting.wait(0.02)
    pytest.fail("what was waited for did not happen")
