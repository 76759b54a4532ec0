"""Puts the guard before every view, and its headers behind every answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect

from app.access import refusals, tokens
from app.access.place import is_https
from app.access.sessions import SAFE, UNSEEN, Sessions, visit
from app.access.trail import Trail
from app.access.who import Who
from workers.errors import Retryable
from workers.settings import Settings
from workers.store import Store
from workers.store.people import Role

OPEN = UNSEEN  # answered whoever asks
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LARGEST_FORM = 4_000_000  # bytes; the door has a limit of its own
HSTS = "max-age=31536000"


class Runtime(Protocol):
    """What protection works with."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102


def protect(app: Flask, runtime: Runtime) -> None:
    """Let nobody in who is not known: but for /hooks, health, and what is marked public."""
    store, settings, clock = runtime.store, runtime.settings, runtime.clock
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_FORM
    csrf = CSRFProtect()
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # checked below, once it is known who asks
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session
    app.config["WTF_CSRF_SSL_STRICT"] = False  # SameSite=Strict and the token do
    csrf.init_app(app)
    sessions = Sessions(store, settings, clock=clock)
    app.session_interface = sessions
    app.extensions["hookline.sessions"] = sessions
    app.extensions["hookline.trail"] = Trail(store=store, settings=settings, clock=clock)

    @app.before_request
    def guard() -> Response | None:
        if request.path.startswith(OPEN):
            return None
        if request.endpoint is None:  # there is no such page, whoever asks
            return None
        shown = request.headers.get("Authorization", "") if refusals.for_programs() else ""
        try:
            sessions.recognise(visit())
            g.who = _by_token(shown, store, now=clock()) if shown else _by_session()
        except Retryable as error:
            return refusals.problem(503, str(error), {"Retry-After": "5"})
        view = app.view_functions.get(request.endpoint)
        if g.who is None and not getattr(view, "hookline_public", False):
            return refusals.unknown()
        if not shown and request.method not in SAFE:
            csrf.protect()
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        if request.path.startswith("/hooks/"):
            return response
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        if is_https(request.environ, settings):
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response


def _by_session() -> Who | None:
    here = visit()
    if here.user is None or here.kept is None:
        return None
    return Who(
        name=here.user.name,
        user=here.user.name,
        role=here.user.role,
        how="session",
        must_change=here.user.must_change,
        until=here.kept.ends,
    )


def _by_token(shown: str, store: Store, *, now: datetime) -> Who | None:
    """Return whose token was shown; a wrong one is nobody's, whatever the cookie says."""
    kind, _, text = shown.partition(" ")
    if kind.lower() != "bearer":
        return None
    token = tokens.holder(store, text.strip(), now=now)
    if token is None:
        return None
    return Who(
        name=f"token {token.label}",
        user=token.maker,
        role=Role(token.role),
        how=f"token {token.id}",
        portal=token.portal,
        until=token.expires,
    )
