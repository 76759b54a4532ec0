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
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

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


def keys_of(text: str) -> tuple[tuple[bytes, ...], list[str]]:
    """Return the keys of a text, the newest first, and what is wrong with others; it tells no key.

    Between them may be commas, spaces and new lines.
    """
    keys: dict[bytes, None] = {}
    faults: list[str] = []
    for number, each in enumerate(re.split(r"[\s,]+", text.strip()), start=1):
        try:
            keys |= {key_of(each): None} if each else {}
        except ValueError as error:
            faults.append(f"number {number} {error}")
    return tuple(keys), faults


class Seal:
    """Seals with the first of its keys, and opens with whichever it was.

    Keys that are in files are looked for again when a file changes; what cannot be read, or is no
    key, leaves those that were.
    """

    def __init__(self, keys: Sequence[bytes], *, files: Sequence[Path] = ()) -> None:
        self._files = tuple(files)
        self._seen = self._stamps()
        self._take(keys)

    @classmethod
    def of(cls, keys: Sequence[bytes], *, files: Sequence[Path] = ()) -> "Seal | None":
        """Return the seal of these keys, None without any."""
        return cls(keys, files=files) if keys else None

    def _take(self, keys: Iterable[bytes]) -> None:
        held = {_id_of(key): key for key in keys}
        self._held = held, next(iter(held))  # together, since other threads may be sealing

    def _stamps(self) -> tuple[tuple[int, ...], ...]:
        try:
            found = [each.stat() for each in self._files]
        except OSError:
            return ()
        return tuple((each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns) for each in found)

    def _look(self) -> None:
        """Take the keys that the files hold now, if they are others than before."""
        seen = self._stamps()
        if not seen or seen == self._seen:
            return
        try:
            text = "\n".join(each.read_text("utf-8") for each in self._files)
        except (OSError, UnicodeDecodeError):
            return
        keys, faults = keys_of(text)
        if keys and not faults:
            self._take(keys)
        self._seen = seen

    def sealed(self, plain: bytes, *, what: str) -> bytes:
        """Return `plain` as nobody without the key can read it."""
        self._look()
        keys, first = self._held
        salt = os.urandom(SALT_BYTES)
        cipher = AESGCM(_made(keys[first], salt))
        head = VERSION + first + salt
        return head + cipher.encrypt(NONCE, plain, what.encode())

    def opened(self, data: bytes, *, what: str) -> bytes:
        """Return what was sealed. Raises Locked without its key, Spoiled if it was changed."""
        id_, salt = data[1 : 1 + ID_BYTES], data[1 + ID_BYTES : HEAD_BYTES]
        if data[:1] != VERSION or len(salt) < SALT_BYTES:
            raise Spoiled(f"{_named(what)} is not sealed as Hookline seals")
        self._look()
        key = self._held[0].get(id_)
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
