"""Requests that no client makes, as bytes to the real server: an answer or an end, and no trace."""

import socket
import zlib

import pytest

from tests.app import serving
from tests.app.conftest import JSON, Door

HOST = b"Host: 127.0.0.1\r\n"
BEARER = b"Authorization: Bearer " + serving.SECRET.encode() + b"\r\n"
POST = b"POST /hooks/bearer HTTP/1.1\r\n" + HOST
SIGNED = POST + BEARER
EVENT = b'{"id":"wire","type":"t"}'
WAIT_S = 3.0  # of the server's silence, when the connection is ours to close


def length(size: int) -> bytes:
    return b"Content-Length: %d\r\n" % size


WHOLE = {
    "nothing": b"\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an older version": b"POST /hooks/stripe HTTP/0.9\r\n\r\n",
    "a version of its own": b"POST /hooks/stripe HTTP/7.7\r\n" + HOST + b"\r\n",
    "no host": b"POST /hooks/stripe HTTP/1.1\r\n" + length(2) + b"\r\n{}",
    "a header without a colon": POST + b"Nonsense\r\n\r\n",
    "a header with a space in its name": POST + b"X Y: z\r\n" + length(2) + b"\r\n{}",
    "a folded header": POST + b"X-A: b\r\n c\r\n" + length(2) + b"\r\n{}",
    "a NUL in a header": POST + b"X-A: b\x00c\r\n" + length(2) + b"\r\n{}",
    "bytes that are no text in a header": POST + b"X-A: \xff\xfe\r\n" + length(2) + b"\r\n{}",
    "a header of a megabyte": POST + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "ten thousand headers": POST + b"X-A: b\r\n" * 10_000 + b"\r\n",
    "a path of a megabyte": b"POST /hooks/" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path with a NUL": b"POST /hooks/\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path out of the folder": b"POST /hooks/../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path that is encoded": b"POST /hooks/%2e%2e%2f%00%ff HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of its own": b"FROB /hooks/stripe HTTP/1.1\r\n" + HOST + b"\r\n",
    "two different lengths": SIGNED + length(2) + length(24) + b"\r\n" + EVENT,
    "a negative length": SIGNED + b"Content-Length: -1\r\n\r\n" + EVENT,
    "a length that is no number": SIGNED + b"Content-Length: 1e3\r\n\r\n" + EVENT,
    "a length beyond all": SIGNED + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + EVENT,
    "a length and pieces": SIGNED + length(4) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown transfer encoding": SIGNED + b"Transfer-Encoding: zip\r\n\r\n" + EVENT,
    "pieces without a size": SIGNED + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + EVENT,
    "a piece of an endless size": SIGNED
    + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"
    + EVENT,
}
CUT = {
    "half of a request line": b"POST /hoo",
    "half of the headers": POST + b"Content-Ty",
    "half of the body": SIGNED + b"Content-Type: application/json\r\n" + length(24) + b'\r\n{"id"',
    "half of the pieces": SIGNED
    + b'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"id',
}


def told(door: Door, request: bytes, *, cut: bool) -> bytes:
    """What the server says until it ends the connection, or we do after it has spoken."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=WAIT_S) as connection:
        try:
            connection.sendall(request)
            if cut:
                connection.shutdown(socket.SHUT_WR)
            return connection.recv(65_536)
        except (ConnectionError, TimeoutError):
            return b""


@pytest.mark.parametrize("name", [*WHOLE, *CUT])
def test_what_is_no_request_is_refused_and_leaves_nothing(door: Door, name: str) -> None:
    before = door.accepted()
    said = told(door, WHOLE.get(name) or CUT[name], cut=name in CUT)
    status = said.partition(b" ")[2][:3]
    assert status == b"" or 400 <= int(status) < 500 or status in (b"501", b"505"), said[:200]
    assert door.accepted() == before
    assert door.send("/healthz", method="GET").status == 200


def test_a_second_request_in_the_body_of_the_first_is_no_request(door: Door) -> None:
    hidden = SIGNED + b"Content-Type: application/json\r\n" + length(len(EVENT)) + b"\r\n" + EVENT
    outer = POST + b"Content-Type: application/json\r\n" + length(len(hidden)) + b"\r\n" + hidden
    before = door.accepted()
    assert told(door, outer, cut=False).startswith(b"HTTP/1.1 401")
    assert door.accepted() == before


def test_a_body_of_zeros_is_inflated_to_the_limit_and_no_further(door: Door) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(900)) + packer.flush()
    assert len(bomb) < serving.MAX_BODY
    before = door.accepted()
    said = door.deliver("hmac", bomb, kind=JSON, headers=[("Content-Encoding", "gzip")])
    assert said.status == 413
    assert door.accepted() == before
