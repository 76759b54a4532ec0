"""A WSGI environment → the request as its sender made it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from workers.bodies import Unreadable, too_large

TRACE = "hookline.traceparent"  # set by what traces requests, if anything does
_PATH_SAFE = "/!$&'()*+,;=:@-._~"


def headers_of(environ: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the headers, by lower-case name."""
    found = {
        name[5:].replace("_", "-").lower(): [value]
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    content_type = environ.get("CONTENT_TYPE")
    if content_type:
        found["content-type"] = [content_type]
    return found


def url_of(
    environ: Mapping[str, Any], *, external_url: str | None = None, trusted_proxies: int = 0
) -> str:
    """Return the URL that the sender called: signatures may cover it.

    `external_url` is what stands before the path. Without it the request says so itself: of what
    was forwarded, only the last `trusted_proxies` entries count.
    """
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_SAFE)
    query = environ.get("QUERY_STRING", "")
    if external_url is None:
        scheme = environ["wsgi.url_scheme"]
        host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
        if trusted_proxies:
            scheme = _forwarded(environ, "HTTP_X_FORWARDED_PROTO", trusted_proxies) or scheme
            host = _forwarded(environ, "HTTP_X_FORWARDED_HOST", trusted_proxies) or host
        external_url = f"{scheme}://{host}{environ.get('SCRIPT_NAME', '')}"
    url = external_url.rstrip("/") + path
    return f"{url}?{query}" if query else url


def _forwarded(environ: Mapping[str, Any], name: str, trusted: int) -> str:
    entries = [entry.strip() for entry in environ.get(name, "").split(",")]
    return entries[-trusted] if len(entries) >= trusted else ""


def body_of(environ: Mapping[str, Any], *, max_bytes: int) -> bytes:
    """Return the body as it was sent. Raises Unreadable; what is too large is not read."""
    stream = environ["wsgi.input"]
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated and not (stated.isascii() and stated.isdigit()):
        raise _broken("The Content-Length is not a number.")
    if not stated and not environ.get("wsgi.input_terminated"):
        return b""
    length = int(stated) if stated else None
    if length is not None and length > max_bytes:
        raise too_large(max_bytes)
    try:
        body = _read(stream, max_bytes + 1 if length is None else length)
    except OSError:
        raise _broken("The body ended before it was complete.") from None
    if length is None and len(body) > max_bytes:
        raise too_large(max_bytes)
    if length is not None and len(body) < length:
        raise _broken("The body is shorter than its Content-Length.")
    return body


def _read(stream: Any, size: int) -> bytes:
    found: bytes = stream.read(size) if size else b""
    while len(found) < size:
        more = stream.read(size - len(found))
        if not more:
            break
        found += more
    return found


def _broken(message: str) -> Unreadable:
    return Unreadable(message, status=400, title="Malformed request")
