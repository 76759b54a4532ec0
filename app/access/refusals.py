"""How one is told that one may not: a problem for programs, the log-in page for people."""

from http import HTTPStatus
from urllib.parse import quote, urlsplit

import orjson
from flask import Response, request

PROGRAMS = ("/api/", "/metrics")
LOG_IN = "/login"
CHANGE = "/password"


def for_programs() -> bool:
    """Return True if this request is a program's."""
    return request.path.startswith(PROGRAMS) or request.path == "/api"


def unknown() -> Response:
    """Answer one who has not said who he is."""
    if for_programs():
        told = "Show a token: `Authorization: Bearer hlt_…`; `hookline token new` makes one."
        return problem(401, told, {"WWW-Authenticate": "Bearer"})
    return Response("", 303, {"Location": f"{LOG_IN}?next={quote(_wanted(), safe='/')}"})


def unchanged() -> Response:
    """Answer one whose password is for one time."""
    if for_programs():
        return problem(403, f"Change your one-time password first, at {CHANGE}.")
    return Response("", 303, {"Location": CHANGE})


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return problem details by RFC 9457."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return Response(
        orjson.dumps(said), status, headers or {}, content_type="application/problem+json"
    )


def ours(target: str) -> str:
    """Return `target` if it is a path of ours, else the first page: no open redirect."""
    parts = urlsplit(target.replace("\\", "/"))
    plain = target.startswith("/") and target.isprintable() and " " not in target
    if not plain or parts.scheme or parts.netloc or target[1:2] in ("/", "\\"):
        return "/"
    return target


def _wanted() -> str:
    """Return where to go after the log-in: where one was going, if that was only a look."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path
