"""The intents of creates that the CRM would make twice: each is noted just before its call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workers.errors import StoreDown
from workers.logs import log
from workers.operations import Operation, Result, Said
from workers.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIntents:
    """Notes the creates of a wave that the CRM would make twice, each just before its call.

    So a writer that loses its lease in the middle leaves no note of what it never sent.
    """

    store: Store
    portal: str
    fence: int
    keys: frozenset[str]
    clock: Callable[[], datetime]

    def open(self, operations: Sequence[Operation]) -> None:
        """Note that these are about to be sent. Raises LeaseLost and StoreDown."""
        keys = [op.key for op in operations if op.key in self.keys]
        if keys:
            self.store.intend(self.portal, keys, fence=self.fence, now=self.clock())

    def close(self, results: Mapping[str, Result]) -> None:
        """Note what each made, or that it was not made; the lost stay open."""
        made: dict[str, str | None] = {}
        for key in self.keys & results.keys():
            result = results[key]
            if result.said is not Said.LOST:
                made[key] = result.id if result.said in (Said.DONE, Said.TAKEN) else None
        try:
            self.store.resolve_intents(self.portal, made, fence=self.fence)
        except StoreDown as error:  # the settling will tell what was made, if it can
            log.warning("answers not noted", portal=self.portal, reason=str(error))
