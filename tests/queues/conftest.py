"""Real brokers, a real store, and `hookline consume` as a process of its own."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from kombu import Connection

from app.cli.ports import free_port
from tests.queues.rabbit import SERVERS, Rabbit
from workers import measures
from workers.events import Event
from workers.runtime import Runtime
from workers.store.embedded import EmbeddedStore
from workers.tether import tethered

WAIT_S = 60.0
POLL_S = 0.02
PORTAL = "crm"
EPOCH = datetime.fromtimestamp(0, tz=UTC)
ENDPOINT = "queued"
MISSING = "no rabbitmq-server; add it: apt-get install -y --no-install-recommends rabbitmq-server"
CONFIG = """\
store: {store}
broker: {broker}
results: {results}
max_backlog: 10_000
max_body_bytes: 100_000
portals:
  crm: {{base_url: "http://127.0.0.1:9", token: t}}
endpoints:
  queued: {{source: cloudevents, portal: crm, secret: a-secret-that-no-queue-needs}}
  off: {{source: cloudevents, portal: crm, secret: s, enabled: false}}
"""


def eventually(condition: Callable[[], bool], *, what: str) -> None:
    """Wait until the condition holds; fail if it does not within a long time."""
    waiting = threading.Event()
    for _ in range(int(WAIT_S / POLL_S)):
        if condition():
            return
        waiting.wait(POLL_S)
    pytest.fail(f"did not happen: {what}")


class Server(Protocol):
    """A broker's process."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Valkey:
    """A Valkey that may be stopped and started again with what it had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._server: EmbeddedStore | None = None

    def start(self) -> None:
        self._server = EmbeddedStore.start(self.folder, port=self.port, appendfsync="no")

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


@dataclass(frozen=True, kw_only=True)
class Dead:
    """A dead letter."""

    body: bytes
    headers: Mapping[str, Any]

    @property
    def reason(self) -> str:
        return str(self.headers["x-hookline-reason"])


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A broker as its other users see it."""

    kind: str
    url: str
    server: Server

    def publish(
        self,
        queue: str,
        *bodies: object,
        headers: Mapping[str, object] | None = None,
        kind: str | None = "application/json",
        **more: object,
    ) -> None:
        """Publish JSON values, or bytes as they are."""
        with Connection(self.url) as connection, connection.Producer() as producer:
            self._size(connection, queue)
            for body in bodies:
                producer.publish(
                    body if isinstance(body, bytes) else json.dumps(body).encode(),
                    exchange="",
                    routing_key=queue,
                    content_type=kind,
                    content_encoding="utf-8",
                    headers=dict(headers or {}),
                    delivery_mode=2,
                    **more,
                )

    def waiting(self, queue: str) -> int:
        """How many messages of a queue nobody has in hand."""
        with Connection(self.url) as connection:
            return self._size(connection, queue)

    def _size(self, connection: Any, queue: str) -> int:
        """Make sure of a queue, and say how many messages it has."""
        channel = connection.default_channel
        if self.kind == "redis":
            keys = [queue, *(f"{queue}\x06\x16{each}" for each in (3, 6, 9))]
            return sum(channel.client.llen(key) for key in keys)
        found = channel.queue_declare(queue=queue, durable=True, auto_delete=False)
        return int(found.message_count)

    def dead(self, queue: str) -> list[Dead]:
        """Take what is in the queue of dead letters."""
        found: list[Dead] = []
        with Connection(self.url) as connection:
            for _ in range(self._size(connection, f"{queue}.dead")):
                message = connection.default_channel.basic_get(f"{queue}.dead", no_ack=True)
                body = message.body
                raw = body.encode() if isinstance(body, str) else bytes(body)
                found.append(Dead(body=raw, headers=message.headers))
        return found


@dataclass(kw_only=True)
class Place:
    """A store, a configuration, and the consumers that run on them."""

    folder: Path
    store: Valkey
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "hookline.yaml"

    @property
    def environ(self) -> dict[str, str]:
        ours = ("HOOKLINE_CONFIG", "REDIS_URL", "BROKER_URL", "SANDBOX_URL")
        plain = {name: value for name, value in os.environ.items() if name not in ours}
        project = str(Path(__file__).parent.parent.parent)
        return {**plain, "PYTHONPATH": project, "HOOKLINE_CONFIG": str(self.config)}

    def configure(self, *, broker_url: str = "", results_url: str = "~", **changes: str) -> None:
        """Write the configuration, with texts of it changed."""
        text = CONFIG.format(
            store=self.store.url, broker=broker_url or self.store.url, results=results_url
        )
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after)
        self.config.write_text(text, "utf-8")

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-P", "-m", "app.cli", *args]

    def consume(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run a consumer to its end."""
        return subprocess.run(
            self.command("consume", *args),
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S * 2,
        )

    def drain(self, url: str, queue: str, *args: str) -> str:
        """Consume until the queue is empty; return what is said at the end."""
        done = self.consume(url, queue, "--endpoint", ENDPOINT, "--until-empty", *args)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *args: str, command: str = "consume") -> "subprocess.Popen[bytes]":
        """Start a consumer, whose log is in `log`."""
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                tethered(self.command(command, *args)),
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def said(self, text: str) -> bool:
        """Whether the log has this."""
        return self.log.exists() and text in self.log.read_text("utf-8", errors="replace")

    def runtime(self) -> Runtime:
        return Runtime.build({"HOOKLINE_CONFIG": str(self.config)})

    def accepted(self) -> int:
        """How many events were kept so far."""
        runtime = self.runtime()
        try:
            return runtime.store.counts(PORTAL).get("accepted", 0)
        finally:
            runtime.store.close()

    def events(self) -> list[Event]:
        """The events that are kept, the newest first."""
        runtime = self.runtime()
        try:
            return list(runtime.store.since(PORTAL, since=EPOCH))[::-1]
        finally:
            runtime.store.close()

    def counted(self) -> dict[str, float]:
        """How many messages came to which end, over all processes."""
        runtime = self.runtime()
        try:
            found = runtime.store.measured([])
        finally:
            runtime.store.close()
        return {
            each.labels[1]: each.value
            for each in found
            if each.family is measures.MESSAGES and isinstance(each.value, int | float)
        }

    def end(self) -> None:
        for each in self.started:
            if each.poll() is None:
                each.kill()
            each.wait()


def event(number: int | str) -> dict[str, object]:
    """A CloudEvent of that number."""
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "/shop",
        "type": "example.shop.lead",
        "data": {"email": f"e{number}@acme.example"},
    }


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    """A RabbitMQ of this test run's own."""
    if not SERVERS:
        if os.environ.get("HOOKLINE_CI") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    node = Rabbit(tmp_path_factory.mktemp("rabbit"))
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def queue_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey that is a broker alone."""
    server = Valkey(tmp_path / "broker")
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """A broker of each kind."""
    if request.param == "redis":
        valkey: Valkey = request.getfixturevalue("queue_valkey")
        return Broker(kind="redis", url=valkey.url, server=valkey)
    node: Rabbit = request.getfixturevalue("rabbit")
    return Broker(kind="rabbitmq", url=node.url, server=node)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A store of its own, and its configuration."""
    store = Valkey(tmp_path / "store")
    store.start()
    found = Place(folder=tmp_path, store=store)
    found.configure()
    yield found
    found.end()
    store.stop()


@pytest.fixture
def queue() -> str:
    """A queue that no other test uses."""
    return f"orders-{uuid.uuid4().hex[:8]}"
