"""A verified delivery → events that are kept: the same for HTTP, queues and tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workers.bodies import Unreadable, decoded
from workers.errors import MappingError
from workers.events import TRACEPARENT, Arrival
from workers.settings import Endpoint
from workers.signatures import Request
from workers.sources import Source, arrivals
from workers.sources.portals import by_portal
from workers.store import Receipt, Store

MAX_EVENTS = 5_000  # of one delivery: all of them are kept in one step of the store
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of a delivery: a receipt of each event from each of its portals."""

    receipts: tuple[Receipt, ...]
    rings: tuple[str, ...] = ()  # the portals whose drain the caller is asked to publish
    unreadable: int = 0  # of them: kept as dead letters, since no event could be made of them

    @property
    def fresh(self) -> int:
        """How many events had not been seen before."""
        return sum(not receipt.duplicate for receipt in self.receipts)


def receive(
    delivery: Request,
    *,
    endpoint: Endpoint,
    source: Source,
    store: Store,
    now: datetime,
    trace: str = "",
) -> Received:
    """Keep every event of a delivery, all of them or none, and say under which ids.

    The delivery is verified already, and its body inflated. What cannot be read among others that
    can is kept too, and ends as a dead letter. Raises Unreadable if the body, or the id, type or
    time of every event in it, cannot be read; Full or StoreDown if the store takes nothing now.

    Each portal keeps its events in one step of its own, one portal after the other. If one takes
    nothing now this raises as if none did: the earlier ones have theirs and write them, and when
    the sender delivers again they know it for a duplicate, and the rest get theirs.

    `trace` is the traceparent that the events keep, so that whoever handles them goes on with it.
    """
    found = read(delivery, endpoint=endpoint, source=source, now=now)
    if trace:
        found = [replace(each, headers={**each.headers, TRACEPARENT: trace}) for each in found]
    return keep(found, endpoint=endpoint, source=source, store=store, now=now)


def read(delivery: Request, *, endpoint: Endpoint, source: Source, now: datetime) -> list[Arrival]:
    """Return the events of a delivery, for `keep`. Raises Unreadable as `receive` does."""
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
    return found


def keep(
    found: Sequence[Arrival],
    *,
    endpoint: Endpoint,
    source: Source,
    store: Store,
    now: datetime,
    backfill: bool = False,
) -> Received:
    """Keep events for each portal that they are for. Raises as `receive` does.

    Those of a `backfill` are handled when live events leave room.
    """
    receipts: list[Receipt] = []
    rings: list[str] = []
    for portal, its in by_portal(found, source, portals=endpoint.portals, received=now).items():
        accepted = store.accept(
            portal, its, received=now, backfill=backfill, rate_per_s=endpoint.rate_per_s
        )
        receipts += accepted.receipts
        rings += [portal] if accepted.ring else []
    return Received(
        receipts=tuple(receipts),
        rings=tuple(rings),
        unreadable=sum(bool(each.fault) for each in found),
    )


def _single(delivery: Request) -> Mapping[str, str]:
    return {
        name: values[0]
        for name, values in delivery.headers.items()
        if values and name not in _PRIVATE
    }
