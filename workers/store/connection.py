"""The one connection to the store: time-outs, scripts by name, and its errors as ours."""

import hashlib
import threading
import time
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

import redis
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    SlotNotCoveredError,
    TryAgainError,
)

from workers.errors import StoreDown
from workers.settings import Sync
from workers.settings.addresses import Address, Kind
from workers.store.clients import client
from workers.store.lines import GONE, Line, packed
from workers.store.troubles import RETRY_AFTER_S, our_errors

__all__ = ["GROUP", "RETRY_AFTER_S", "Connection", "our_errors"]

COUNTING = frozenset({"commit", "discard", "replay"})  # run twice, they would count twice
GROUP = "writer"  # the consumer group, and its only consumer: one writer holds the lease
LOOK_AGAIN_S = 0.5  # at which server has what, while one of them does not answer
ELSEWHERE = (MovedError, AskError, TryAgainError, ClusterDownError)  # nothing was run


@cache
def _script(name: str) -> tuple[str, str]:
    """Return a Lua file and its digest."""
    text = resources.files("workers.store").joinpath(f"{name}.lua").read_text("utf-8")
    return text, hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 (Redis's own name for it)


class Connection:
    """A pooled connection; safe to share between threads, and not between processes.

    What is of one portal is on one server, whatever the store is: a single server, the primary of
    the moment, or a cluster. So a script goes to the server of its first key.
    """

    sync: Sync | None = None

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._cluster = Address.of(url).kind is Kind.CLUSTER
        self._lines: dict[str, Line] = {}
        self._making = threading.Lock()
        self._mapped_at = 0.0
        self._client: Any = None
        if not self._cluster:
            self._client = client(url, timeout_s=timeout_s)
            self._lines[""] = Line(self._client.connection_pool)

    @property
    def redis(self) -> Any:
        """The client. That of a cluster is made when it is first needed, and may raise then."""
        if self._client is None:
            with self._making:
                if self._client is None:
                    self._client = client(self._url, timeout_s=self._timeout_s)
        return self._client

    def script(
        self, name: str, *, keys: Sequence[str], args: Sequence[object], synced: bool = False
    ) -> Any:
        """Run the Lua file `name`; it is sent once and named by its digest afterwards.

        The command is written and sent here, on a connection of our own: the client's general way
        costs as much again as the script itself. If `synced`, as many replicas have what it wrote
        as the settings ask for, or StoreDown is raised: it was run then, and may be lost.
        """
        text, digest = _script(name)
        commands = [packed("EVALSHA", digest, len(keys), *keys, *args)]
        wait = self._wait() if synced else None
        if wait is not None:
            commands.append(wait)
        with our_errors():
            line = self._line(keys[0])
            tries = 1 if name in COUNTING else 2
            try:
                answers = line.ask(commands, tries=tries)
            except NoScriptError:
                answers = line.ask([packed("SCRIPT", "LOAD", text), *commands], tries=tries)[1:]
            except (*GONE, *ELSEWHERE) as error:
                if not self._look_again(error, again=tries > 1):
                    raise
                answers = self._line(keys[0]).ask(
                    [packed("SCRIPT", "LOAD", text), *commands], tries=tries
                )[1:]
        if wait is not None:
            self._check_synced(answers[1])
        return answers[0]

    def scripts(
        self,
        name: str,
        calls: Iterable[tuple[Sequence[str], Sequence[object]]],
        *,
        synced: bool = False,
    ) -> list[Any]:
        """Run the Lua file `name` for each keys and args; one is made while another runs.

        All are of one portal. Others' commands may come between. None is tried twice.
        """
        text, digest = _script(name)
        line: Line | None = None
        connection: Any = None
        asked = 0
        wait = self._wait() if synced else None
        with our_errors():
            try:
                for keys, args in calls:
                    command = [packed("EVALSHA", digest, len(keys), *keys, *args)]
                    if line is None:  # many are under way before an answer tells that it is gone
                        line = self._line(keys[0])
                        connection = line.take()
                        command.insert(0, packed("SCRIPT", "LOAD", text))
                    connection.send_packed_command(command, check_health=False)
                    asked += 1
                if line is None:
                    return []
                if wait is not None:
                    connection.send_packed_command([wait], check_health=False)
                connection.read_response()
                answers = [connection.read_response() for _ in range(asked)]
                confirmed = connection.read_response() if wait is not None else None
            except BaseException as error:
                if connection is not None:
                    connection.disconnect()
                if line is not None:
                    line.drop()
                if isinstance(error, (*GONE, *ELSEWHERE)):
                    self._look_again(error, again=False)
                raise
            line.give(connection)
        if wait is not None:
            self._check_synced(confirmed)
        return answers

    def memories(self) -> list[dict[str, Any]]:
        """Return what each server that takes writes, and answers, says of its memory."""
        with our_errors():
            if not self._cluster:
                return [self.redis.info("memory")]
            found: list[dict[str, Any]] = []
            for node in self.redis.get_primaries():
                try:
                    found.append(self.redis.info("memory", target_nodes=node))
                except redis.RedisError as error:  # its portals will be told by their own calls
                    self._look_again(error, again=False)
            return found

    def _line(self, key: str) -> Line:
        """Return the line to the server that has `key`."""
        if not self._cluster:
            return self._lines[""]
        try:
            node = self.redis.get_node_from_key(key)
        except SlotNotCoveredError as error:  # so it was when we looked last
            if not self._look_again(error, again=True):
                raise
            node = self.redis.get_node_from_key(key)
        line = self._lines.get(node.name)
        if line is None:
            pool = self.redis.get_redis_connection(node).connection_pool
            line = self._lines[node.name] = Line(pool)
        return line

    def _look_again(self, error: Exception, *, again: bool) -> bool:
        """Ask a cluster anew which server has what; True if the same may be tried once more."""
        if not self._cluster:
            if isinstance(error, ReadOnlyError):  # the name leads to another server by now
                self.redis.connection_pool.disconnect(inuse_connections=False)
            return False
        now = time.monotonic()
        if now - self._mapped_at < LOOK_AGAIN_S and not isinstance(error, MovedError):
            return False
        self._mapped_at = now
        try:
            self.redis.nodes_manager.initialize()
        except (redis.RedisError, RedisClusterException):
            return False
        return again or isinstance(error, ELSEWHERE)

    def _wait(self) -> bytes | None:
        """Return the command that waits until what this connection wrote is where it should be."""
        if self.sync is None:
            return None
        wait_ms = int(self.sync.timeout_s * 1000)
        if self.sync.disk:
            return packed("WAITAOF", 1, self.sync.replicas, wait_ms)
        return packed("WAIT", self.sync.replicas, wait_ms)

    def _check_synced(self, answer: Any) -> None:
        """Raise StoreDown unless as many have it as should. What was run is not undone."""
        sync = self.sync
        if sync is None:
            return
        here, there = answer if sync.disk else (1, answer)
        if here and there >= sync.replicas:
            return
        what = f"only {there} of {sync.replicas} replicas" if here else "not even the primary"
        where = " on its disk" if sync.disk else ""
        raise StoreDown(
            f"store: {what} had it{where} within {sync.timeout_s:g} s; "
            "it is safe to send it again. See that the replicas follow, or lower store_sync",
            retry_after_s=RETRY_AFTER_S,
        )

    def close(self) -> None:
        """Give back every connection."""
        for line in self._lines.values():
            line.drop()
        if self._client is not None:
            self._client.close()
