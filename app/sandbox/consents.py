"""Apps that accounts let in: consent, codes of one use, tokens that expire, and taking it back.

An app that nobody spoke of may do as it likes: any code and any refresh token is good, as any
access token is. One that was made known at /_sandbox/oauth/apps is held to the protocol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from app.sandbox.access import Access, Token
from app.sandbox.errors import ApiError

CODE_S = 600.0
TOKEN_S = 1_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app that was made known."""

    client_id: str
    client_secret: str
    redirects: tuple[str, ...] = ()  # where browsers may be sent back to; none: anywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an account let an app do."""

    client_id: str
    hub_id: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a browser brings back from the page of consent."""

    grant: Grant
    redirect: str
    expires: datetime


@dataclass(slots=True)
class Consents:
    """The apps, and what they were granted. Callers hold the CRM's lock."""

    access: Access
    random: Random
    hub_id: int  # of the account that whoever consents is in
    token_s: float = TOKEN_S
    denied: bool = False  # whoever is asked says no
    rotates: bool = False  # a refresh token is good for one time, and brings the next
    withheld: frozenset[str] = frozenset()  # scopes that whoever is asked cannot grant
    user: str = "installer@example.com"  # who consents
    apps: dict[str, App] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh: dict[str, Grant] = field(default_factory=dict)

    def reset(self, hub_id: int) -> None:
        """Forget every app, and what it was granted."""
        self.hub_id, self.token_s, self.denied = hub_id, TOKEN_S, False
        self.rotates, self.withheld = False, frozenset()
        for each in (self.apps, self.codes, self.refresh):
            each.clear()

    def consent(
        self, client_id: str, *, redirect: str, scopes: tuple[str, ...], now: datetime
    ) -> dict[str, str]:
        """Return what the browser brings back: a code, or that the account said no."""
        app = self.apps.get(client_id)
        if app is not None and app.redirects and redirect not in app.redirects:
            raise ApiError(400, f"redirect_uri {redirect!r} is none of this app's")
        if self.denied:
            return {"error": "access_denied", "error_description": "The user denied access"}
        code = self._new("code")
        given = tuple(each for each in scopes if each not in self.withheld)
        grant = Grant(client_id=client_id, hub_id=self.hub_id, scopes=given)
        expires = now + timedelta(seconds=CODE_S)
        self.codes[code] = Code(grant=grant, redirect=redirect, expires=expires)
        return {"code": code}

    def token(self, given: Mapping[str, str], *, now: datetime) -> dict[str, object]:
        """Return the tokens of a code or a refresh token. Raises the 400 of a wrong one."""
        grant_type = given.get("grant_type", "")
        if grant_type not in ("authorization_code", "refresh_token"):
            what = f"grant_type {grant_type!r} is not supported"
            raise _bad("BAD_GRANT_TYPE", what, error="unsupported_grant_type")
        shown = given.get("code") or given.get("refresh_token") or ""
        if not shown or not given.get("client_id"):
            what = "missing or invalid code or refresh token"
            raise _bad("BAD_AUTH_CODE", what)
        app = self.apps.get(given["client_id"])
        if app is not None and given.get("client_secret") != app.client_secret:
            raise _bad(
                "BAD_CLIENT_SECRET", "missing or invalid client secret", error="invalid_client"
            )
        if grant_type == "authorization_code":
            grant = self._spend(shown, given, known=app is not None, now=now)
            own = self._new("refresh")
            self.refresh[own] = grant
        else:
            own, grant = shown, self._renewed(shown, given, known=app is not None)
            if self.rotates and self.refresh.pop(own, None) is not None:
                own = self._new("refresh")
                self.refresh[own] = grant
        return self._answer(own, grant, now=now)

    def _spend(self, code: str, given: Mapping[str, str], *, known: bool, now: datetime) -> Grant:
        found = self.codes.pop(code, None)  # good for one time
        if found is None:
            if known:
                raise _bad("BAD_AUTH_CODE", "missing or unknown auth code")
            return Grant(client_id=given["client_id"], hub_id=self.hub_id, scopes=())
        if found.grant.client_id != given["client_id"]:
            raise _bad("BAD_AUTH_CODE", "missing or unknown auth code")
        if found.redirect != given.get("redirect_uri", ""):
            raise _bad("BAD_REDIRECT_URI", "missing or invalid redirect uri")
        if found.expires <= now:
            raise _bad("EXPIRED_AUTH_CODE", "expired auth code")
        return found.grant

    def _renewed(self, refresh: str, given: Mapping[str, str], *, known: bool) -> Grant:
        grant = self.refresh.get(refresh)
        if grant is not None and grant.client_id == given["client_id"]:
            return grant
        if known:
            raise _bad("BAD_REFRESH_TOKEN", "missing or unknown refresh token")
        return Grant(client_id=given["client_id"], hub_id=self.hub_id, scopes=())

    def _answer(self, refresh: str, grant: Grant, *, now: datetime) -> dict[str, object]:
        access = self._new("access")
        self.access.grant(
            access,
            Token(
                scopes=frozenset(grant.scopes) if grant.scopes else None,
                expires=now + timedelta(seconds=self.token_s),
                hub_id=grant.hub_id,
                client_id=grant.client_id,
            ),
        )
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": int(self.token_s),
            "token_type": "bearer",
            "hub_id": grant.hub_id,
            "scopes": list(grant.scopes),
        }

    def revoke(self, refresh: str) -> None:
        """Let a refresh token be good no more; what it was exchanged for lives on till it ends."""
        self.refresh.pop(refresh, None)

    def uninstall(self, *, now: datetime) -> int:
        """Put every app out of the account; return how many refresh tokens that ended."""
        gone = [name for name, grant in self.refresh.items() if grant.hub_id == self.hub_id]
        for name in gone:
            del self.refresh[name]
        for name, token in list(self.access.tokens.items()):
            if token.client_id and token.hub_id == self.hub_id:
                ended = Token(expires=now, hub_id=token.hub_id, client_id=token.client_id)
                self.access.grant(name, ended)
        return len(gone)

    def _new(self, kind: str) -> str:
        return f"{kind}-{self.random.getrandbits(64):016x}"


def _bad(status: str, message: str, *, error: str = "invalid_grant") -> ApiError:
    """Return a refusal of the token endpoint: HubSpot's own fields, and those of RFC 6749."""
    found = ApiError(400, message, category=None)
    found.more = {"status": status, "error": error, "error_description": message}
    return found
