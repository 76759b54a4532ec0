"""Real servers, killed at will: alone, watched by Sentinels, or a cluster."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.cli.ports import free_port
from workers.store.embedded import binary_path
from workers.tether import tethered

HOST = "127.0.0.1"
NAME = "hookline"  # by which the Sentinels know the primary
PATIENCE_S = 30.0
POLL_S = 0.05
NODE_TIMEOUT_MS = 1_000  # after which a cluster's server counts as gone
DOWN_AFTER_MS = 700  # after which a Sentinel counts it so
SLOTS = 16_384


def eventually(condition: Callable[[], bool], *, what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds; fail if it does not within so long. Redis may be away."""
    waiting = threading.Event()
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with suppress(redis.RedisError):
            if condition():
                return
        waiting.wait(POLL_S)
    raise AssertionError(f"did not happen within {within_s:g} s: {what}")


@dataclass(slots=True, kw_only=True)
class Node:
    """A server, which may be killed and started again; it keeps what is on its disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    options: Sequence[str] = ()
    program: Path = field(default_factory=binary_path)
    login: dict[str, Any] = field(default_factory=dict)  # of the tests' own client
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        defaults = {
            "port": str(self.port),
            "bind": HOST,
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
            "logfile": "store.log",
            "repl-diskless-sync-delay": "0",
        }
        told = [part for name, value in defaults.items() for part in (f"--{name}", value)]
        self.run([str(self.program), *told, *self.options])
        eventually(lambda: bool(self.client().ping()), what=f"port {self.port} answers")

    def run(self, command: Sequence[str]) -> None:
        """Run the program; its end follows ours."""
        self.process = subprocess.Popen(
            tethered(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def client(self) -> Any:
        """The tests' own way to it."""
        return redis.Redis(
            HOST,
            self.port,
            socket_timeout=2,
            protocol=2,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            **self.login,
        )

    def kill(self) -> None:
        """Kill it at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(slots=True, kw_only=True)
class Sentinel(Node):
    """One that watches the primary."""

    primary: int = 0

    def start(self) -> None:
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind {HOST}\ndir {self.folder}\nlogfile sentinel.log\n"
            f"sentinel monitor {NAME} {HOST} {self.primary} 2\n"
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {NAME} 4000\n",
            "utf-8",
        )
        self.run([str(self.program), str(config), "--sentinel"])
        eventually(lambda: bool(self.client().ping()), what=f"Sentinel {self.port} answers")


@dataclass(slots=True, kw_only=True)
class Watched:
    """A primary, what follows it, and three Sentinels."""

    nodes: list[Node]
    sentinels: list[Sentinel]

    @property
    def url(self) -> str:
        """What Hookline is given."""
        hosts = ",".join(f"{HOST}:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{hosts}/{NAME}/0"

    @property
    def primary(self) -> Node:
        """The primary of the moment, as a Sentinel says."""
        _, port = self.sentinels[0].client().sentinel_get_master_addr_by_name(NAME)
        return next(each for each in self.nodes if each.port == int(port))

    def fail(self) -> None:
        """Kill the primary, and wait until another is there."""
        before = self.primary
        before.kill()
        eventually(
            lambda: all(
                int(each.client().sentinel_get_master_addr_by_name(NAME)[1]) != before.port
                for each in self.sentinels
            ),
            what="the Sentinels name another primary",
        )


@contextmanager
def watched(folder: Path, *, replicas: int = 2) -> Iterator[Watched]:
    """Start a primary, replicas that have all of it, and Sentinels that know of each other."""
    with ExitStack() as stack:
        primary = Node(folder=folder / "0")
        nodes = [primary]
        nodes += [
            Node(folder=folder / str(n + 1), options=("--replicaof", HOST, str(primary.port)))
            for n in range(replicas)
        ]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        eventually(lambda: followers(primary) == replicas, what="the replicas follow")
        sentinels = [Sentinel(folder=folder / f"s{n}", primary=primary.port) for n in range(3)]
        for sentinel in sentinels:
            stack.callback(sentinel.kill)
            sentinel.start()
        eventually(
            lambda: all(_knows(each, replicas) for each in sentinels), what="the Sentinels agree"
        )
        yield Watched(nodes=nodes, sentinels=sentinels)


def _knows(sentinel: Node, replicas: int) -> bool:
    state = sentinel.client().sentinel_master(NAME)
    return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == replicas)


def followers(node: Node) -> int:
    """Return how many replicas have caught up with it."""
    info = node.client().info("replication")
    slaves = [info[f"slave{n}"] for n in range(info["connected_slaves"])]
    return sum(each["state"] == "online" for each in slaves)


@dataclass(slots=True, kw_only=True)
class Cluster:
    """Primaries, each with its replicas."""

    nodes: list[Node]
    shards: int

    @property
    def url(self) -> str:
        """What Hookline is given; one that is away among them does no harm."""
        hosts = ",".join(f"{HOST}:{each.port}" for each in self.nodes[: self.shards])
        return f"redis+cluster://{hosts}"

    def fail(self, shard: int = 0) -> None:
        """Kill a primary, wait until its replica has taken over, and start it as that one's."""
        node = self.nodes[shard]
        node.kill()
        other = self.nodes[(shard + 1) % self.shards]
        eventually(lambda: _slots(other, node.port) == 0, what="a replica takes over")
        node.start()
        eventually(
            lambda: node.client().info("replication")["master_link_status"] == "up",
            what="the one that was killed follows",
        )


def _slots(node: Node, port: int) -> int:
    """Return how many ranges of slots `node` believes to be at `port`."""
    return sum(int(each[2][1]) == port for each in node.client().execute_command("CLUSTER SLOTS"))


@contextmanager
def cluster(
    folder: Path,
    *,
    shards: int = 3,
    replicas: int = 0,
    options: Sequence[str] = (),
    login: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Cluster]:
    """Start so many primaries, which share the slots, each with so many replicas."""
    ours = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS))
    nodes = [
        Node(
            folder=folder / str(n),
            options=(*options, *ours, "--cluster-port", str(free_port())),
            login={**login},
        )
        for n in range(shards * (1 + replicas))
    ]
    with ExitStack() as stack:
        for number, node in enumerate(nodes):
            stack.callback(node.kill)
            node.start()
            node.client().execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, node in enumerate(nodes[:shards]):
            first, end = number * SLOTS // shards, (number + 1) * SLOTS // shards
            node.client().execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        bus = nodes[0].options[-1]
        for node in nodes[1:]:
            node.client().execute_command("CLUSTER", "MEET", HOST, nodes[0].port, bus)
        for node in nodes:
            eventually(lambda n=node: _seen(n) == len(nodes), what="all know each other")  # type: ignore[misc]
        for number, node in enumerate(nodes[shards:]):
            of = nodes[number % shards].client().execute_command("CLUSTER", "MYID")
            node.client().execute_command("CLUSTER", "REPLICATE", of)
        for node in nodes:
            eventually(lambda n=node: _whole(n), what="every slot has a server")  # type: ignore[misc]
        for node in nodes[:shards]:
            eventually(lambda n=node: followers(n) == replicas, what="the replicas follow")  # type: ignore[misc]
        yield Cluster(nodes=nodes, shards=shards)


def _seen(node: Node) -> int:
    return len(node.client().execute_command("CLUSTER NODES"))


def _whole(node: Node) -> bool:
    info = node.client().execute_command("CLUSTER INFO")
    return bool(info["cluster_state"] == "ok" and int(info["cluster_slots_ok"]) == SLOTS)
