"""Asking HubSpot for tokens: by a code, by a refresh token; and whose they are.

No secret is in what goes wrong here: neither those that were sent nor those that an answer has.
"""

from dataclasses import replace
from types import TracebackType
from typing import Any

from workers.crm import tenant
from workers.crm.calls import Api, Call
from workers.crm.client import Client
from workers.crm.credential import Given
from workers.crm.replies import Reply
from workers.crm.shapes import mapping, text
from workers.crm.tenant import Token
from workers.errors import HooklineError, Permanent, Refused, Retryable, Unanswered
from workers.settings import Portal
from workers.settings.oauth import OAuth

LONGEST_S = 10.0  # for one answer: nothing is large or slow here
GONE = frozenset({"BAD_REFRESH_TOKEN", "invalid_grant"})
HIDDEN = "•••"


class NotGranted(Permanent):
    """Raised when HubSpot knows a grant no more: the app was uninstalled, or the token revoked."""


class Exchange:
    """A connection to the token endpoint of a portal, for the length of a `with` block."""

    def __init__(self, portal: Portal) -> None:
        if portal.oauth is None:
            raise Permanent(f"portal {portal.name}: has a token, and no `oauth`")
        self._app: OAuth = portal.oauth
        self._portal = replace(
            portal,
            connect_timeout_s=min(portal.connect_timeout_s, LONGEST_S),
            read_timeout_s=min(portal.read_timeout_s, LONGEST_S),
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
        """Return a new access token. Raises NotGranted, Refused and Retryable."""
        call = self._api.token_from_refresh(refresh_token=refresh_token, **self._shown())
        return self._token(call, refresh_token)

    def granted(self, code: str, *, redirect_uri: str) -> Token:
        """Return the tokens of a code. Raises Refused and Retryable."""
        call = self._api.token_from_code(code=code, redirect_uri=redirect_uri, **self._shown())
        found = self._token(call, code)
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
        return {"client_id": self._app.client_id, "client_secret": self._app.client_secret}

    def _token(self, call: Call, shown: str) -> Token:
        reply = _asked(self._client, call, shown, self._app.client_secret)
        found = tenant.token(reply)
        if not found.access_token or found.expires_in_s <= 0:
            raise Unanswered(f"{_name(call)}: no access token in the answer")
        return found


def _asked(client: Client, call: Call, *secrets: str) -> Reply:
    """Return the answer; what goes wrong is told without the secrets."""
    try:
        return client.send(call)
    except Refused as error:
        told = _plain(str(error), secrets)
        said = mapping(error.body)
        if {text(said.get(name)) for name in ("status", "category", "error")} & GONE:
            raise NotGranted("HubSpot takes its refresh token no more") from None
        raise Refused(told, status=error.status, category=error.category) from None
    except Retryable as error:
        raise type(error)(_plain(str(error), secrets), **_wait(error)) from None
    except HooklineError as error:
        raise HooklineError(_plain(str(error), secrets)) from None


def _wait(error: Retryable) -> dict[str, Any]:
    policy = getattr(error, "policy", None)
    return {"retry_after_s": error.retry_after_s} | ({"policy": policy} if policy else {})


def _plain(words: str, secrets: tuple[str, ...]) -> str:
    for each in secrets:
        if each:
            words = words.replace(each, HIDDEN)
    return words


def _name(call: Call) -> str:
    return f"{call.method} {call.path}"
