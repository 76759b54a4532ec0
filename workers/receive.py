"""A verified delivery → events that are kept: the same for HTTP, queues and tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workers.bodies import Unreadable, decoded
from workers.errors import MappingError
from workers.settings import Endpoint
from workers.signatures import Request
from workers.sources import Source, arrivals
from workers.store import Receipt, Store

MAX_EVENTS = 5_000  # of one delivery: all of them are kept in one step of the store
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of a delivery; `ring` asks the caller to publish the portal's drain."""

    receipts: tuple[Receipt, ...]
    ring: bool
    unreadable: int = 0  # of them: kept as dead letters, since no event could be made of them

    @property
    def fresh(self) -> int:
        """How many events had not been seen before."""
        return sum(not receipt.duplicate for receipt in self.receipts)


def receive(
    delivery: Request, *, endpoint: Endpoint, source: Source, store: Store, now: datetime
) -> Received:
    """Keep every event of a delivery, all of them or none, and say under which ids.

    The delivery is verified already, and its body inflated. What cannot be read among others that
    can is kept too, and ends as a dead letter. Raises Unreadable if the body, or the id, type or
    time of every event in it, cannot be read; Full or StoreDown if the store takes nothing now.
    """
    body = decoded(delivery.body, content_type=delivery.header("content-type") or "")
    try:
        found = arrivals(
            source, endpoint=endpoint.name, headers=_single(delivery), body=body, received=now
        )
    except MappingError as error:
        raise Unreadable(
            f"An event was not recognised in the body: {error}", status=400, title="Not an event"
        ) from error
    if len(found) > MAX_EVENTS:
        raise Unreadable(
            f"The delivery carries {len(found):,} events; send at most {MAX_EVENTS:,} at once.",
            status=413,
            title="Too many events",
        )
    accepted = store.accept(endpoint.portal, found, received=now)
    return Received(
        receipts=accepted.receipts,
        ring=accepted.ring,
        unreadable=sum(bool(each.fault) for each in found),
    )


def _single(delivery: Request) -> Mapping[str, str]:
    return {
        name: values[0]
        for name, values in delivery.headers.items()
        if values and name not in _PRIVATE
    }
