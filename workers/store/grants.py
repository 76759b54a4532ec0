"""What accounts granted our app: tokens, sealed, and who renews them; and installs under way.

hl:{portal}:grant           hash: install, hub, scopes, by, at, refresh, access, expires, renew and,
                            once it is taken back, revoked; never expires. refresh and access are
                            sealed: without `secret_key` the store has no token
hl:{portal}:refreshing      string: who refreshes the access token now; expires with him
hl:{~}:installing:HASH      string: a browser at the page of consent, by its state; ten minutes
hl:{~}:ticket:HASH          string: an install that whoever has the link may make; an hour
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key
from workers.store.people import digest_of

INSTALLING_S = 600
TICKET_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an account granted, as it is kept; the tokens are sealed."""

    install: str  # names this consent; the next one has another
    hub: str  # the account's id
    scopes: tuple[str, ...]
    by: str
    at: datetime
    refresh: bytes = field(repr=False)
    access: bytes = field(repr=False)
    expires: datetime  # of the access token
    renew: datetime  # from then on it is refreshed
    revoked: str = ""  # why it is good no more


class Grants(Connection):
    """The grants of the portals that have an app instead of a token."""

    def grant(self, portal: str) -> Grant | None:
        """Return what the portal's account granted, None if nobody consented yet."""
        with our_errors():
            kept = self.redis.hgetall(portal_key(portal, "grant"))
        if b"refresh" not in kept:
            return None
        return Grant(
            install=kept[b"install"].decode(),
            hub=kept[b"hub"].decode(),
            scopes=tuple(orjson.loads(kept[b"scopes"])),
            by=kept[b"by"].decode(),
            at=moment(int(kept[b"at"])),
            refresh=kept[b"refresh"],
            access=kept[b"access"],
            expires=moment(int(kept[b"expires"])),
            renew=moment(int(kept[b"renew"])),
            revoked=kept.get(b"revoked", b"").decode(),
        )

    def keep_grant(self, portal: str, grant: Grant) -> None:
        """Keep what an account has just granted, in the place of what was there."""
        key = portal_key(portal, "grant")
        row = {
            "install": grant.install,
            "hub": grant.hub,
            "scopes": orjson.dumps(grant.scopes),
            "by": grant.by,
            "at": microseconds(grant.at),
            **_tokens(grant),
        }
        with our_errors():
            pipe = self.redis.pipeline(transaction=True)
            pipe.delete(key, portal_key(portal, "refreshing"))
            pipe.hset(key, mapping=row)
            pipe.execute()

    def forget_grant(self, portal: str) -> bool:
        """Forget what was granted, and whose account it was; False if nothing was."""
        with our_errors():
            keys = [portal_key(portal, name) for name in ("grant", "account")]
            return bool(self.redis.delete(*keys))

    def begin_refresh(self, portal: str, owner: str, *, for_s: float) -> bool:
        """Return True if `owner` is the one to refresh the access token, for so long at most."""
        key = portal_key(portal, "refreshing")
        with our_errors():
            return bool(self.redis.set(key, owner, nx=True, px=int(for_s * 1000)))

    def end_refresh(self, portal: str, owner: str, grant: Grant) -> bool:
        """Keep the tokens that a refresh brought; False if the app was installed anew meanwhile."""
        return self._regrant(portal, owner, grant.install, _tokens(grant))

    def give_up_refresh(self, portal: str, owner: str, grant: Grant) -> None:
        """Let somebody else refresh: this one brought nothing."""
        self._regrant(portal, owner, grant.install, {})

    def revoke_grant(self, portal: str, owner: str, grant: Grant, *, reason: str) -> bool:
        """Remember that a grant is good no more; False if the app was installed anew meanwhile."""
        return self._regrant(portal, owner, grant.install, {"revoked": reason})

    def _regrant(self, portal: str, owner: str, install: str, row: dict[str, object]) -> bool:
        args = [each for pair in row.items() for each in pair]
        keys = [portal_key(portal, "grant"), portal_key(portal, "refreshing")]
        return bool(self.script("regrant", keys=keys, args=[install, owner, *args]))

    # Installs under way

    def keep_install(self, state: str, row: Sequence[str]) -> None:
        """Remember, for ten minutes, a browser that was sent to the page of consent."""
        with our_errors():
            self.redis.set(_installing(state), orjson.dumps(row), ex=INSTALLING_S)

    def take_install(self, state: str) -> list[str] | None:
        """Return what was remembered under a state, once; None if nothing is."""
        with our_errors():
            text = self.redis.getdel(_installing(state))
        return None if text is None else [str(each) for each in orjson.loads(text)]

    def keep_ticket(self, ticket: str, portal: str) -> None:
        """Let whoever has the ticket install the app for the portal, for an hour."""
        with our_errors():
            self.redis.set(_ticket(ticket), portal, ex=TICKET_S)

    def ticket_for(self, ticket: str) -> str | None:
        """Return the portal of a ticket, None for one that is not or no longer good."""
        with our_errors():
            found = self.redis.get(_ticket(ticket))
        return None if found is None else str(found.decode())

    def spend_ticket(self, ticket: str) -> None:
        """Let a ticket be good no more."""
        with our_errors():
            self.redis.delete(_ticket(ticket))


def _tokens(grant: Grant) -> dict[str, object]:
    return {
        "refresh": grant.refresh,
        "access": grant.access,
        "expires": microseconds(grant.expires),
        "renew": microseconds(grant.renew),
    }


def _installing(state: str) -> str:
    return portal_key("", "installing", digest_of(state))


def _ticket(ticket: str) -> str:
    return portal_key("", "ticket", digest_of(ticket))
