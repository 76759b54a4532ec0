"""In which form the store is kept: every process knows one, and an older one is carried over.

hl:{~}:schema      hash: version, the form it has; least, the oldest that may work on it;
                   swept, when (ms) what older processes had left was carried over last
hl:{~}:versions    hash: version → when (ms) a process that knows it gave its last sign
hl:{~}:migrating   string: who carries it over now; expires

So that a new version can run beside the old, a migration only adds, if it can: it keeps `least`
where it was, and what old processes write meanwhile is carried over once they are gone. One that
cannot waits for the old processes to end, and shuts out those that come later.
"""

import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workers.errors import StoreDown, Unfit
from workers.logs import log
from workers.store.connection import RETRY_AFTER_S, Connection, our_errors
from workers.store.keys import portal_key

CURRENT = 2  # the form that this code knows
FIRST = 1  # of a store that does not say
ALIVE_S = 30.0  # after its last sign a process is taken for gone
SIGN_S = 10.0  # between two signs
HOLD_MS = 30_000
POLL_S = 0.1
FIT_S = 2.0  # for whoever is about to write, while another process looks at the store first


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a store says of itself."""

    version: int
    least: int
    swept_ms: int = 0


UNSAID = Form(version=FIRST, least=FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """The way to the form `to` from the one before; done again it changes nothing more.

    `carry` takes the store and a portal's name, and gives, batch by batch, how much it changed.
    """

    to: int
    least: int  # the oldest version that may work beside and after it
    carry: Callable[[Any, str], Iterator[int]]


class Versions(Connection):
    """The store's form, and carrying it over."""

    migrations: Sequence[Migration] = ()
    version = CURRENT
    _fits = False

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        super().__init__(url, timeout_s=timeout_s)
        self._silent = threading.Event()

    def fit(self, *, wait: Callable[[float], object] = time.sleep, patience_s: float = 0.0) -> None:
        """Return once the store has a form that this process may work on; at once if it had before.

        An older one is carried over, here or by another process, which is waited for up to
        `patience_s`. Raises Unfit if only a newer version may work on it, or if older processes
        must end first; StoreDown if it cannot be asked, or another carries it over for longer.
        """
        if not self._fits:
            self._fit(wait=wait, patience_s=patience_s)
            self.sign()
            self._fits = True

    def sign(self) -> None:
        """Say that a process of this version lives. Raises Unfit if it may work no longer."""
        now = self._now_ms()
        with our_errors():
            self.redis.hset(portal_key("", "versions"), str(self.version), now)
        form = self.form()
        if form is not None and form.least > self.version:
            self._fits = False
            raise self._too_new(form)

    def keep_signing(self) -> None:
        """Give a sign now and then, from a thread, for as long as this process lives."""
        threading.Thread(target=self._keep_signing, name="signs", daemon=True).start()

    def _keep_signing(self) -> None:
        while not self._silent.wait(SIGN_S):
            with suppress(StoreDown):
                self.sign()

    def form(self) -> Form | None:
        """Return what the store says of itself, None if it says nothing."""
        with our_errors():
            found = self.redis.hgetall(portal_key("", "schema"))
        if not found:
            return None
        return Form(
            version=int(found[b"version"]),
            least=int(found[b"least"]),
            swept_ms=int(found.get(b"swept", 0)),
        )

    def sweep(self) -> int:
        """Carry over what older processes wrote since it was done last, if they are gone.

        Returns how much there was; it is nothing but a question most of the time.
        """
        form = self.form()
        if form is None or form.version > self.version:
            return 0
        seen = self._older_seen(self.version)
        now = self._now_ms()
        if seen is None or seen < form.swept_ms - ALIVE_S * 1000 or seen > now - ALIVE_S * 1000:
            return 0
        owner = self._begin()
        if not owner:
            return 0
        changed = self._carry(owner, self.migrations)
        self._note(owner, swept=now)
        self._end(owner)
        return changed or 0

    def _fit(self, *, wait: Callable[[float], object], patience_s: float) -> None:
        for left in range(math.ceil(patience_s / POLL_S), -1, -1):
            form = self.form() or UNSAID
            if form.least > self.version:
                raise self._too_new(form)
            if form.version >= self.version:
                return
            if self._migrate():
                return
            if left:
                wait(POLL_S)
        raise StoreDown(
            "store: another process carries it over to this version; wait for it",
            retry_after_s=RETRY_AFTER_S,
        )

    def _migrate(self) -> bool:
        """Carry the store over to this version; False if another process does."""
        owner = self._begin()
        if not owner:
            return False
        try:
            form = self.form() or UNSAID  # as it is now that nobody else changes it
            todo = [each for each in self.migrations if form.version < each.to <= self.version]
            for each in todo:
                self._check_alone(each)
                changed = self._carry(owner, [each])
                self._note(
                    owner, version=each.to, least=max(each.least, form.least), swept=self._now_ms()
                )
                if changed is not None:
                    log.info("store migrated", to=each.to, changed=changed)
        finally:
            self._end(owner)
        return True

    def _check_alone(self, migration: Migration) -> None:
        """Raise Faults if a process lives that may not work beside the migrated store."""
        seen = self._older_seen(migration.least)
        if seen is not None and seen > self._now_ms() - ALIVE_S * 1000:
            raise Unfit(
                f"store: its schema cannot become {migration.to} while processes run that know "
                f"less than {migration.least}; stop them, and wait for {ALIVE_S:g} s",
                retry_after_s=ALIVE_S,
            )

    def _carry(self, owner: str, migrations: Sequence[Migration]) -> int | None:
        """Return how much was changed, None if there is no portal at all."""
        portals = self._portals()
        if not portals:
            return None
        changed = 0
        for portal in portals:
            for each in migrations:
                for count in each.carry(self, portal):
                    changed += count
                    self._hold(owner)
        return changed

    def _portals(self) -> list[str]:
        """Return every portal of which there is anything, be it in the configuration or not."""
        with our_errors():
            names = {
                name.decode().removeprefix("hl:{").removesuffix("}:counts")
                for name in self.redis.scan_iter("hl:{*}:counts", count=10_000)
            }
        return sorted(names)

    def _older_seen(self, version: int) -> int | None:
        """Return when (ms) a process gave a sign that knows less than `version`; None if never."""
        with our_errors():
            signs = self.redis.hgetall(portal_key("", "versions"))
            worker = self.redis.hget("hl:workers", "worker")  # the first version's only sign
        seen = [int(at) for known, at in signs.items() if int(known) < version]
        if worker is not None and version > FIRST:
            seen.append(round(float(worker) * 1000))
        return max(seen, default=None)

    def _begin(self) -> str:
        """Return the name under which we carry over; "" if another process does."""
        owner = uuid.uuid4().hex
        with our_errors():
            taken = self.redis.set(portal_key("", "migrating"), owner, nx=True, px=HOLD_MS)
        return owner if taken else ""

    def _hold(self, owner: str) -> None:
        key = portal_key("", "migrating")
        if not self.script("renew", keys=[key], args=[owner, HOLD_MS]):
            raise StoreDown(
                "store: this process was stopped while it carried it over, and another goes on",
                retry_after_s=RETRY_AFTER_S,
            )

    def _note(self, owner: str, **fields: int) -> None:
        self._hold(owner)
        with our_errors():
            self.redis.hset(
                portal_key("", "schema"), mapping={name: str(n) for name, n in fields.items()}
            )

    def _end(self, owner: str) -> None:
        keys = [portal_key("", "migrating"), portal_key("", "bell")]
        self.script("release", keys=keys, args=[owner, 1])

    def close(self) -> None:
        """Give no further sign, and give back every connection."""
        self._silent.set()
        super().close()

    def _now_ms(self) -> int:
        with our_errors():
            seconds, micros = self.redis.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def _too_new(self, form: Form) -> Unfit:
        return Unfit(
            f"store: its schema is {form.version}, and this version knows {self.version}; start "
            "the version that wrote it or a newer one, or restore a back-up from before",
            retry_after_s=ALIVE_S,
        )
