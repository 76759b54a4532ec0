"""What is said when nothing was kept: problem details by RFC 9457, for the sender's log."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import orjson

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer, and what its log line says of it."""

    status: int
    body: bytes = b""
    type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, object] = field(default_factory=dict)


def problem(
    status: int,
    *,
    title: str = "",
    detail: str,
    reason: str,
    retry_after_s: float | None = None,
    headers: Mapping[str, str] | None = None,
    **about: object,
) -> Told:
    """Return a refusal: `detail` is for the sender, `reason` a word for the log."""
    said = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    more = dict(headers or {})
    if retry_after_s is not None:
        more["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return Told(
        status=status,
        body=orjson.dumps(said),
        type=PROBLEM,
        headers=more,
        about={"reason": reason, **about},
    )
