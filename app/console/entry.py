"""Log-in, log-out, and a password of one's own."""

import secrets

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as Answer

from app.access import accounts, current, note, public
from app.access.accounts import Refusal
from app.access.openid import Errand, NotVouched, Provider, admitted
from app.access.refusals import ours
from app.access.sessions import Sessions
from app.console.site import Site
from workers.errors import Faults

ERRAND = "hookline-errand"
WRONG = "That is not a user name and password that belong together."


def add_pages(pages: Blueprint, site: Site, sessions: Sessions) -> None:
    """Add the pages that lead in and out."""
    store = site.store

    @pages.get("/login")
    @public
    def login() -> str | Answer:
        target = ours(request.args.get("next", "/"))
        if current() is not None:
            return redirect(target, 303)
        return _form(target)

    @pages.post("/login")
    @public
    def log_in() -> str | Answer | tuple[str, int]:
        target = ours(request.form.get("next", "/"))
        name = request.form.get("name", "")
        found = accounts.enter(
            store, name, request.form.get("password", ""), address=site.address()
        )
        if isinstance(found, Refusal):
            note("log in refused", on="console", who=name.strip().lower()[:64] or "nobody")
            if found.wait_s:
                minutes = -(-found.wait_s // 60)
                plural = "" if minutes == 1 else "s"
                told = f"Too many tries. Wait {minutes} minute{plural}, then try again."
                return _form(target, name=name, fault=told), 429
            return _form(target, name=name, fault=WRONG), 401
        sessions.begin(found)
        note("log in", on="console", who=found.name)
        return redirect(url_for("console.password") if found.must_change else target, 303)

    @pages.get("/login/openid")
    @public
    def login_elsewhere() -> str | Answer | tuple[str, int]:
        provider = _provider()
        target = ours(request.args.get("next", "/"))
        try:
            url, errand = provider.send_off(back=_back(), target=target)
        except NotVouched as error:
            return _form(target, fault=str(error)), 503
        id = secrets.token_urlsafe(32)
        store.keep_errand(id, errand.row())
        answer = redirect(url, 303)
        # Lax: it must come along when the provider sends the browser back.
        answer.set_cookie(
            ERRAND, id, max_age=600, path="/login", httponly=True, samesite="Lax", secure=_secure()
        )
        return answer

    @pages.get("/login/back")
    @public
    def login_back() -> str | Answer | tuple[str, int]:
        provider = _provider()
        errand = Errand.of(store.take_errand(request.cookies.get(ERRAND, "")))
        asked = request.args.to_dict()
        try:
            address = provider.vouched(errand, asked, back=_back(), now=site.now())
            user = admitted(store, address, provider.config, now=site.now())
        except NotVouched as error:
            note("log in refused", on="console", who="openid")
            return _form("/", fault=str(error)), 401
        sessions.begin(user)
        note("log in", on="console", who=user.name, by=provider.config.issuer)
        # No redirect: the session's strict cookie is only sent from a page of our own.
        answer = make_response(render_template("welcome.html", target=errand.target))
        answer.delete_cookie(ERRAND, path="/login")
        return answer

    @pages.post("/logout")
    def log_out() -> Answer:
        note("log out", on="console")
        sessions.end()
        return redirect(url_for("console.login"), 303)

    @pages.get("/password")
    def password() -> str:
        return render_template("password.html", fault=None)

    @pages.post("/password")
    def change_password() -> str | Answer | tuple[str, int]:
        who = current()
        assert who is not None  # noqa: S101 (the guard saw to it)
        old, new = request.form.get("old", ""), request.form.get("new", "")
        found = accounts.enter(store, who.name, old, address=site.address())
        if isinstance(found, Refusal):
            told = "Too many tries; wait a while." if found.wait_s else "The old one is another."
            return render_template("password.html", fault=told), 401
        if new != request.form.get("again", ""):
            return render_template("password.html", fault="The two new ones differ."), 422
        if new == old:
            return render_template("password.html", fault="Take another than the old one."), 422
        try:
            user = accounts.set_password(store, who.name, new)
        except Faults as error:
            return render_template("password.html", fault=str(error)), 422
        sessions.begin(user)  # the others have ended
        note("change password", on=user.name)
        flash("Your password is changed; every other session of yours has ended.")
        return redirect(url_for("console.home"), 303)

    def _provider() -> Provider:
        if site.settings.oidc is None:
            abort(404)
        return Provider(site.settings.oidc)

    def _back() -> str:
        return f"{site.outside()}{url_for('console.login_back')}"

    def _secure() -> bool:
        return site.outside().startswith("https://")

    def _form(target: str, *, name: str = "", fault: str | None = None) -> str:
        sessions.offer_form()
        return render_template(
            "login.html",
            next=target,
            name=name,
            fault=fault,
            nobody=not store.has_users(),
            elsewhere=site.settings.oidc is not None,
        )
