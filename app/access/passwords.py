"""Passwords: hashed with argon2id, checked in the same time whether or not there is a user."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256  # hashing costs by length; nobody types more
ONE_TIME_BYTES = 15

# OWASP's first choice for argon2id. One thread and 19 MiB: the door shares the process.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Return True if `password` is the one kept; takes as long if nothing is."""
    if len(password) > LONGEST:
        password = ""
    try:
        _hasher.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def one_time() -> str:
    """Return a password nobody can guess, to be changed at the first log-in."""
    return secrets.token_urlsafe(ONE_TIME_BYTES)


def fault_of(password: str, *, name: str) -> str | None:
    """Return what is wrong with a new password, and what to do; None if it will do."""
    if len(password) < SHORTEST:
        return f"It is too short; take {SHORTEST} characters or more."
    if len(password) > LONGEST:
        return f"It is too long; take {LONGEST} characters or fewer."
    if name.lower() in password.lower() and len(password) < SHORTEST + len(name):
        return "It is little more than the user's name; take another."
    if len(set(password)) < SHORTEST // 3:
        return "It repeats too few characters; take another."
    return None


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    return _hasher.hash(secrets.token_urlsafe(ONE_TIME_BYTES))
