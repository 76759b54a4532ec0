"""Asking HubSpot for tokens: by a code, by a refresh token; and whose they are.

No secret is in what goes wrong here: neither those that were sent nor those that an answer has.
"""

from dataclasses import replace
from types import TracebackType
from typing import Any

from workers.credentials.files import FromFile
from workers.crm import tenant
from workers.crm.calls import Api, Call
from workers.crm.client import Client
from workers.crm.credential import Credential, Given
from workers.crm.replies import Reply
from workers.crm.shapes import mapping, text
from workers.crm.tenant import Token
from workers.errors import HooklineError, Permanent, Refused, Retryable, Throttled, Unanswered
from workers.settings import Portal
from workers.settings.oauth import OAuth

CONNECT_S, READ_S = 5.0, 10.0  # together less than the lock of a refresh: see `granted.HOLD_S`
# HubSpot's newest first: v1 is to end in February 2027, and a stand-in may know that alone.
PATHS = ("/oauth/2026-03/token", "/oauth/v1/token")
ABSENT = frozenset({404, 405, 410})
GONE = frozenset({"BAD_REFRESH_TOKEN", "invalid_grant"})
GONE_WORDS = ("missing or invalid refresh token", "refresh token is invalid")
NOT_OURS = frozenset(
    {"BAD_CLIENT_ID", "BAD_CLIENT_SECRET", "invalid_client", "unauthorized_client"}
)
HIDDEN = "•••"


class NotGranted(Permanent):
    """Raised when HubSpot knows a grant no more: the app was uninstalled, or the token revoked."""


class Misconfigured(Permanent):
    """Raised when HubSpot does not take the app itself: its id or its secret is wrong."""


class Exchange:
    """A connection to the token endpoint of a portal, for the length of a `with` block."""

    def __init__(self, portal: Portal) -> None:
        if portal.oauth is None:
            raise Permanent(f"portal {portal.name}: has a token, and no `oauth`")
        self._app: OAuth = portal.oauth
        self._secret = _secret(portal.oauth)
        self._portal = replace(
            portal,
            connect_timeout_s=min(portal.connect_timeout_s, CONNECT_S),
            read_timeout_s=min(portal.read_timeout_s, READ_S),
        )
        self._api = Api(portal.api)
        self._client = Client(self._portal)

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def refreshed(self, refresh_token: str) -> Token:
        """Return a new access token. Raises NotGranted, Misconfigured, Refused and Retryable."""
        shown = self._shown()
        call = self._api.token_from_refresh(refresh_token=refresh_token, **shown)
        return self._token(call, refresh_token, shown["client_secret"])

    def granted(self, code: str, *, redirect_uri: str) -> Token:
        """Return the tokens of a code. Raises NotGranted, Misconfigured, Refused and Retryable."""
        shown = self._shown()
        call = self._api.token_from_code(code=code, redirect_uri=redirect_uri, **shown)
        found = self._token(call, code, shown["client_secret"])
        if not found.refresh_token:
            raise Unanswered(f"{_name(call)}: no refresh token in the answer")
        return found

    def account(self, token: Token) -> tenant.Account:
        """Return whose account a token is for. Raises Refused and Retryable."""
        client = Client(self._portal, credential=Given(token.access_token))
        try:
            return tenant.account(_asked(client, self._api.account(), token.access_token))
        finally:
            client.close()

    def _shown(self) -> dict[str, Any]:
        return {"client_id": self._app.client_id, "client_secret": self._secret.shown()}

    def _token(self, call: Call, *secrets: str) -> Token:
        found = tenant.token(self._answered(call, *secrets))
        if not found.access_token or found.expires_in_s <= 0:
            raise Unanswered(f"{_name(call)}: no access token in the answer")
        return found

    def _answered(self, call: Call, *secrets: str) -> Reply:
        """Return the answer of the first path that there is."""
        first, *others = dict.fromkeys((call.path, *PATHS) if self._dated else PATHS)
        for path in others:
            try:
                return _asked(self._client, replace(call, path=first), *secrets)
            except Refused as error:
                if error.status not in ABSENT:
                    raise
            first = path
        return _asked(self._client, replace(call, path=first), *secrets)

    @property
    def _dated(self) -> bool:
        return self._portal.api != "classic"


def _secret(app: OAuth) -> Credential:
    """Return where the app's secret is looked for."""
    if app.client_secret_file is None:
        return Given(app.client_secret)
    return FromFile(app.client_secret_file, token=app.client_secret)


def _asked(client: Client, call: Call, *secrets: str) -> Reply:
    """Return the answer; what goes wrong is told without the secrets."""
    try:
        return client.send(call)
    except Refused as error:
        said = mapping(error.body)
        codes = {text(said.get(name)) for name in ("status", "category", "error")}
        words = text(said.get("message")) or text(said.get("error_description"))
        words = _plain(words, secrets)[:300]
        if codes & NOT_OURS:
            raise Misconfigured(words or "the app is not known") from None
        if codes & GONE or any(each in words.lower() for each in GONE_WORDS):
            raise NotGranted(words) from None
        what = f"{_name(call)} was answered {error.status}: {words or 'without a reason'}"
        raise Refused(what, status=error.status, category=error.category) from None
    except Retryable as error:
        raise type(error)(_plain(str(error), secrets), **_wait(error)) from None
    except HooklineError as error:
        raise HooklineError(_plain(str(error), secrets)) from None


def _wait(error: Retryable) -> dict[str, Any]:
    told: dict[str, Any] = {"retry_after_s": error.retry_after_s}
    return told | ({"policy": error.policy} if isinstance(error, Throttled) else {})


def _plain(words: str, secrets: tuple[str, ...]) -> str:
    for each in secrets:
        if each:
            words = words.replace(each, HIDDEN)
    return words


def _name(call: Call) -> str:
    return f"{call.method} {call.path}"
