"""Who may call: bearer tokens, when they expire, and which scopes they were granted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.sandbox.errors import ApiError
from app.sandbox.values import iso

HELP = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can "
    "find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token is allowed; without scopes, everything."""

    scopes: frozenset[str] | None = None
    reads_only: bool = False
    expires: datetime | None = None
    hub_id: int | None = None  # of the account that let an app in; None: this one
    client_id: str = ""  # of that app

    def allows(self, scope: str) -> bool:
        """Return True if the token was granted a scope."""
        if self.reads_only and not scope.endswith(".read"):
            return False
        return self.scopes is None or scope in self.scopes


@dataclass(slots=True)
class Access:
    """The tokens that are known. Any other that is not empty may do everything."""

    tokens: dict[str, Token] = field(default_factory=dict)

    def grant(self, name: str, token: Token) -> None:
        """Say what a token may do from now on."""
        self.tokens[name] = token

    def shown(self, header: str) -> Token | None:
        """Return the token of an Authorization header, None if nobody spoke of it."""
        return self.tokens.get(header.partition(" ")[2].strip())

    def check(self, header: str, *, needed: str | None, now: datetime) -> None:
        """Raise the 401 or 403 of a call whose Authorization header is `header`."""
        scheme, _, name = header.partition(" ")
        name = name.strip()
        if scheme.lower() != "bearer" or not name:
            raise ApiError(401, HELP, category="INVALID_AUTHENTICATION")
        token = self.tokens.get(name) or _by_its_name(name, now=now)
        if token.expires is not None and token.expires <= now:
            late_s = int((now - token.expires).total_seconds())
            raise ApiError(
                401,
                f"The OAuth token used to make this call expired {late_s} second(s) ago.",
                category="EXPIRED_AUTHENTICATION",
                context={"expire time": [iso(token.expires)]},
            )
        if needed is not None and not token.allows(needed):
            raise _missing(needed)


def _by_its_name(name: str, *, now: datetime) -> Token:
    """Return what a token may do that nobody spoke of: `expired` and `readonly…` say it."""
    if name == "expired":
        return Token(expires=now - timedelta(seconds=75))
    if name.startswith("readonly"):
        return Token(reads_only=True)
    return Token()


def scope(method: str, path: str, *, plural: Callable[[str], str | None]) -> str | None:
    """Return the scope that a call needs, None if any token will do.

    `plural` gives the plural name of the object type that a part of a path names.
    """
    parts = [part for part in path.split("/") if part]
    reads = method == "GET" or path.endswith(("/batch/read", "/search"))
    for part in parts[2:]:
        name = plural(part)
        if name is not None:
            family = "schemas" if {"properties", "schemas"} & {*parts[:3]} else "objects"
            return f"crm.{family}.{name}.{'read' if reads else 'write'}"
    return None


def _missing(needed: str) -> ApiError:
    return ApiError(
        403,
        "This app hasn't been granted all required scopes to make this call. "
        "Read more about required scopes here: https://developers.hubspot.com/scopes.",
        category="MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [needed]},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )
