"""What is kept of an event: what is about it, in the clear; and its body, sealed if so asked.

A body begins with a letter: r as it came, z compressed, s sealed (and one of the others within).
Where an event stands, and the calls that it made, quote values of bodies, and are sealed like them.
What is about an event (its endpoint, source, id, type, times and headers) is not.

hl:{~}:sealed   string: a word that is sealed like them, so that a process that has not the key is
                told before it begins; lives as long as what is kept longest
"""

import zlib
from datetime import datetime, timedelta

import orjson

from workers.errors import Locked
from workers.events import Arrival, Event
from workers.sealing import Seal, Spoiled, missing
from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import event_id, portal_key

COMPRESS_FROM_BYTES = 256
SEALED = b"s"
PROOF = "a part of what is kept"


class Entries(Connection):
    """Events as the fields of a stream entry, and texts that may be sealed."""

    seal: Seal | None = None  # opens what is sealed
    encrypt: bool = False  # and seals what is written

    def encode(
        self, portal: str, arrival: Arrival, *, received: datetime, tolerance_s: int
    ) -> tuple[bytes, bytes]:
        """Return the two fields of a stream entry: what is about the event, and its body."""
        time = received if arrival.time is None else arrival.time
        time = min(time, received + timedelta(seconds=tolerance_s))
        return self._fields(portal, arrival, time, received)

    def encode_event(self, event: Event) -> tuple[bytes, bytes]:
        """Return the two fields that `decode` makes `event` of."""
        return self._fields(event.portal, event, event.time, event.received)

    def _fields(
        self, portal: str, about: Arrival | Event, time: datetime, received: datetime
    ) -> tuple[bytes, bytes]:
        named: list[object] = [
            about.endpoint,
            about.source,
            about.source_id,
            about.type,
            microseconds(time),
            microseconds(received),
            dict(about.headers),
        ]
        if about.fault:
            named.append(about.fault)
        if len(about.body) >= COMPRESS_FROM_BYTES:
            body = b"z" + zlib.compress(about.body, 1)
        else:
            body = b"r" + about.body
        return orjson.dumps(named), self.closed(body, what=_body_of(portal))

    def decode(self, portal: str, lane: str, entry: bytes, fields: dict[bytes, bytes]) -> Event:
        """Return the event of a stream entry; with a fault, if its body was changed in the store.

        Raises Locked for a body that is sealed with a key that is not here.
        """
        named = orjson.loads(fields[b"m"])
        endpoint, source, source_id, type_, time_us, received_us, headers, *fault = named
        try:
            body = self.open(fields[b"b"], what=_body_of(portal))
        except Spoiled as error:
            body, fault = b"r", [str(error)]
        return Event(
            id=event_id(portal, lane, entry),
            portal=portal,
            endpoint=endpoint,
            source=source,
            source_id=source_id,
            type=type_,
            time=moment(time_us),
            received=moment(received_us),
            headers=headers,
            body=zlib.decompress(body[1:]) if body[:1] == b"z" else body[1:],
            fault=fault[0] if fault else "",
        )

    def closed(self, plain: bytes, *, what: str) -> bytes:
        """Return what is kept of `plain`: itself, or sealed."""
        if not self.encrypt:
            return plain
        if self.seal is None:
            raise Locked("store: `encrypt_bodies` needs a `secret_key`; set it")
        return SEALED + self.seal.sealed(plain, what=what)

    def prove_key(self, *, keep_s: int) -> None:
        """Return if what is sealed here can be opened. Raises Locked, with what to do, if not."""
        key = portal_key("", "sealed")
        with our_errors():
            found = self.redis.get(key)
        if found is not None:
            try:
                self.open(found, what=PROOF)
            except Locked as error:
                lost = f"if it is lost, so is what it sealed: delete {key} to go on without it"
                raise Locked(f"{error}; {lost}") from None
        if self.encrypt:
            with our_errors():
                self.redis.set(key, self.closed(b"opened", what=PROOF), ex=keep_s)

    def open(self, data: bytes, *, what: str) -> bytes:
        """Return what was kept, be it sealed or not. Raises Locked, and Spoiled."""
        if data[:1] != SEALED:
            return data
        if self.seal is None:
            raise missing(data[1:], what=what)
        return self.seal.opened(data[1:], what=what)


def _body_of(portal: str) -> str:
    return f"the body of an event of portal {portal}"
