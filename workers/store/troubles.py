"""What the client of Redis raises → StoreDown, with what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    CrossSlotTransactionError,
    NoPermissionError,
    ReadOnlyError,
    RedisClusterException,
    SlotNotCoveredError,
)
from redis.sentinel import MasterNotFoundError

from workers.errors import StoreDown

RETRY_AFTER_S = 5.0
LOG_IN = "check the user and the password in the URL of the store"


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn every error of the Redis client into StoreDown."""
    try:
        yield
    except (redis.RedisError, RedisClusterException) as error:
        raise StoreDown(f"store: {told(error)}", retry_after_s=RETRY_AFTER_S) from error


def told(error: Exception) -> str:
    """Return what is wrong, and what to do where that is known."""
    text = str(error) or type(error).__name__
    advice = _advice(error, text)
    return f"{text}; {advice}" if advice else text


def _advice(error: Exception, text: str) -> str:
    low = text.lower()
    if isinstance(error, NoPermissionError) or "noperm" in low or "acl failure" in low:
        return "give the user what deploy/store/users.acl lists"
    if "wrongpass" in low or "invalid username-password" in low or "invalid password" in low:
        return LOG_IN
    if "noauth" in low or "authentication required" in low:
        return f"it asks for a password; {LOG_IN}: redis://USER:PASSWORD@HOST:PORT/0"
    if isinstance(error, AuthenticationError):
        return LOG_IN
    if "certificate_verify_failed" in low or "certificate verify failed" in low:
        return "its certificate is not trusted; name the one that signed it: `store_tls: {ca: …}`"
    if "certificate required" in low or "eof occurred in violation" in low:
        return "it may ask for a certificate; name ours: `store_tls: {certificate: …, key: …}`"
    if isinstance(error, MasterNotFoundError):
        return "wait for the fail-over to end, or check the primary's name and the Sentinels"
    if isinstance(error, ReadOnlyError):
        return "it is a replica; name the primary, or the Sentinels: redis+sentinel://…"
    if isinstance(error, ClusterDownError | SlotNotCoveredError):
        return "wait for a replica to take over, or see that every slot has a server"
    if "moved " in low and not isinstance(error, CrossSlotTransactionError):
        return "it is part of a cluster; write redis+cluster://…"
    return ""
