"""A message of a queue → the request that it would be over HTTP.

CloudEvents name their attributes by the protocol: `ce-id` over HTTP, `ce_id` over Kafka,
`cloudEvents:id` or `cloudEvents_id` over AMQP. Here they all become those of HTTP, percent-encoded
as they are there, so that a source file reads them in one way.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from workers.bodies import Unreadable, inflated, too_large
from workers.signatures import Request

JSON = "application/json"
# What clients write when they were told nothing of the body.
UNSAID = frozenset({"", "application/data", "application/octet-stream", "text/plain"})
PLAIN = frozenset({"", "binary", "utf-8", "utf8", "us-ascii", "ascii", "8bit", "identity"})
DEFLATED = frozenset({"gzip", "x-gzip", "deflate"})
_ATTRIBUTE = re.compile(r"(?:cloudevents[:_]|ce[_-])(.+)", re.IGNORECASE)
_PRINTABLE = "".join(chr(each) for each in range(0x21, 0x7F) if chr(each) not in '"%')


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as its broker delivered it; `tag` names it there until it is acknowledged."""

    body: bytes
    content_type: str = ""
    content_encoding: str = ""
    headers: Mapping[str, object] = field(default_factory=dict)
    tag: object = None
    fault: str = ""  # why the broker's client could not read it

    def request(self, *, max_bytes: int) -> Request:
        """Return what it would be over HTTP, its body inflated. Raises Unreadable."""
        if self.fault:
            raise Unreadable(self.fault, status=400, title="Malformed message")
        if len(self.body) > max_bytes:
            raise too_large(max_bytes)
        headers = dict(filter(None, map(_header, self.headers, self.headers.values())))
        kind = self.content_type
        if kind.partition(";")[0].strip().lower() in UNSAID:
            kind = headers.get("content-type") or JSON
        headers["content-type"] = kind
        return Request.of(headers=headers, body=self._plain(max_bytes))

    def _plain(self, max_bytes: int) -> bytes:
        encoding = self.content_encoding.strip().lower()
        if encoding in PLAIN:
            return self.body
        if encoding in DEFLATED:
            return inflated(self.body, encoding=encoding, max_bytes=max_bytes)
        try:
            return codecs.lookup(encoding).decode(self.body)[0].encode()
        except (LookupError, ValueError, AttributeError, TypeError):
            raise Unreadable(
                f"The content encoding {encoding[:40]!r} does not fit the body; send UTF-8, gzip "
                "or deflate.",
                status=415,
                title="Unsupported content encoding",
            ) from None


def _header(name: str, value: object) -> tuple[str, str] | None:
    """Return a header as HTTP has it; None for what it cannot say."""
    attribute = _ATTRIBUTE.fullmatch(name)
    if attribute is not None and attribute[1].lower() == "time" and type(value) is int:
        value = _moment(value)
    said = _text(value)
    if said is None:
        return None
    if attribute is None:
        return name.lower(), said
    return f"ce-{attribute[1].lower()}", quote(said, safe=_PRINTABLE)


def _moment(milliseconds: int) -> object:
    """Return a timestamp of AMQP 1.0 as a moment, and as it is if it is none."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return milliseconds


def _text(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
        case datetime():  # AMQP's timestamps are in UTC and do not say so
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case _:
            return None
