"""API tokens: `hlt_ID_SECRET`, shown once; only a hash of the secret is kept."""

import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from workers.errors import Faults
from workers.store import Store
from workers.store.people import Role, Token, digest_of

PREFIX = "hlt"
ID_BYTES = 6
SECRET_BYTES = 32
MAX_DAYS = 3_660
LABEL = 80  # characters


def issue(
    store: Store,
    *,
    label: str,
    role: Role,
    days: int,
    maker: str,
    now: datetime,
    portal: str | None = None,
) -> tuple[Token, str]:
    """Make a token; return it, and the text that its holder shows. Raises Faults.

    `maker` is the user who makes it, who must have the role himself; "" on the command line.
    """
    faults: list[str] = []
    label = " ".join(label.split())
    if not label or len(label) > LABEL:
        faults.append(f"label: say what the token is for, in {LABEL} characters or fewer")
    if not 1 <= days <= MAX_DAYS:
        faults.append(f"days: a token is good for 1 to {MAX_DAYS} days")
    user = store.user(maker) if maker else None
    if maker and (user is None or not user.role.covers(role)):
        faults.append(f"role: {maker} cannot give away the role {role.value}")
    if portal is not None and role is Role.ADMIN:
        faults.append("role: an admin's token is for all portals; take operator for one")
    if faults:
        raise Faults(faults)
    id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    token = Token(
        id=id,
        label=label,
        role=role,
        portal=portal,
        digest=digest_of(secret),
        maker=maker,
        created=now,
        expires=now + timedelta(days=days),
    )
    store.add_token(token)
    return token, f"{PREFIX}_{id}_{secret}"


def holder(store: Store, text: str, *, now: datetime) -> Token | None:
    """Return the token that was shown, with the role that it has now; None if it is not good."""
    prefix, _, rest = text.partition("_")
    id, _, secret = rest.partition("_")
    if prefix != PREFIX or not id or not secret:
        return None
    token = store.token(id)
    if token is None or not hmac.compare_digest(token.digest, digest_of(secret)):
        return None
    if token.expires <= now:
        return None
    if token.maker:
        maker = store.user(token.maker)
        if maker is None:
            return None
        if not maker.role.covers(token.role):
            token = replace(token, role=maker.role)
    store.use_token(token, now=now)
    return token
