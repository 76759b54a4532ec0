"""Log-in by an OpenID provider: there with a state of one use, and back with a signed word.

The library authlib (extra `oidc`) speaks the protocol; it is imported only where a provider is
configured. PKCE, state and nonce are bound to the browser by a cookie of their own, which lives
for ten minutes and is sent when the browser comes back from elsewhere.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.access.accounts import name_of
from workers.errors import Faults, Permanent
from workers.settings.openid import OpenId
from workers.store import Store
from workers.store.people import Role, User

ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
LEEWAY_S = 60
TIMEOUT_S = 10
SCOPE = "openid email"


class NotVouched(Permanent):
    """Raised when the provider's word lets nobody in; the text may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is remembered of a browser that was sent to the provider."""

    state: str
    nonce: str
    verifier: str
    target: str

    @classmethod
    def of(cls, row: Sequence[str] | None) -> "Errand":
        """Return what is kept; one that nothing fits, if nothing is."""
        state, nonce, verifier, target = row or ("", "", "", "/")
        return cls(state=state, nonce=nonce, verifier=verifier, target=target)

    def row(self) -> list[str]:
        """Return what is kept."""
        return [self.state, self.nonce, self.verifier, self.target]


class Provider:
    """An OpenID provider, by what it tells of itself."""

    def __init__(self, config: OpenId) -> None:
        self.config = config

    def send_off(self, *, back: str, target: str) -> tuple[str, Errand]:
        """Return where the browser is to go, and what to remember of it."""
        errand = Errand(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            target=target,
        )
        with self._session(back) as session:
            url, _ = session.create_authorization_url(
                self._about(session)["authorization_endpoint"],
                state=errand.state,
                nonce=errand.nonce,
                code_verifier=errand.verifier,
            )
        return str(url), errand

    def vouched(self, errand: Errand, asked: Mapping[str, str], *, back: str, now: datetime) -> str:
        """Return the mail address that the provider vouches for. Raises NotVouched."""
        if not errand.state or not hmac.compare_digest(asked.get("state", ""), errand.state):
            raise NotVouched("This log-in was not begun here, or too long ago; begin anew.")
        if "code" not in asked:
            raise NotVouched("The provider did not let you in.")
        with self._session(back) as session:
            about = self._about(session)
            try:
                token = session.fetch_token(
                    about["token_endpoint"],
                    code=asked["code"],
                    code_verifier=errand.verifier,
                    timeout=TIMEOUT_S,
                )
                keys = session.get(about["jwks_uri"], withhold_token=True, timeout=TIMEOUT_S).json()
            except Exception as error:
                raise NotVouched("The provider's answer could not be had; begin anew.") from error
        claims = self._claims(token.get("id_token", ""), keys, errand, now=now)
        address = str(claims.get("email", "")).lower()
        if claims.get("email_verified") is not True:
            raise NotVouched("The provider does not say that your mail address is verified.")
        if address.rpartition("@")[2] not in self.config.domains:
            raise NotVouched("Mail addresses of that domain are not let in here.")
        return address

    def _claims(self, text: str, keys: Any, errand: Errand, *, now: datetime) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.config.issuer},
            aud={"essential": True, "value": self.config.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": errand.nonce},
        )
        try:
            claims = jwt.decode(text, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotVouched("The provider's word is not signed as it should be.") from error
        return claims

    def _about(self, session: Any) -> Mapping[str, Any]:
        url = f"{self.config.issuer}/.well-known/openid-configuration"
        try:
            about = session.get(url, withhold_token=True, timeout=TIMEOUT_S).json()
        except Exception as error:
            raise NotVouched("The provider cannot be reached; try again later.") from error
        if not isinstance(about, dict) or about.get("issuer", "").rstrip("/") != self.config.issuer:
            raise NotVouched("The provider calls itself otherwise than the configuration does.")
        return about

    def _session(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self.config.client_id,
            self.config.client_secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
        )


def admitted(store: Store, address: str, config: OpenId, *, now: datetime) -> User:
    """Return the user of a mail address; made now, if newcomers have a role. Raises NotVouched."""
    try:
        name = name_of(address)
    except Faults as error:
        raise NotVouched("Your mail address cannot be a user's name here.") from error
    user = store.user(name)
    if user is None and config.role != "none":
        made = User(name=name, role=Role(config.role), password="", must_change=False, created=now)
        store.add_user(made)
        user = store.user(name)
    if user is None:
        raise NotVouched("You are no user here yet; ask an admin to make you one.")
    return user
