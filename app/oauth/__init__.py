"""Letting a portal's account let our app in: to HubSpot's page of consent, and back.

Who begins is an admin who is logged in, or whoever has the link of `hookline connect`: it is good
for an hour, and for one install. The way back is bound by a state of one use to the browser that
set out, to the portal, and to ten minutes.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from app.access import Role, current, note, public
from app.access.guard import refusal
from app.access.place import is_https
from workers.credentials.installing import NotInstalled, consent_url, install, missing
from workers.errors import Retryable
from workers.settings import Settings
from workers.settings.oauth import OAuth
from workers.store import Store
from workers.store.grants import Grant
from workers.store.people import digest_of

COOKIE = "hookline-install"
PATH = "/oauth"
LIFE_S = 600
SPENT = "This link was used already, or is too old; `hookline connect` makes another."
STRANGE = "This was not begun here, or too long ago, or it was finished already; begin anew."
DENIED = "HubSpot says that the app was not let in"
SHOWN = 200  # characters of what comes along with a browser
LINK = "the link of `hookline connect`"


class Runtime(Protocol):
    """What the pages work with."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102

    def ring(self, portal: str) -> None: ...  # noqa: D102


def blueprint(runtime: Runtime) -> Blueprint:
    """Return the two steps of an install."""
    pages = Blueprint("oauth", __name__, template_folder="templates")
    store, settings = runtime.store, runtime.settings

    @pages.get("/oauth/install/<portal>")
    @public
    def begin(portal: str) -> Answer:
        ticket = request.args.get("ticket", "")
        if not ticket or store.ticket_for(ticket) != portal:
            refused = refusal(Role.ADMIN)
            if refused is not None:
                return refused
            ticket = ""
        app = _app(portal)
        who = current()
        by = LINK if ticket or who is None else who.name
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        store.keep_install(state, [portal, digest_of(browser), by, ticket])
        answer = redirect(consent_url(app, redirect_uri=_back(), state=state), 303)
        # Lax: it must come along when HubSpot sends the browser back.
        answer.set_cookie(
            COOKIE,
            browser,
            max_age=LIFE_S,
            path=PATH,
            httponly=True,
            samesite="Lax",
            secure=is_https(request.environ, settings),
        )
        note("begin install", on=portal, who=by)
        return answer

    @pages.get("/oauth/callback")
    @public
    def finish() -> Answer:
        kept = store.take_install(request.args.get("state", ""))
        portal, browser, by, ticket = kept or ("", "", "", "")
        shown = digest_of(request.cookies.get(COOKIE, ""))
        if not browser or not hmac.compare_digest(shown, browser):
            note("install refused", on="oauth", who="nobody", why="state")
            return _told(400, STRANGE)
        _app(portal)
        code = request.args.get("code", "")
        if not code:
            why = request.args.get("error", "no code")[:SHOWN]
            note("install refused", on=portal, who=by, why=why)
            said = request.args.get("error_description", "")[:SHOWN] or why
            return _told(400, f"{DENIED} ({said}). Nothing was changed; begin anew to try again.")
        # Taken before the code is used, so that of two browsers with one link one installs.
        left_s = store.take_ticket(ticket, portal) if ticket else 0
        if ticket and not left_s:
            note("install refused", on=portal, who=by, why="link used already")
            return _told(400, SPENT)
        try:
            grant = install(
                settings.portals[portal],
                store=store,
                code=code,
                redirect_uri=_back(),
                by=by,
                now=runtime.clock(),
            )
        except (NotInstalled, Retryable) as error:
            if ticket:
                store.keep_ticket(ticket, portal, for_s=left_s)
            if isinstance(error, Retryable):
                return _told(503, f"{error}; begin anew in a minute.")
            note("install refused", on=portal, who=by, why=str(error))
            return _told(409, f"{error}.")
        note("install", on=portal, who=by, account=grant.hub)
        runtime.ring(portal)
        return _told(200, _welcome(portal, grant))

    def _app(portal: str) -> OAuth:
        config = settings.portals.get(portal)
        if config is None or config.oauth is None:
            abort(404, f"There is no portal {portal[:64]!r} with `oauth` in the configuration.")
        return config.oauth

    def _back() -> str:
        if settings.external_url is not None:
            return f"{settings.external_url.rstrip('/')}{PATH}/callback"
        scheme = "https" if is_https(request.environ, settings) else "http"
        return f"{scheme}://{request.host}{PATH}/callback"

    def _welcome(portal: str, grant: Grant) -> str:
        told = f"Portal {portal} writes to HubSpot account {grant.hub} now."
        lacking = missing(_app(portal).optional_scopes, grant.scopes)
        return f"{told} It did not grant: {', '.join(lacking)}." if lacking else told

    def _told(status: int, words: str) -> Response:
        answer = make_response(render_template("installed.html", words=words), status)
        answer.headers["Referrer-Policy"] = "no-referrer"  # the address has the code
        answer.delete_cookie(COOKIE, path=PATH)
        return answer

    return pages
