"""What a request shows for itself: signatures, time stamp, id, or the secret as it is."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from workers.signatures.keys import base64_bytes, hex_bytes
from workers.signatures.request import Request
from workers.signatures.scheme import Encoding, Format, Kind, Unit, Way
from workers.signatures.verdict import Reason, Refused

MAX_SIGNATURES = 10
MAX_LETTERS = 8_000  # of a header that holds signatures
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a request shows for itself in one way."""

    signatures: Sequence[bytes]
    timestamp: str = ""
    at: datetime | None = None  # what the time stamp says
    id: str = ""


def is_there(way: Way, request: Request) -> bool:
    """Return whether the request makes use of this way at all."""
    if way.query:
        return f"{way.query}=" in request.url
    return _name(way, request) is not None


def is_met(way: Way, request: Request) -> bool:
    """Return whether the condition under which this way counts is met."""
    if not way.when_header:
        return True
    items = (request.header(way.when_header) or "").split(",")
    return way.when_value in (item.strip() for item in items)


def _name(way: Way, request: Request) -> str | None:
    """Return the header that holds the signature, None if there is none."""
    for name in way.header:
        if _family(name)[0] in request.headers:
            return name
    return None


def _family(name: str) -> Sequence[str]:
    """Return the headers that a name stands for: x-# is x-1, x-2, …"""
    if not name.endswith("-#"):
        return (name,)
    return tuple(f"{name[:-1]}{number}" for number in range(1, MAX_SIGNATURES + 1))


def only(request: Request, name: str) -> str:
    """Return a header that must be there exactly once."""
    values = request.headers.get(name, ())
    if not values or not values[0].strip():
        raise Refused(Reason.MISSING, f"the request has no {name}")
    if len(values) > 1:
        raise Refused(Reason.DOUBLED, f"the request has more than one {name}")
    if len(values[0]) > MAX_LETTERS:
        raise Refused(Reason.MALFORMED, f"{name} is too long")
    return values[0].strip()


def presented_by(way: Way, request: Request) -> Presented:
    """Return what the request shows in this way. Raises Refused if that cannot be read."""
    name = _name(way, request) or way.header[0]
    values = [only(request, each) for each in _family(name) if each in request.headers]
    timestamp = ""
    texts: list[str]
    match way.format:
        case Format.BARE:
            texts = values
        case Format.PAIRS:
            pairs = [item.strip().partition("=") for item in values[0].split(",")]
            texts = [value for label, _, value in pairs if label == way.label]
            if way.timestamp_label:
                stamps = [value for label, _, value in pairs if label == way.timestamp_label]
                if len(stamps) != 1:
                    how = Reason.DOUBLED if stamps else Reason.MALFORMED
                    raise Refused(how, f"{name} has {len(stamps)} time stamps, not one")
                timestamp = stamps[0]
        case Format.LIST:
            items = values[0].split()
            if any(item.count(",") > 1 for item in items):  # two of them, joined on the way
                raise Refused(Reason.DOUBLED, f"the request has more than one {name}")
            entries = [item.partition(",") for item in items]
            texts = [value for label, _, value in entries if label == way.label]
    signatures = [found for each in texts if (found := _decoded(way, each)) is not None]
    if not signatures:
        raise Refused(Reason.MALFORMED, f"{name} holds no signature as {way.name} writes it")
    if way.timestamp_header:
        timestamp = only(request, way.timestamp_header)
    return Presented(
        signatures=signatures[:MAX_SIGNATURES],
        timestamp=timestamp,
        at=_moment(way, timestamp) if way.timed else None,
        id=only(request, way.id_header) if way.id_header else "",
    )


def _decoded(way: Way, text: str) -> bytes | None:
    if not text.startswith(way.prefix):
        return None
    text = text[len(way.prefix) :]
    found = hex_bytes(text) if way.encoding is Encoding.HEX else base64_bytes(text)
    return found or None


def _moment(way: Way, text: str) -> datetime:
    """Return the time of a stamp. Nothing but plain digits, or ISO 8601 with its zone, is one."""
    try:
        if way.timestamp_unit is Unit.ISO8601:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        elif _DIGITS.fullmatch(text):
            return datetime.fromtimestamp(
                int(text) / (1000 if way.timestamp_unit is Unit.MS else 1), tz=UTC
            )
    except (ValueError, OverflowError, OSError):
        pass
    unit = {Unit.S: "seconds", Unit.MS: "milliseconds", Unit.ISO8601: "ISO 8601"}
    raise Refused(Reason.MALFORMED, f"the time stamp is not a time in {unit[way.timestamp_unit]}")


def credentials(way: Way, name: str, value: str) -> bytes:
    """Return the secret that a header shows as it is. Raises Refused if it shows none."""
    if way.kind is Kind.TOKEN:
        if not value.startswith(way.prefix):
            raise Refused(Reason.MALFORMED, f"{name} does not begin as it should")
        return _raw(value[len(way.prefix) :])
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != way.kind.value:
        raise Refused(Reason.UNSUPPORTED, f"{name} is not of the kind {way.kind}")
    if way.kind is Kind.BEARER:
        return _raw(rest.strip())
    try:
        return base64.b64decode(rest.strip(), validate=True)
    except ValueError as error:
        raise Refused(Reason.MALFORMED, f"{name} is not base64") from error


def _raw(value: str) -> bytes:
    """Return the bytes of a header's value, which servers hand over as Latin-1."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
