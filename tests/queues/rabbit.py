"""A RabbitMQ of a test run's own: Debian's, as a child of ours, on free ports."""

import os
import subprocess
import threading
import uuid
from contextlib import ExitStack
from pathlib import Path

from kombu import Connection

from app.cli.ports import free_port
from workers.tether import tethered

SERVERS = sorted(Path("/usr/lib/rabbitmq").glob("lib/rabbitmq_server-*/sbin/rabbitmq-server"))
START_S = 120.0
STOP_S = 60.0
POLL_S = 0.1


class Rabbit:
    """A node, which may be stopped, killed and started again; it keeps what is durable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self._dist, self._epmd = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._name = f"hookline-{uuid.uuid4().hex[:8]}@localhost"
        self._mapper: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[].\n", "utf-8")
        for name in ("no.env", "rabbit.conf"):
            (folder / name).write_text("", "utf-8")

    def start(self) -> None:
        """Start it; return when it takes connections."""
        environ = self._environ()
        if self._mapper is None:
            self._mapper = self._child(["epmd", "-address", "127.0.0.1"], environ)
        self._node = self._child([str(SERVERS[-1])], environ)
        waiting = threading.Event()
        for _ in range(int(START_S / POLL_S)):
            if self._answers():
                return
            assert self._node.poll() is None, self._log()
            waiting.wait(POLL_S)
        raise AssertionError(f"RabbitMQ does not answer: {self._log()}")

    def stop(self) -> None:
        """Stop the node in its own time."""
        if self._node is not None:
            self._node.terminate()
            try:
                self._node.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._node = None

    def kill(self) -> None:
        """Kill the node at once."""
        if self._node is not None:
            self._node.kill()
            self._node.wait()
            self._node = None

    def close(self) -> None:
        """End everything of it."""
        with ExitStack() as ends:
            if self._mapper is not None:
                ends.callback(self._mapper.wait)
                ends.callback(self._mapper.kill)
            self.stop()

    def _child(self, command: list[str], environ: dict[str, str]) -> "subprocess.Popen[bytes]":
        with (self.folder / "output").open("ab") as out:
            return subprocess.Popen(
                tethered(command),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _environ(self) -> dict[str, str]:
        folder = self.folder
        ours = {
            "HOME": folder,  # where the nodes' cookie is
            "ERL_EPMD_PORT": self._epmd,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RUNNING_UNDER_SYSTEMD": "1",  # so that the node is the process that we start
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_DIST_PORT": self._dist,
            "RABBITMQ_MNESIA_BASE": folder / "mnesia",
            "RABBITMQ_LOG_BASE": folder / "log",
            "RABBITMQ_CONFIG_FILE": folder / "rabbit.conf",
            "RABBITMQ_CONF_ENV_FILE": folder / "no.env",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        return {**os.environ, **{name: str(value) for name, value in ours.items()}}

    def _answers(self) -> bool:
        connection = Connection(self.url, connect_timeout=5)
        try:
            connection.connect()
        except connection.connection_errors + connection.channel_errors:
            return False
        finally:
            connection.release()
        return True

    def _log(self) -> str:
        return (self.folder / "output").read_text("utf-8", errors="replace")[-2000:]
