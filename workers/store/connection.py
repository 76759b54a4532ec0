"""The one connection to Redis: time-outs, scripts by name, and its errors as ours."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import hiredis
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.errors import StoreDown

RETRY_AFTER_S = 5.0
COUNTING = frozenset({"commit", "discard", "replay"})  # run twice, they would count twice
GROUP = "writer"  # the consumer group, and its only consumer: one writer holds the lease


@cache
def _script(name: str) -> str:
    return resources.files("workers.store").joinpath(f"{name}.lua").read_text("utf-8")


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn every error of the Redis client into StoreDown."""
    try:
        yield
    except redis.RedisError as error:
        raise StoreDown(f"store: {error}", retry_after_s=RETRY_AFTER_S) from error


class Connection:
    """A pooled connection; safe to share between threads, and not between processes."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self.redis: Any = redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            protocol=2,
            retry=Retry(NoBackoff(), 1),  # one more try: a pooled connection may have been closed
        )
        self._digests: dict[str, str] = {}
        self._idle: deque[Any] = deque()  # connections of scripts; a deque is safe among threads

    def script(self, name: str, *, keys: Sequence[str], args: Sequence[object]) -> Any:
        """Run the Lua file `name`; it is sent once and named by its digest afterwards.

        The command is written and sent here, on a connection of our own: the client's general way
        costs as much again as the script itself.
        """
        with our_errors():
            digest = self._digests.get(name)
            if digest is None:
                digest = self._digests[name] = self.redis.script_load(_script(name))
            words: tuple[Any, ...] = ("EVALSHA", digest, len(keys), *keys, *args)
            command = [hiredis.pack_command(words)]
            tries = 1 if name in COUNTING else 2
            try:
                return self._ask(command, tries=tries)
            except redis.exceptions.NoScriptError:
                self.redis.script_load(_script(name))
                return self._ask(command, tries=tries)

    def scripts(
        self, name: str, calls: Iterable[tuple[Sequence[str], Sequence[object]]]
    ) -> list[Any]:
        """Run the Lua file `name` for each keys and args; one is made while another runs.

        Others' commands may come between. None is tried twice.
        """
        with our_errors():
            digest = self._digests.get(name)
            if digest is None:
                digest = self._digests[name] = self.redis.script_load(_script(name))
            else:  # many are under way before the first answer could tell that it is gone
                self.redis.script_load(_script(name))
            connection = self._connection()
            try:
                asked = 0
                for keys, args in calls:
                    words: tuple[Any, ...] = ("EVALSHA", digest, len(keys), *keys, *args)
                    connection.send_packed_command(
                        [hiredis.pack_command(words)], check_health=False
                    )
                    asked += 1
                replies = [connection.read_response() for _ in range(asked)]
            except BaseException:
                connection.disconnect()
                raise
            self._idle.append(connection)
            return replies

    def _connection(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self.redis.connection_pool.make_connection()

    def _ask(self, command: list[bytes], *, tries: int) -> Any:
        for left in reversed(range(tries)):  # a second try: the server may have closed it meanwhile
            connection = self._connection()
            try:
                connection.send_packed_command(command, check_health=False)
                reply = connection.read_response()
            except (redis.ConnectionError, redis.TimeoutError):
                connection.disconnect()
                if not left:
                    raise
            except redis.ResponseError:  # the answer was read whole: the connection is good
                self._idle.append(connection)
                raise
            else:
                self._idle.append(connection)
                return reply
        return None

    def close(self) -> None:
        """Give back every connection."""
        while self._idle:
            self._idle.pop().disconnect()
        self.redis.close()
