"""What we remember; the only importer of redis. The Lua files beside it say what each key is."""

from collections.abc import Sequence

from workers.sealing import Seal
from workers.settings import Settings, Sync
from workers.store.backfills import Backfills, Progress
from workers.store.budgets import Budgets
from workers.store.chores import Chores
from workers.store.counters import Counters
from workers.store.erasing import Erasing
from workers.store.gauges import Gauges
from workers.store.grants import Grants
from workers.store.inbox import Accepted, Limits, Receipt
from workers.store.intents import Intent, Intents
from workers.store.leases import Leases
from workers.store.ledger import Learned, Settlement
from workers.store.migrations import MIGRATIONS
from workers.store.minutes import Minutes
from workers.store.notices import NoticeBoard
from workers.store.people import People
from workers.store.portals import Account, Portals, Stop
from workers.store.queries import Found, Query, Shelf
from workers.store.refusals import Refusals
from workers.store.retention import Keep
from workers.store.rewriting import Rewriting
from workers.store.standings import Standing
from workers.store.versions import Migration
from workers.store.waiting import Backlog

__all__ = [
    "Accepted",
    "Account",
    "Backlog",
    "Found",
    "Intent",
    "Keep",
    "Learned",
    "Limits",
    "Progress",
    "Query",
    "Receipt",
    "Settlement",
    "Shelf",
    "Standing",
    "Stop",
    "Store",
]

TIMEOUT_S = 10.0


class Store(
    Erasing,
    Minutes,
    Chores,
    Refusals,
    Gauges,
    Counters,
    NoticeBoard,
    Leases,
    Intents,
    Portals,
    Budgets,
    People,
    Backfills,
    Grants,
    Rewriting,
):
    """Everything that is remembered, by Redis or Valkey."""

    migrations: Sequence[Migration] = MIGRATIONS

    def __init__(
        self,
        url: str,
        *,
        limits: Limits,
        keep: Keep,
        sync: Sync | None = None,
        seal: Seal | None = None,
        encrypt: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        if sync is not None:  # what is waited for there must not look like silence
            timeout_s = max(timeout_s, sync.timeout_s + 2)
        super().__init__(url, timeout_s=timeout_s)
        self.sync = sync
        self.seal = seal
        self.encrypt = encrypt
        self.limits = limits
        self.keep = keep

    @classmethod
    def of(cls, settings: Settings, *, timeout_s: float = TIMEOUT_S) -> "Store":
        """Return the store that `settings` name; it is taken for gone if silent for so long."""
        return cls(
            settings.store_url,
            limits=Limits(
                dedupe_s=settings.dedupe_s,
                max_backlog=settings.max_backlog,
                future_tolerance_s=settings.future_tolerance_s,
                max_store_bytes=settings.max_store_bytes,
            ),
            keep=Keep(
                handled_s=settings.keep_handled_s,
                dead_s=settings.keep_dead_s,
                clocks_s=settings.keep_clocks_s,
            ),
            sync=settings.store_sync,
            seal=Seal.of(settings.secret_keys, files=settings.secret_key_files),
            encrypt=settings.encrypt_bodies,
            timeout_s=timeout_s,
        )
