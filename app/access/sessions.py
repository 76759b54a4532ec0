"""Sessions: a random id in a strict cookie; everything else is kept here, under its hash.

Who has not logged in has an id as well, in a cookie of its own, and nothing is kept for it: what
protects the log-in form is made of the id and our key. Whoever logs in, logs out or changes the
password gets a new id, so that an id which somebody else knew beforehand is worth nothing.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask, Request, Response, current_app, request, session
from flask.sessions import SessionInterface, SessionMixin

from app.access.place import is_https
from workers.errors import StoreDown
from workers.settings import Settings
from workers.store import Store
from workers.store.people import Session, User

ID = re.compile(r"[A-Za-z0-9_-]{43}")
ID_BYTES = 32
COOKIE = "hookline"
FORM_COOKIE = "hookline-form"  # of strangers; a link from elsewhere must not end a session
TOLD = "_flashes"  # where Flask's `flash` leaves what the next page is to tell
SAFE = ("GET", "HEAD", "OPTIONS")
UNSEEN = ("/hooks/", "/healthz", "/readyz", "/metrics", "/static/")  # where a session means nothing


class Visit(dict[str, Any], SessionMixin):
    """What is known of a browser while one request is answered."""

    def __init__(self, shown: str, of_form: str) -> None:
        super().__init__()
        self.shown = shown  # by the browser, believed only once it was looked up
        self.id = of_form or secrets.token_urlsafe(ID_BYTES)
        self.new = not of_form
        self.ended = False
        self.user: User | None = None
        self.kept: Session | None = None
        self.wanted = False  # a form was made for it: its id is worth a cookie


class Sessions(SessionInterface):
    """Finds the session of each request, and gives out the cookie."""

    def __init__(self, store: Store, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock

    def open_session(self, app: Flask, request: Request) -> Visit | None:  # noqa: ARG002
        """Return the visit; who it is, `recognise` finds out. None where that means nothing."""
        if request.path.startswith(UNSEEN):
            return None
        return Visit(self._shown(request, COOKIE), self._shown(request, FORM_COOKIE))

    def recognise(self, here: Visit) -> None:
        """Find out whose session it is, and let forms be made. Raises StoreDown."""
        found = self.store.session(here.shown, now=self.clock()) if here.shown else None
        if found is not None:
            here.id, here.new = here.shown, False
            here.kept, here.user = found
            if request.method in SAFE and not request.headers.get("X-Fragment"):
                word = self.store.take_word(here.id)
                if word:
                    here[TOLD] = word
        if found is not None or request.method not in SAFE:
            self._protect_forms(here)

    def offer_form(self) -> None:
        """Let a stranger have a form: it is good with the cookie that goes with it alone."""
        here = visit()
        here.wanted = True
        self._protect_forms(here)

    def _protect_forms(self, here: Visit) -> None:
        if current_app.secret_key is None:
            current_app.secret_key = self.store.signing_key()
        secret = str(current_app.secret_key).encode()
        token = hmac.new(secret, f"csrf {here.id}".encode(), hashlib.sha256).hexdigest()
        here["csrf_token"] = token

    def _shown(self, request: Request, name: str) -> str:
        id = request.cookies.get(self._named(request, name), "")
        return id if ID.fullmatch(id) else ""

    def _named(self, request: Request, name: str) -> str:
        """Return the cookie's name; behind https no other host and no plain page can set it."""
        return f"__Host-{name}" if is_https(request.environ, self.settings) else name

    def save_session(
        self,
        app: Flask,  # noqa: ARG002
        session: SessionMixin,
        response: Response,
    ) -> None:
        """Send the cookie if the browser does not have it yet; take it away after log-out."""
        here = cast("Visit", session)
        untold = here.pop(TOLD, None)
        if untold and here.user is not None and not here.ended:
            with suppress(StoreDown):  # what was done is done, whether it is told or not
                self.store.leave_word(here.id, untold)
        if here.user is None and here.wanted and here.new:
            self._set(response, FORM_COOKIE, here.id)
        elif here.user is not None and here.new:
            self._set(response, COOKIE, here.id)
            self._drop(response, FORM_COOKIE)
        elif here.ended:
            self._drop(response, COOKIE)

    def _set(self, response: Response, name: str, id: str) -> None:
        response.set_cookie(self._named(request, name), id, path="/", **self._strict())

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(self._named(request, name), path="/", **self._strict())

    def _strict(self) -> dict[str, Any]:
        secure = is_https(request.environ, self.settings)
        return {"secure": secure, "httponly": True, "samesite": "Strict"}

    # What log-in, log-out and a new password do

    def begin(self, user: User) -> None:
        """Let `user` in, under an id that nobody had before."""
        old = visit()
        self.store.end_session(old.id)
        fresh = secrets.token_urlsafe(ID_BYTES)
        now = self.clock()
        kept = Session(
            user=user.name, begun=now, ends=now + timedelta(seconds=self.settings.session_s)
        )
        self.store.begin_session(fresh, kept, now=now)
        old.id, old.new, old.user, old.kept = fresh, True, user, kept
        self._protect_forms(old)

    def end(self) -> None:
        """Forget this session, here and in the browser."""
        here = visit()
        self.store.end_session(here.id)
        here.user = here.kept = None
        here.ended = True


def visit() -> Visit:
    """Return the visit of this request."""
    return cast("Visit", session._get_current_object())  # type: ignore[attr-defined]
