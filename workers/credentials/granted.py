"""An access token of what an account granted: refreshed before it ends, by one process for all.

Who takes the portal's lock in the store refreshes, and keeps what comes in the store; the others
look there. While the old token is good nobody waits for the new one. A holder of the lock that dies
leaves it to the next when it expires: HubSpot gives as many access tokens as it is asked for, and
the refresh token stays the same.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from workers.credentials.exchange import Exchange, NotGranted
from workers.errors import HooklineError, Locked, Refused, StoreDown, Throttled, Unreachable
from workers.sealing import Seal, Spoiled
from workers.settings import Portal
from workers.store import Store
from workers.store.grants import Grant

UNAUTHORIZED = 401
EARLY_S = 300.0  # before its end a token is refreshed,
EARLY_SHARE = 6  # or when so small a part of its life is left
LAST_S = 5.0  # so short before its end it is not shown any more
HOLD_S = 20.0  # the lock: longer than a refresh takes
LOOK_S = 0.05
PATIENT_S = 25.0
AGAIN_S = 10.0  # after a refresh that failed, while the old token is good


@dataclass(frozen=True, slots=True)
class _Held:
    """A token that this process knows."""

    token: str = field(repr=False)
    expires: datetime
    renew: datetime


class Granted:
    """The credential of a portal that has an app instead of a token."""

    def __init__(
        self,
        portal: Portal,
        *,
        store: Store,
        clock: Callable[[], datetime],
        wait: Callable[[float], object],
    ) -> None:
        self._portal = portal
        self._store = store
        self._clock = clock
        self._wait = wait
        self._held: _Held | None = None
        self._lock = threading.Lock()

    def shown(self) -> str:
        """Return a token that is good for a while.

        Raises Refused (401) if there is none until a person does something, Unreachable if there
        may be one soon: what was to be sent has not been.
        """
        with self._lock:
            if self._held is None or self._clock() >= self._held.renew:
                self._held = self._found(refused="")
            return self._held.token

    def refused(self, token: str) -> bool:
        """Look for another token, and ask for one if the store has none. Raises as `shown`."""
        with self._lock:
            if self._held is None or self._held.token == token:
                self._held = None
                self._held = self._found(refused=token)
            return self._held.token != token

    def _found(self, *, refused: str) -> _Held:
        """Return the token of the store, or a new one."""
        waited_s = 0.0
        while True:
            grant = self._grant()
            held = self._opened(grant)
            good = held.token != refused
            now = self._clock()
            if good and now < held.renew:
                return held
            still = good and now < held.expires - timedelta(seconds=LAST_S)
            owner = uuid.uuid4().hex
            if self._store.begin_refresh(self._portal.name, owner, for_s=HOLD_S):
                return self._refreshed(owner, grant, held=held if still else None)
            if still:
                return replace(held, renew=now + timedelta(seconds=LOOK_S))
            if waited_s > PATIENT_S:
                raise Unreachable(f"{self._name}: its access token is being refreshed for too long")
            self._wait(LOOK_S)
            waited_s += LOOK_S

    def _refreshed(self, owner: str, before: Grant, *, held: _Held | None) -> _Held:
        """Return a new token, or the one that came while the lock was waited for.

        `held` is what goes on for a while if none can be had now.
        """
        grant = before
        try:
            grant = self._grant()
            if grant.access != before.access:
                self._store.give_up_refresh(self._portal.name, owner, grant)
                return self._opened(grant)
            return self._ask(owner, grant)
        except NotGranted as error:
            told = f"{self._name}: {error}; {self._advice}"
            self._store.revoke_grant(self._portal.name, owner, grant, reason=told)
            raise Refused(told, status=UNAUTHORIZED) from None
        except StoreDown:
            raise
        except HooklineError as error:
            self._store.give_up_refresh(self._portal.name, owner, grant)
            if held is not None:
                return replace(held, renew=self._clock() + timedelta(seconds=AGAIN_S))
            if isinstance(error, Refused | Throttled):
                raise
            raise Unreachable(str(error)) from None  # nothing was sent but this

    def _ask(self, owner: str, grant: Grant) -> _Held:
        seal = self._seal()
        refresh = self._plain(seal, grant.refresh, "refresh token")
        asked = self._clock()
        with Exchange(self._portal) as exchange:
            token = exchange.refreshed(refresh)
        kept, access = sealed(
            seal,
            self._portal.name,
            refresh=token.refresh_token or refresh,
            access=token.access_token,
        )
        fresh = replace(
            grant,
            refresh=kept,
            access=access,
            expires=asked + timedelta(seconds=token.expires_in_s),
            renew=asked + timedelta(seconds=renew_after_s(token.expires_in_s)),
        )
        if not self._store.end_refresh(self._portal.name, owner, fresh):
            return self._opened(self._grant())  # it was installed anew meanwhile
        return _Held(token.access_token, fresh.expires, fresh.renew)

    def _grant(self) -> Grant:
        grant = self._store.grant(self._portal.name)
        if grant is None:
            told = f"{self._name}: no account has let Hookline's app in yet; {self._advice}"
            raise Refused(told, status=UNAUTHORIZED)
        if grant.revoked:
            raise Refused(grant.revoked, status=UNAUTHORIZED)
        return grant

    def _opened(self, grant: Grant) -> _Held:
        token = self._plain(self._seal(), grant.access, "access token")
        return _Held(token, grant.expires, grant.renew)

    def _plain(self, seal: Seal, data: bytes, what: str) -> str:
        try:
            return seal.opened(data, what=purpose(self._portal.name, what)).decode()
        except (Locked, Spoiled) as error:
            raise Refused(str(error), status=UNAUTHORIZED) from None

    def _seal(self) -> Seal:
        if self._store.seal is None:
            raise Refused(f"{self._name}: `secret_key` is not set", status=UNAUTHORIZED)
        return self._store.seal

    @property
    def _name(self) -> str:
        return f"portal {self._portal.name}"

    @property
    def _advice(self) -> str:
        return f"let it in by what `hookline connect {self._portal.name}` tells"


def purpose(portal: str, what: str) -> str:
    """Return what a sealed token is for: one of another portal does not open as this one's."""
    return f"the {what} of portal {portal}"


def sealed(seal: Seal, portal: str, *, refresh: str, access: str) -> tuple[bytes, bytes]:
    """Return the tokens of a grant as they are kept."""
    return (
        seal.sealed(refresh.encode(), what=purpose(portal, "refresh token")),
        seal.sealed(access.encode(), what=purpose(portal, "access token")),
    )


def renew_after_s(lives_s: float) -> float:
    """Return after how long a token that lives for so long is to be refreshed."""
    return lives_s - min(EARLY_S, lives_s / EARLY_SHARE)
