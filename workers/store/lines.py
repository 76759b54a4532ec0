"""Connections of our own to one server, on which scripts are run: the client's way costs double."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
import redis
from redis.exceptions import ReadOnlyError

GONE = (redis.ConnectionError, redis.TimeoutError, ReadOnlyError)  # or it is a replica by now


def packed(*words: object) -> bytes:
    """Return a command as it is sent."""
    command: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]  # it takes more than one
    return command


class Line:
    """A few connections, made like those of a pool; safe to share between threads.

    The pool itself counts what it makes, against a ceiling, and what we close it never hears of.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._idle: deque[Any] = deque()  # safe among threads

    def ask(self, commands: Sequence[bytes], *, tries: int = 1) -> list[Any]:
        """Return the answers to commands that are sent together; raise the first that is an error.

        A second try is for a server that has closed the connection meanwhile: one that is silent
        would take as long again.
        """
        for left in reversed(range(tries)):
            connection: Any = None
            try:
                connection = self.take()
                connection.send_packed_command(commands, check_health=False)
                answers = [_answer(connection) for _ in commands]
            except GONE as error:
                _end(connection)
                self.drop()  # the others are no better
                if not left or isinstance(error, redis.TimeoutError):
                    raise
            except BaseException:
                _end(connection)  # what is still to come is no answer to anybody
                raise
            else:
                self.give(connection)
                for answer in answers:
                    if isinstance(answer, redis.RedisError):
                        raise answer
                return answers
        return []

    def take(self) -> Any:
        """Return a connection that nobody else has."""
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._pool.connection_class(**self._pool.connection_kwargs)
            connection.connect()  # asks the Sentinels, where there are any, which sending does not
            return connection

    def give(self, connection: Any) -> None:
        """Take back a connection on which nothing is to come."""
        self._idle.append(connection)

    def drop(self) -> None:
        """Close every connection that is not in use."""
        while True:
            try:
                self._idle.pop().disconnect()
            except IndexError:
                return


def _end(connection: Any) -> None:
    if connection is not None:
        connection.disconnect()


def _answer(connection: Any) -> Any:
    """Return an answer, which may be an error that leaves the connection good."""
    try:
        return connection.read_response()
    except ReadOnlyError:
        raise
    except redis.ResponseError as error:
        return error
