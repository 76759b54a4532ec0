"""What accounts granted our app: tokens, sealed, and who renews them; and installs under way.

hl:{portal}:grant           hash: install, hub, scopes, by, at, refresh, access, expires, renew;
                            revoked, once it is taken back; trouble, failures and again, after
                            refreshes that failed; never expires. refresh and access are sealed:
                            without `secret_key` the store has no token
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
    trouble: str = ""  # why it could not be refreshed the last time
    failures: int = 0  # refreshes in a row that failed
    again: datetime | None = None  # until when none is tried while the old token is good


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
            trouble=kept.get(b"trouble", b"").decode(),
            failures=int(kept.get(b"failures", 0)),
            again=moment(int(kept[b"again"])) if b"again" in kept else None,
        )

    def keep_grant(self, portal: str, grant: Grant) -> None:
        """Keep what an account has just granted, in the place of what was there."""
        key = portal_key(portal, "grant")
        row = {
            "install": grant.install,
            "hub": grant.hub,
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

    def end_refresh(self, portal: str, owner: str, grant: Grant, fresh: Grant) -> bool:
        """Keep what a refresh of `grant` brought; False if the store has another by now."""
        return self._regrant(portal, owner, grant, _tokens(fresh))

    def give_up_refresh(
        self,
        portal: str,
        owner: str,
        grant: Grant,
        *,
        trouble: str = "",
        again: datetime | None = None,
    ) -> None:
        """Let somebody else refresh, from `again` on: this one brought nothing but `trouble`."""
        row: dict[str, object] = {}
        if again is not None:
            row = {
                "trouble": trouble,
                "failures": grant.failures + 1,
                "again": microseconds(again),
            }
        self._regrant(portal, owner, grant, row)

    def revoke_grant(self, portal: str, owner: str, grant: Grant, *, reason: str) -> bool:
        """Remember that a grant is good no more; False if the store has another by now."""
        return self._regrant(portal, owner, grant, {"revoked": reason})

    def _regrant(self, portal: str, owner: str, grant: Grant, row: dict[str, object]) -> bool:
        args = [each for pair in row.items() for each in pair]
        keys = [portal_key(portal, "grant"), portal_key(portal, "refreshing")]
        args = [grant.install, grant.refresh, owner, *args]
        return bool(self.script("regrant", keys=keys, args=args))

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

    def keep_ticket(self, ticket: str, portal: str, *, for_s: int = TICKET_S) -> None:
        """Let whoever has the ticket install the app for the portal, for an hour."""
        with our_errors():
            self.redis.set(_ticket(ticket), portal, ex=for_s)

    def ticket_for(self, ticket: str) -> str | None:
        """Return the portal of a ticket, None for one that is not or no longer good."""
        with our_errors():
            found = self.redis.get(_ticket(ticket))
        return None if found is None else str(found.decode())

    def take_ticket(self, ticket: str, portal: str) -> int:
        """Let a ticket be good no more; return how many seconds it had left, 0 if it was not."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=True)
            pipe.ttl(_ticket(ticket))
            pipe.getdel(_ticket(ticket))
            left_s, found = pipe.execute()
        return max(1, int(left_s)) if found == portal.encode() else 0


def _tokens(grant: Grant) -> dict[str, object]:
    return {
        "scopes": orjson.dumps(grant.scopes),
        "refresh": grant.refresh,
        "access": grant.access,
        "expires": microseconds(grant.expires),
        "renew": microseconds(grant.renew),
    }


def _installing(state: str) -> str:
    return portal_key("", "installing", digest_of(state))


def _ticket(ticket: str) -> str:
    return portal_key("", "ticket", digest_of(ticket))
