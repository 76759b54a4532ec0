"""Where a request came from, and how: of what was forwarded, what our own proxies say."""

from collections.abc import Mapping
from typing import Any

from workers.settings import Settings


def address_of(environ: Mapping[str, Any], settings: Settings) -> str:
    """Return the address of whoever asks."""
    direct = str(environ.get("REMOTE_ADDR") or "unknown")
    return _forwarded(environ, "HTTP_X_FORWARDED_FOR", settings.trusted_proxies) or direct


def is_https(environ: Mapping[str, Any], settings: Settings) -> bool:
    """Return True if the browser speaks https, be it with a proxy of ours."""
    if settings.external_url is not None and settings.external_url.startswith("https:"):
        return True
    told = _forwarded(environ, "HTTP_X_FORWARDED_PROTO", settings.trusted_proxies)
    return (told or environ.get("wsgi.url_scheme")) == "https"


def _forwarded(environ: Mapping[str, Any], name: str, trusted: int) -> str:
    if not trusted:
        return ""
    entries = [entry.strip() for entry in str(environ.get(name, "")).split(",")]
    return entries[-trusted] if len(entries) >= trusted else ""
