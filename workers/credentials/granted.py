"""An access token of what an account granted: refreshed before it ends, by one process for all.

Who takes the portal's lock in the store refreshes, and keeps what comes in the store; the others
look there. While the old token is good nobody waits for the new one, neither in other processes
nor in other threads. A holder of the lock that dies leaves it to the next when it expires:
HubSpot gives as many access tokens as it is asked for, and the refresh token stays the same. Where
one is given anew with each refresh, the first that is kept counts; only one whose answer was lost
with its process is lost.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from workers.credentials.exchange import Exchange, Misconfigured, NotGranted
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
GLANCE_S = 2.0  # so long a token is shown without a look whether the grant is still the same
BACKOFF_S, BACKOFF_MOST_S = 2.0, 60.0  # after refreshes that failed, while the old token is good
TOLD_MOST_S = 300.0  # of what a token endpoint says to wait
# By these words `workers.reasons` knows what it is.
NOT_REFRESHED = "its access token is not refreshed"
NONE_NOW = "no access token can be had at the moment"
SPOILED = "what it was granted cannot be opened"


@dataclass(frozen=True, slots=True)
class _Held:
    """A token that this process knows."""

    token: str = field(repr=False)
    expires: datetime
    look: datetime  # when the store is looked at again


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
        self._failures = 0
        self._failure: HooklineError | None = None
        self._unkept: tuple[str, Grant, Grant] | None = None  # what a store that was down missed

    def shown(self) -> str:
        """Return a token that is good for a while.

        Raises Refused (401) if there is none until a person does something, Unreachable if there
        may be one soon: what was to be sent has not been.
        """
        held, now, failures = self._held, self._clock(), self._failures
        if held is not None and now < held.look:
            return held.token
        if held is not None and _good(held, now):
            if not self._lock.acquire(blocking=False):
                return held.token  # another thread looks
        else:
            self._lock.acquire()
        try:
            held = self._held
            if held is None or self._clock() >= held.look:
                held = self._looked("", failures)
            return held.token
        finally:
            self._lock.release()

    def refused(self, token: str) -> bool:
        """Look for another token, and ask for one if the store has none. Raises as `shown`."""
        failures = self._failures
        with self._lock:
            held = self._held
            if held is None or held.token == token:
                held = self._looked(token, failures)
            return held.token != token

    def _looked(self, refused: str, failures: int) -> _Held:
        """Return what is found now; what failed while this thread waited is not tried again."""
        if self._failure is not None and self._failures != failures:
            raise self._failure
        before = self._held
        if refused:
            self._held = None  # it is good for no thread
        try:
            self._held = self._found(before, refused=refused)
        except HooklineError as error:
            self._held = None
            self._failures += 1
            self._failure = error
            raise
        self._failure = None
        return self._held

    def _found(self, before: _Held | None, *, refused: str) -> _Held:
        """Return the token of the store, or a new one."""
        waited_s = 0.0
        while True:
            try:
                self._keep_late()
                grant = self._grant()
            except StoreDown:
                now = self._clock()
                if before is None or before.token == refused or not _good(before, now):
                    raise
                return replace(before, look=now + timedelta(seconds=LOOK_S))
            held = self._opened(grant)
            now = self._clock()
            if held.token != refused and now < grant.renew:
                return held
            still = held if held.token != refused and _good(held, now) else None
            if still is not None and grant.again is not None and now < grant.again:
                return still
            owner = uuid.uuid4().hex
            if self._store.begin_refresh(self._portal.name, owner, for_s=HOLD_S):
                return self._refreshed(owner, grant, still, refused=refused)
            if still is not None:
                return replace(still, look=now + timedelta(seconds=LOOK_S))
            if waited_s > PATIENT_S:
                raise Unreachable(f"{self._name}: {NONE_NOW}: it is being refreshed for too long")
            self._wait(LOOK_S)
            waited_s += LOOK_S

    def _refreshed(self, owner: str, before: Grant, still: _Held | None, *, refused: str) -> _Held:
        """Return a new token, or the one that came while the lock was waited for.

        `still` is what goes on for a while if none can be had now.
        """
        name, grant = self._portal.name, before
        try:
            grant = self._grant()
            if grant.access != before.access:
                self._store.give_up_refresh(name, owner, grant)
                return self._opened(grant)
            return self._ask(owner, grant)
        except NotGranted as error:
            told = f"{self._name}: HubSpot takes its refresh token no more ({error}); "
            if self._store.revoke_grant(name, owner, grant, reason=told + self._advice):
                raise Refused(told + self._advice, status=UNAUTHORIZED) from None
            # Whoever held the lock before us was slow, and kept another just now.
            return self._found(None, refused=refused)
        except StoreDown:
            raise
        except HooklineError as error:
            failure = self._told(error)
            again = self._clock() + timedelta(seconds=_backoff_s(error, grant.failures))
            self._store.give_up_refresh(name, owner, grant, trouble=str(failure), again=again)
            if still is None:
                raise failure from None
            return replace(still, look=min(again, self._clock() + timedelta(seconds=GLANCE_S)))

    def _ask(self, owner: str, grant: Grant) -> _Held:
        seal = self._seal()
        refresh = self._plain(seal, grant.refresh, "refresh token")
        asked = self._clock()
        with Exchange(self._portal) as exchange:
            token = exchange.refreshed(refresh)
        if token.hub_id and token.hub_id != grant.hub:
            told = f"the answer is for account {token.hub_id}, and not for {grant.hub}"
            raise Refused(told, status=UNAUTHORIZED)
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
            scopes=token.scopes or grant.scopes,
            expires=asked + timedelta(seconds=token.expires_in_s),
            renew=asked + timedelta(seconds=renew_after_s(token.expires_in_s)),
        )
        self._unkept = owner, grant, fresh
        try:
            if not self._keep_late():
                return self._opened(self._grant())  # it was installed anew meanwhile
        except StoreDown:  # the answer is not to be had again: it is kept once that is possible
            return _Held(token.access_token, fresh.expires, self._glance(fresh))
        return _Held(token.access_token, fresh.expires, self._glance(fresh))

    def _keep_late(self) -> bool:
        """Keep what a refresh brought; False if the store has another grant by now."""
        if self._unkept is None:
            return True
        owner, grant, fresh = self._unkept
        kept = self._store.end_refresh(self._portal.name, owner, grant, fresh)
        self._unkept = None
        return kept

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
        return _Held(token, grant.expires, self._glance(grant))

    def _glance(self, grant: Grant) -> datetime:
        """Return when it is looked whether the grant is still the same."""
        soon = self._clock() + timedelta(seconds=GLANCE_S)
        return min(soon, grant.renew) if grant.renew > self._clock() else soon

    def _plain(self, seal: Seal, data: bytes, what: str) -> str:
        try:
            return seal.opened(data, what=purpose(self._portal.name, what)).decode()
        except Locked as error:
            raise Refused(f"{self._name}: {error}", status=UNAUTHORIZED) from None
        except Spoiled as error:
            told = f"{self._name}: {SPOILED} ({error}); {self._advice}"
            raise Refused(told, status=UNAUTHORIZED) from None

    def _seal(self) -> Seal:
        if self._store.seal is None:
            raise Refused(f"{self._name}: needs a `secret_key`; set it", status=UNAUTHORIZED)
        return self._store.seal

    def _told(self, error: HooklineError) -> HooklineError:
        """Return what a refresh that failed means for a call: nothing was sent, and all wait."""
        if isinstance(error, Throttled):
            return error
        if isinstance(error, Misconfigured):
            told = (
                f"{self._name}: {NOT_REFRESHED}: HubSpot does not take the app ({error}); "
                "check `client_id` and `client_secret`"
            )
            return Refused(told, status=UNAUTHORIZED)
        if isinstance(error, Refused):
            told = str(error)
            if not told.startswith(self._name):
                told = f"{self._name}: {NOT_REFRESHED}: {told}; it is tried again"
            return Refused(told, status=UNAUTHORIZED)
        wait_s = getattr(error, "retry_after_s", None)
        told = f"{self._name}: {NONE_NOW}: {str(error).replace('POST /', '/')}"
        return Unreachable(told, retry_after_s=wait_s)

    @property
    def _name(self) -> str:
        return f"portal {self._portal.name}"

    @property
    def _advice(self) -> str:
        return f"let it in by what `hookline connect {self._portal.name}` tells"


def _good(held: _Held, now: datetime) -> bool:
    return now < held.expires - timedelta(seconds=LAST_S)


def _backoff_s(error: HooklineError, failures: int) -> float:
    """Return how long no refresh is tried after one that failed, and `failures` before it."""
    told_s = min(getattr(error, "retry_after_s", None) or 0.0, TOLD_MOST_S)
    return max(told_s, min(BACKOFF_MOST_S, BACKOFF_S * 2.0 ** min(failures, 10)))


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
