"""Asking our own processes over HTTP."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from workers.errors import Retryable

TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer."""

    status: int
    body: bytes

    def json(self) -> object:
        """Return what the body says, None if it is no JSON."""
        try:
            found: object = json.loads(self.body)
        except ValueError:
            return None
        return found


def ask(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Said:
    """Return the answer, whatever its status. Raises Retryable if there is none."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Said(status=answer.status, body=answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Retryable(f"{parts.scheme}://{parts.netloc}: no answer ({error})") from error
    finally:
        connection.close()


def answers(url: str) -> bool:
    """Return True if the page is there and well."""
    try:
        return ask(url, timeout_s=5.0).status == http.client.OK
    except Retryable:
        return False
