"""The one connection to Redis: time-outs, scripts by name, and its errors as ours."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.errors import StoreDown

RETRY_AFTER_S = 5.0
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
        self._scripts: dict[str, Any] = {}

    def script(self, name: str, *, keys: Sequence[str], args: Sequence[object]) -> Any:
        """Run the Lua file `name`; it is sent once and named by its digest afterwards."""
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = self.redis.register_script(_script(name))
        with our_errors():
            return script(keys=keys, args=args)

    def close(self) -> None:
        """Give back every connection."""
        self.redis.close()
