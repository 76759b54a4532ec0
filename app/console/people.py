"""Users, API tokens and the trail of what was done: for admins."""

import re
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Answer

from app.access import Role, accounts, current, note, require, tokens
from app.console.site import Site
from workers.errors import Faults

DAYS = 90
ENTRY = re.compile(r"[0-9]{1,15}-[0-9]{1,10}")  # of the trail


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the pages about who may."""
    store = site.store

    @pages.get("/users")
    @require(Role.ADMIN)
    def users() -> str:
        return _users()

    @pages.post("/users")
    @require(Role.ADMIN)
    def add_user() -> str | tuple[str, int]:
        name = request.form.get("name", "")
        try:
            role = _role(request.form.get("role"))
            password = accounts.add(store, name, role=role, now=site.now())
        except Faults as error:
            return _users(faults=error.faults, name=name), 422
        note("add user", on=accounts.name_of(name), role=role.value)
        return _users(fresh=(accounts.name_of(name), password))

    @pages.post("/users/<name>/role")
    @require(Role.ADMIN)
    def change_role(name: str) -> Answer:
        role = _role(request.form.get("role"))
        return _done(
            lambda: accounts.set_role(store, name, role),
            f"{name} is {role.value} now.",
            "change role",
            on=name,
            role=role.value,
        )

    @pages.post("/users/<name>/password")
    @require(Role.ADMIN)
    def reset_password(name: str) -> str | tuple[str, int]:
        try:
            password = accounts.reset(store, name)
        except Faults as error:
            return _users(faults=error.faults), 422
        note("reset password", on=name)
        return _users(fresh=(name, password))

    @pages.post("/users/<name>/remove")
    @require(Role.ADMIN)
    def remove_user(name: str) -> Answer:
        return _done(
            lambda: accounts.remove(store, name), f"{name} is removed.", "remove user", on=name
        )

    @pages.get("/tokens")
    @require(Role.ADMIN)
    def api_tokens() -> str:
        return _tokens()

    @pages.post("/tokens")
    @require(Role.ADMIN)
    def add_token() -> str | tuple[str, int]:
        form, who = request.form, current()
        days = form.get("days", "")
        try:
            token, text = tokens.issue(
                store,
                label=form.get("label", ""),
                role=_role(form.get("role")),
                days=int(days) if days.isascii() and days.isdigit() else 0,
                maker="" if who is None else who.user,
                now=site.now(),
                portal=_portal(form.get("portal"), site),
            )
        except Faults as error:
            return _tokens(faults=error.faults), 422
        note("make token", on=token.id, label=token.label, role=token.role.value)
        return _tokens(fresh=text)

    @pages.post("/tokens/<id>/revoke")
    @require(Role.ADMIN)
    def revoke_token(id: str) -> Answer:
        if not store.revoke(id):
            raise NotFound("There is no such token any more.")
        note("revoke token", on=id)
        flash(f"Token {id} is revoked.")
        return redirect(url_for("console.api_tokens"), 303)

    @pages.get("/audit")
    @require(Role.ADMIN)
    def audit() -> str | tuple[str, int]:
        before = request.args.get("before")
        if before is not None and not ENTRY.fullmatch(before):
            raise NotFound("There is no such page.")
        return render_template("audit.html", page=store.deeds(before=before), first=before is None)

    def _users(
        *,
        fresh: tuple[str, str] | None = None,
        faults: tuple[str, ...] = (),
        name: str = "",
    ) -> str:
        return render_template(
            "users.html",
            users=store.users(),
            roles=list(Role),
            fresh=fresh,
            faults=faults,
            name=name,
        )

    def _tokens(*, fresh: str | None = None, faults: tuple[str, ...] = ()) -> str:
        return render_template(
            "tokens.html",
            tokens=store.tokens(),
            roles=list(Role),
            portals=list(site.settings.portals),
            days=DAYS,
            fresh=fresh,
            faults=faults,
        )

    def _done(act: Callable[[], None], told: str, what: str, *, on: str, **detail: str) -> Answer:
        try:
            act()
        except Faults as error:
            for fault in error.faults:
                flash(fault, "danger")
        else:
            note(what, on=on, **detail)
            flash(told)
        return redirect(url_for("console.users"), 303)


def _role(text: str | None) -> Role:
    try:
        return Role(text or "")
    except ValueError:
        raise Faults([f"role: {(text or '')[:40]!r} is none; take {', '.join(Role)}"]) from None


def _portal(text: str | None, site: Site) -> str | None:
    if text and text not in site.settings.portals:
        raise Faults([f"portal: there is no portal {text[:40]!r}"])
    return text or None
