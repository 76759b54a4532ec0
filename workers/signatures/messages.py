"""The bytes that a signature covers, in each spelling that a sender may have used."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from workers.signatures.request import FORM, Request
from workers.signatures.scheme import Token, UrlForm, Way

_PORTS = {"http": 80, "https": 443}
# What HubSpot's documentation names; everything else stays as it was sent.
_HUBSPOT_DECODES = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.ASCII | re.IGNORECASE)


class Uncovered(ValueError):
    """Raised when the signature would not cover the body."""


def messages(
    way: Way, request: Request, *, secret: str, timestamp: str, id: str
) -> Iterator[bytes]:
    """Yield what may have been signed. Raises ValueError if it cannot be put together."""
    urls = _urls(way, request) if Token.URL in way.signs else ("",)
    for url in urls:
        yield b"".join(
            part
            if isinstance(part, bytes)
            else _bytes(part, way, request, url=url, secret=secret, timestamp=timestamp, id=id)
            for part in way.signs
        )


def _bytes(
    part: Token, way: Way, request: Request, *, url: str, secret: str, timestamp: str, id: str
) -> bytes:
    match part:
        case Token.BODY:
            return request.body
        case Token.TIMESTAMP:
            return timestamp.encode()
        case Token.ID:
            return id.encode()
        case Token.METHOD:
            return request.method.encode()
        case Token.URL:
            return url.encode()
        case Token.SECRET:
            return secret.strip().encode()
        case Token.FORM:
            return _form(way, request)
        case Token.FIRST_ELEMENT:
            return _first_element(request.body)


def body_hash(way: Way, request: Request) -> str | None:
    """Return the digest of the body that the URL carries, None if the way or the URL has none."""
    if not way.body_hash_query or way.body_hash_query not in request.url:
        return None
    given = [
        value
        for name, value in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        if name == way.body_hash_query
    ]
    return given[0] if given else None


def _form(way: Way, request: Request) -> bytes:
    if body_hash(way, request) is not None:
        return b""
    if request.body and request.content_type != FORM:
        raise Uncovered("the signature would not cover a body that is not a form")
    return "".join(name + value for name, value in sorted(set(request.form()))).encode()


def _first_element(body: bytes) -> bytes:
    text = body.decode("utf-8")
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if text[start : start + 1] != "[":
        raise Uncovered("the signature covers an element of a list, and the body is none")
    start += 1
    start += len(text[start:]) - len(text[start:].lstrip(" \t\r\n"))
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end].encode()


# Spellings of the URL


def _urls(way: Way, request: Request) -> list[str]:
    found: list[str] = []
    for form in way.url:
        match form:
            case UrlForm.AS_SENT:
                url = request.url
            case UrlForm.HUBSPOT:
                url = _HUBSPOT_DECODES.sub(lambda at: chr(int(at[1], 16)), request.url)
            case UrlForm.OTHER_PORT:
                url = _other_port(request.url)
        if url not in found:
            found.append(url)
    return found


def _other_port(url: str) -> str:
    parts = urlsplit(url)
    default = _PORTS.get(parts.scheme)
    if default is None:
        return url
    if parts.port is None:
        return parts._replace(netloc=f"{parts.netloc}:{default}").geturl()
    if parts.port == default:
        return parts._replace(netloc=parts.netloc.removesuffix(f":{default}")).geturl()
    return url
