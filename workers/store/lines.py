"""Connections of our own to one server, on which scripts are run: the client's way costs double."""

from collections import deque
from collections.abc import Callable, Sequence
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
    """A few connections; safe to share between threads."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._idle: deque[Any] = deque()  # safe among threads

    def ask(self, commands: Sequence[bytes], *, tries: int = 1) -> list[Any]:
        """Return the answers to commands that are sent together; raise the first that is an error.

        A second try is for a server that has closed the connection meanwhile.
        """
        for left in reversed(range(tries)):
            connection = self.take()
            try:
                connection.send_packed_command(commands, check_health=False)
                answers = [_answer(connection) for _ in commands]
            except GONE:
                connection.disconnect()
                self.drop()  # the others are no better
                if not left:
                    raise
            except BaseException:
                connection.disconnect()  # what is still to come is no answer to anybody
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
            return self._make()

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


def _answer(connection: Any) -> Any:
    """Return an answer, which may be an error that leaves the connection good."""
    try:
        return connection.read_response()
    except ReadOnlyError:
        raise
    except redis.ResponseError as error:
        return error
