"""Paging while events arrive, are handled and die: none skipped, and none twice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from app.desk.events import list_events
from tests.app.agency import ACME, EMEA, MAIL, Agency
from workers.outcomes import EventState
from workers.store import Query

EVENTS = 3_000
A_DELIVERY = 100
PORTALS = (ACME, EMEA)


@contextmanager
def meanwhile(*works: Callable[[], None]) -> Iterator[None]:
    """Do each of the works, over and over, while the block lasts."""
    over = threading.Event()

    def again(work: Callable[[], None]) -> None:
        while not over.is_set():
            work()

    threads = [threading.Thread(target=again, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def fill(office: Agency, events: int) -> list[str]:
    """Accept events at two endpoints, and have the older of them handled."""
    ids: list[str] = []
    for first in range(0, events, A_DELIVERY):
        numbers = range(first, first + A_DELIVERY)
        if first // A_DELIVERY % 3 == 0:
            bodies: list[dict[str, object]] = [
                {"id": f"m{n}", "type": "saved", "email": f"m{n}@example.com"} for n in numbers
            ]
            ids += office.accept(*bodies, lane=MAIL, portal=EMEA)
        else:
            ids += office.saved(numbers, **({"stage": "wrong"} if first < 500 else {}))
        if first == events // 2:
            office.drain(ACME)
            office.drain(EMEA)
    return ids


def read_all(office: Agency, query: Query, *, limit: int, most: int | None = None) -> list[str]:
    """Read page after page; return the ids in their order."""
    found: list[str] = []
    cursor: str | None = None
    while most is None or len(found) < most:
        page = list_events(office.desk, query, portals=PORTALS, limit=limit, cursor=cursor)
        found += [each.id for each in page.events]
        if page.next is None:
            break
        cursor = page.next
    return found


def test_all_events_are_read_once_while_others_arrive_and_are_handled(office: Agency) -> None:
    there = fill(office, EVENTS)
    numbers = count(1_000_000)

    def arrive() -> None:
        office.saved([next(numbers) for _ in range(5)])

    def handle() -> None:
        office.drain(ACME)
        office.drain(EMEA)

    with meanwhile(arrive, handle):
        found = read_all(office, Query(), limit=97)
    assert len(found) == len(set(found))
    known = set(there)
    assert [id for id in found if id in known] == sorted(there, key=_arrived, reverse=True)


def test_all_the_dead_are_read_once_while_some_are_replayed_and_others_die(
    office: Agency,
) -> None:
    there = office.saved(range(600), stage="wrong")
    office.drain()
    assert office.store.backlog(ACME).dead == 600
    numbers = count(1_000_000)
    replayed: set[str] = set()
    victims = iter(there[::3])

    def die() -> None:
        office.saved([next(numbers)], stage="wrong")
        office.drain()

    def replay() -> None:
        id = next(victims, None)
        if id is not None and office.store.replay(id, state=EventState.DEAD, now=office.now):
            replayed.add(id)

    with meanwhile(die, replay):
        found = read_all(office, Query(state=EventState.DEAD), limit=41)
    known = set(there)
    mine = [id for id in found if id in known]
    assert known - set(mine) <= replayed
    assert len(set(mine) - replayed) == sum(id not in replayed for id in mine)


def _arrived(id: str) -> tuple[int, int, str]:
    name, at_ms, sequence = id.rsplit("-", 2)
    return int(at_ms), int(sequence), name
