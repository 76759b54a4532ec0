"""/api/v1/users, /api/v1/tokens and /api/v1/audit: who may, and what was done; for admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app.access import Role, accounts, current, note, require, tokens
from app.api.asking import NAME, Asked, body, query
from app.api.problems import handle
from app.api.schemas import schema_of
from app.desk import Desk
from app.desk.refusals import Missing
from workers.store.people import Token, User

MOST_DEEDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A person who logs in."""

    name: str
    role: Role
    must_change: bool  # the password is for one time
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """All of them."""

    users: tuple[UserRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """A user, and the one-time password, which is told this once."""

    user: UserRow
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """What a program shows."""

    id: str
    label: str
    role: Role
    portal: str | None
    maker: str
    created: datetime
    expires: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPage:
    """All of them."""

    tokens: tuple[TokenRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token, and the text that its holder shows, which is told this once."""

    token: TokenRow
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedRow:
    """What somebody did."""

    id: str
    who: str
    how: str
    what: str
    on: str
    at: datetime
    place: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedPage:
    """The newest first."""

    deeds: tuple[DeedRow, ...]
    next: str | None


class Newcomer(Asked):
    """A user to add."""

    name = fields.String(required=True, validate=NAME)
    role = fields.Enum(Role, by_value=True, required=True)


class NewRole(Asked):
    """What a user may do from now on."""

    role = fields.Enum(Role, by_value=True, required=True)


class NewToken(Asked):
    """A token to make."""

    label = fields.String(required=True, validate=validate.Length(1, tokens.LABEL))
    role = fields.Enum(Role, by_value=True, required=True)
    days = fields.Integer(load_default=90, validate=validate.Range(1, tokens.MAX_DAYS))
    portal = fields.String(load_default=None, allow_none=True, validate=NAME)


class Trail(Asked):
    """A page of what was done."""

    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST_DEEDS))
    before = fields.String(
        validate=validate.Regexp(r"[0-9]{1,15}-[0-9]{1,10}\Z"),
        metadata={"description": "`next` of the page before"},
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("people", __name__, description="Who may, and what was done")
    handle(routes)
    store = desk.store

    @routes.get("/users")
    @require("admin")
    @routes.response(200, schema_of(UserPage))
    def users() -> UserPage:
        """List the users."""
        return UserPage(users=tuple(_user(each) for each in store.users()))

    @routes.post("/users")
    @require("admin")
    @body(routes, Newcomer)
    @routes.response(201, schema_of(Welcome))
    def add_user(asked: dict[str, Any]) -> Welcome:
        """Add a user; the one-time password is told this once."""
        name = accounts.name_of(asked["name"])
        password = accounts.add(store, name, role=asked["role"], now=desk.now())
        note("add user", on=name, role=asked["role"].value)
        return Welcome(user=one(name), password=password)

    @routes.post("/users/<string:name>/role")
    @require("admin")
    @body(routes, NewRole)
    @routes.response(200, schema_of(UserRow))
    def change_role(asked: dict[str, Any], name: str) -> UserRow:
        """Let a user do more or less."""
        one(name)
        accounts.set_role(store, name, asked["role"])
        note("change role", on=name, role=asked["role"].value)
        return one(name)

    @routes.post("/users/<string:name>/password")
    @require("admin")
    @routes.response(200, schema_of(Welcome))
    def reset_password(name: str) -> Welcome:
        """Give a user a new one-time password, which is told this once; ends the sessions."""
        one(name)
        password = accounts.reset(store, name)
        note("reset password", on=name)
        return Welcome(user=one(name), password=password)

    @routes.delete("/users/<string:name>")
    @require("admin")
    @routes.response(204)
    def remove_user(name: str) -> None:
        """Remove a user."""
        one(name)
        accounts.remove(store, name)
        note("remove user", on=name)

    @routes.get("/tokens")
    @require("admin")
    @routes.response(200, schema_of(TokenPage))
    def all_tokens() -> TokenPage:
        """List the tokens, with when each was last used."""
        return TokenPage(tokens=tuple(_token(each) for each in store.tokens()))

    @routes.post("/tokens")
    @require("admin")
    @body(routes, NewToken)
    @routes.response(201, schema_of(Issued))
    def add_token(asked: dict[str, Any]) -> Issued:
        """Make a token; its text is told this once."""
        who = current()
        portal = asked["portal"]
        if portal is not None:
            desk.portal(portal, portals=desk.portals)
        token, text = tokens.issue(
            store,
            label=asked["label"],
            role=asked["role"],
            days=asked["days"],
            maker="" if who is None else who.user,
            now=desk.now(),
            portal=portal,
        )
        note("make token", on=token.id, label=token.label, role=token.role.value)
        return Issued(token=_token(token), text=text)

    @routes.delete("/tokens/<string:id>")
    @require("admin")
    @routes.response(204)
    def revoke_token(id: str) -> None:
        """Let a token be good for nothing from now on."""
        if not store.revoke(id):
            raise Missing(f"there is no token {id[:40]!r} any more")
        note("revoke token", on=id)

    @routes.get("/audit")
    @require("admin")
    @query(routes, Trail)
    @routes.response(200, schema_of(DeedPage))
    def audit(asked: dict[str, Any]) -> DeedPage:
        """List what was done, by whom and from where, the newest first."""
        page = store.deeds(before=asked.get("before"), limit=asked["limit"])
        rows = tuple(
            DeedRow(
                id=each.id,
                who=each.who,
                how=each.how,
                what=each.what,
                on=each.on,
                at=each.at,
                place=each.place,
                detail=each.detail,
            )
            for each in page.deeds
        )
        return DeedPage(deeds=rows, next=page.next)

    def one(name: str) -> UserRow:
        user = store.user(name)
        if user is None:
            raise Missing(f"there is no user {name[:64]!r}; look at the list")
        return _user(user)

    return routes


def _user(user: User) -> UserRow:
    return UserRow(
        name=user.name, role=user.role, must_change=user.must_change, created=user.created
    )


def _token(token: Token) -> TokenRow:
    return TokenRow(
        id=token.id,
        label=token.label,
        role=token.role,
        portal=token.portal,
        maker=token.maker,
        created=token.created,
        expires=token.expires,
        used=token.used,
    )
