"""All that a store keeps, in the clear as far as it can be had: to look for what should not be."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from typing import Any

from workers.sealing import Seal, Spoiled
from workers.store.clients import client
from workers.store.entries import SEALED, _body_of
from workers.store.ledger import call_of
from workers.store.standings import standing_of

PORTAL = "acme"  # whose things are opened


def everything(url: str, *, seal: Seal | None = None) -> dict[str, list[bytes]]:
    """Every key with all that it holds, and the same opened and decompressed where it can be."""
    with closing(client(url, timeout_s=10)) as store:
        return {
            key.decode("utf-8", "replace"): [
                form for value in _values(store, key) for form in _forms(value, seal)
            ]
            for key in sorted(store.scan_iter("*"))
        }


def where(url: str, *marks: bytes, seal: Seal | None = None) -> list[str]:
    """The keys in whose names or values one of the marks stands, in whatever letters."""
    return [
        key
        for key, values in everything(url, seal=seal).items()
        for text in [b"\n".join([key.encode(), *values]).lower()]
        if any(mark.lower() in text for mark in marks)
    ]


def _values(store: Any, key: bytes) -> Iterator[bytes]:
    match store.type(key):
        case b"string":
            yield store.get(key) or b""
        case b"hash":
            yield from _flat(store.hgetall(key).items())
        case b"list":
            yield from store.lrange(key, 0, -1)
        case b"set":
            yield from store.smembers(key)
        case b"zset":
            yield from store.zrange(key, 0, -1)
        case b"stream":
            for entry, fields in store.xrange(key):
                yield entry
                yield from _flat(fields.items())
        case _:
            return


def _flat(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for name, value in pairs:
        yield name
        yield value


def _forms(value: bytes, seal: Seal | None) -> Iterator[bytes]:
    yield value
    if seal is not None and value[:1] == SEALED:
        for what in (_body_of(PORTAL), standing_of(PORTAL), call_of(PORTAL)):
            with suppress(Spoiled):
                yield from _forms(seal.opened(value[1:], what=what), None)
    for start in (0, 1):
        try:
            yield zlib.decompress(value[start:])
        except zlib.error:
            continue
