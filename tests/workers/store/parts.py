"""A store on an empty database, and events to put into it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from workers.events import Arrival, Event
from workers.outcomes import EventState, Verdict
from workers.store import Keep, Learned, Limits, Settlement, Store

NOW = datetime.now(UTC)
PORTAL = "acme"
DAY_S = 86_400


def opened(url: str, *, max_backlog: int = 1_000, dedupe_s: int = DAY_S) -> Store:
    return Store(
        url,
        limits=Limits(dedupe_s=dedupe_s, max_backlog=max_backlog, future_tolerance_s=300),
        keep=Keep(handled_s=DAY_S, dead_s=2 * DAY_S, clocks_s=3 * DAY_S),
    )


def arrival(
    number: int, *, lane: str = "shop", time: datetime | None = None, body: bytes = b"{}"
) -> Arrival:
    return Arrival(
        endpoint=lane,
        source="s",
        source_id=f"evt_{number}",
        type="t",
        time=time,
        body=body,
    )


def accept(store: Store, numbers: Sequence[int], *, lane: str = "shop") -> list[str]:
    """Accept events of these numbers in one delivery; return our ids."""
    arrivals = [arrival(number, lane=lane) for number in numbers]
    return [each.id for each in store.accept(PORTAL, arrivals, received=NOW).receipts]


def take(store: Store, *, limit: int = 100, later_s: float = 0) -> list[Event]:
    return store.take(PORTAL, now=NOW + timedelta(seconds=later_s), limit=limit)


def settle(
    store: Store,
    events: Sequence[Event],
    *,
    fence: int,
    state: EventState = EventState.DONE,
    due: datetime | None = None,
    reason: str = "",
) -> None:
    """Settle every one of `events` alike."""
    verdict = Verdict(state=state, reason=reason, due=due)
    store.settle(
        PORTAL,
        [Settlement(event=event, verdict=verdict, attempts=1) for event in events],
        Learned(),
        fence=fence,
        now=NOW,
    )


def held(store: Store, *, owner: str = "writer") -> int:
    """Take the portal's lease; return its number."""
    return store.lease(PORTAL, owner=owner, lease_s=60)
