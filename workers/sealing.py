"""Sealing what may not lie in the store in the clear: AES-256-GCM, by keys that can be rotated.

    byte 0   1: how it is sealed
    1 – 4    which key, by the beginning of its digest
    5 – 20   salt: of the key and the salt a key for this one message is made, so that no number of
             messages comes near what one key may seal
    21 –     the message, and its tag

What it is for goes into the tag: what was sealed as one thing opens as no other.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workers.errors import Locked, Permanent

KEY_BYTES = 32
VERSION = b"\x01"
SALT_BYTES = 16
ID_BYTES = 4
HEAD_BYTES = 1 + ID_BYTES + SALT_BYTES
NONCE = bytes(12)  # each message has a key of its own
HOW = "make one with `openssl rand -base64 32`"
_HEX = re.compile(r"[0-9A-Fa-f]{64}")


class Spoiled(Permanent):
    """Raised for what is not as it was sealed: cut, changed, or sealed as something else."""


def key_of(text: str) -> bytes:
    """Return the key that is written in base64 or hex digits. Raises ValueError."""
    text = text.strip()
    try:
        if _HEX.fullmatch(text):
            return bytes.fromhex(text)
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError as error:
        raise ValueError(f"is neither base64 nor hex digits; {HOW}") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"is a key of {len(key)} bytes, and {KEY_BYTES} are needed; {HOW}")
    return key


class Seal:
    """Seals with the first of its keys, and opens with whichever it was."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_id_of(key): key for key in keys}
        self._first = next(iter(self._keys))

    @classmethod
    def of(cls, keys: Sequence[bytes]) -> "Seal | None":
        """Return the seal of these keys, None without any."""
        return cls(keys) if keys else None

    def sealed(self, plain: bytes, *, what: str) -> bytes:
        """Return `plain` as nobody without the key can read it."""
        salt = os.urandom(SALT_BYTES)
        cipher = AESGCM(_made(self._keys[self._first], salt))
        head = VERSION + self._first + salt
        return head + cipher.encrypt(NONCE, plain, what.encode())

    def opened(self, data: bytes, *, what: str) -> bytes:
        """Return what was sealed. Raises Locked without its key, Spoiled if it was changed."""
        id_, salt = data[1 : 1 + ID_BYTES], data[1 + ID_BYTES : HEAD_BYTES]
        if data[:1] != VERSION or len(salt) < SALT_BYTES:
            raise Spoiled(f"{_named(what)} is not sealed as Hookline seals")
        key = self._keys.get(id_)
        if key is None:
            raise missing(data, what=what)
        try:
            return AESGCM(_made(key, salt)).decrypt(NONCE, data[HEAD_BYTES:], what.encode())
        except InvalidTag as error:
            raise Spoiled(f"{_named(what)} was changed after it was sealed") from error


def missing(data: bytes, *, what: str) -> Locked:
    """Return that the key of what is sealed is not there."""
    name = data[1 : 1 + ID_BYTES].hex()
    return Locked(
        f"{_named(what)} is sealed with the key {name}, which this process has not; "
        "add that key to `secret_key` again, behind the new one"
    )


def name_of(key: bytes) -> str:
    """Return how faults and logs call a key; nothing of it can be told from that."""
    return _id_of(key).hex()


@lru_cache(maxsize=16)
def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"hookline key\0" + key).digest()[:ID_BYTES]


def _made(key: bytes, salt: bytes) -> bytes:
    """Return the key of one message."""
    return hmac.digest(key, b"hookline 1" + salt, "sha256")


def _named(what: str) -> str:
    return f"store: {what}"
