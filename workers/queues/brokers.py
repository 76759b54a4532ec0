"""A broker's URL and a queue → a tap, over a connection that is tried until it is there."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from kombu import Connection
from kombu.exceptions import OperationalError

from workers.errors import Faults, Permanent
from workers.queues.listed import Listed
from workers.queues.pushed import Pushed
from workers.queues.taps import DeadLetters, Tap
from workers.settings.addresses import reach

CONNECT_S = 10.0
HEARTBEAT_S = 30
OPTIONS: dict[str, dict[str, object]] = {
    "amqp": {"confirm_publish": True},
    "redis": {
        "socket_timeout": 30.0,
        "socket_connect_timeout": CONNECT_S,
        "socket_keepalive": True,
    },
}
FIRST_S, STEP_S, CEILING_S = 0.2, 1.0, 15.0  # between attempts to connect
DEAD = ".dead"


class _Stopped(Exception):
    """Raised to leave kombu's own waiting."""


def connection_to(url: str, *, heartbeat: int = 0) -> Connection:
    """Return a connection to a broker, not made yet."""
    place = reach(url)
    connection = Connection(
        place.url,
        ssl=place.tls or False,
        connect_timeout=CONNECT_S,
        heartbeat=heartbeat,
    )
    connection.transport_options.update(OPTIONS.get(connection.transport.driver_type, {}))
    connection.transport_options.update(place.options)
    return connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A queue at hand, and the one beside it for dead letters."""

    tap: Tap
    dead: DeadLetters


@dataclass(slots=True, kw_only=True)
class Broker:
    """A queue at a broker. Raises Faults at once if the URL cannot be one."""

    url: str = field(repr=False)
    queue: str
    prefetch: int = 100
    hold_s: float = 60.0  # Redis: after which what a dead consumer had waits again
    stop: threading.Event
    _known: bool = False  # it has been there once
    _driver: str = ""
    errors: tuple[type[Exception], ...] = ()  # of a broker that is gone, or refuses

    def __post_init__(self) -> None:
        if "://" not in self.url:
            raise Faults(["URL: is none; write it like amqp://user:password@host/vhost"])
        scheme = self.url.partition("://")[0]
        try:
            urlsplit(reach(self.url).url.partition(";")[0]).port  # noqa: B018 (raises if it is no number)
            connection = self._connection()
            self._driver = connection.transport.driver_type
        except ImportError as error:
            raise Faults(
                [f"URL: {scheme}:// needs the package {error.name}; install kombu[{scheme}]"]
            ) from None
        except KeyError:
            raise Faults([f"URL: {scheme}:// is no broker that kombu knows"]) from None
        except ValueError:  # which may quote the password
            raise Faults(["URL: cannot be read; percent-encode what is special in it"]) from None
        kinds = {*connection.connection_errors, *connection.channel_errors, OperationalError}
        self.errors = tuple(kinds - {KeyError})
        connection.release()

    def _connection(self) -> Connection:
        return connection_to(self.url, heartbeat=HEARTBEAT_S)

    @contextmanager
    def opened(
        self, *, tries: int | None, told: Callable[[str, float], None]
    ) -> Iterator[Open | None]:
        """Give the queue; wait until the broker is there, None if it should stop before.

        `told` is called with the reason and the seconds until the next attempt. Raises Permanent
        when it is not there after so many tries, or refuses us at the very first.
        """
        connection = self._connection()
        try:
            found = self._opened(connection, tries, told)
            if found is not None:
                self._known = True
            yield found
        except self.errors:
            with suppress(*self.errors):
                connection.collect()  # without a good-bye, which nobody would hear
            raise
        finally:
            with suppress(*self.errors):
                connection.release()

    def _opened(
        self, connection: Connection, tries: int | None, told: Callable[[str, float], None]
    ) -> Open | None:
        def check() -> None:
            if self.stop.is_set():
                raise _Stopped

        def failed(error: Exception, wait_s: float) -> None:
            told(self.reason(error), wait_s)

        try:
            connection.ensure_connection(
                errback=failed,
                callback=check,
                max_retries=tries,
                interval_start=FIRST_S,
                interval_step=STEP_S,
                interval_max=CEILING_S,
            )
            return Open(
                tap=self._tap(connection),
                dead=DeadLetters(connection, self.queue + DEAD),
            )
        except _Stopped:
            return None
        except self.errors as error:
            if self._known and tries is None:
                raise
            raise Permanent(f"broker: {self.reason(error)}; check the URL and the queue") from error

    def _tap(self, connection: Connection) -> Tap:
        if self._driver == "redis":
            return Listed(connection, self.queue, hold_s=self.hold_s, wait=self.stop.wait)
        return Pushed(connection, self.queue, prefetch=self.prefetch)

    def reason(self, error: Exception) -> str:
        """Return what an error says, without any password that the URL has."""
        text = f"{type(error).__name__}: {error}".replace(self.url, "the URL")
        for each in self.url.split(";"):
            with suppress(ValueError):
                password = urlsplit(each).password or ""
                for secret in filter(None, (password, unquote(password))):
                    text = text.replace(secret, "**")
        return text[:300]
