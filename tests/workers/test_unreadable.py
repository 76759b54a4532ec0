"""What could not be read is kept through the whole way, and ends where people look."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.office import ENDPOINT, PORTAL, Office, office
from workers.events import Arrival
from workers.outcomes import EventState
from workers.store import Query

FAULT = "shop.yaml:3: type: is missing; in {{ body.type }}"


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def arrival(id: str, body: bytes, *, fault: str = "") -> Arrival:
    return Arrival(
        endpoint=ENDPOINT,
        source="shop",
        source_id=id,
        type="unreadable" if fault else "saved",
        time=None,
        body=body,
        fault=fault,
    )


def test_it_is_a_dead_letter_with_its_reason_and_its_neighbours_go_on(at: Office) -> None:
    good = arrival("1", b'{"id":"1","type":"saved","email":"zoe@acme.example"}')
    bad = arrival("2", b"7", fault=FAULT)
    receipts = at.store.accept(PORTAL, [good, bad], received=at.now).receipts
    at.work_off()
    events = [at.store.event(receipt.id) for receipt in receipts]
    states = [at.state(event) for event in events if event is not None]
    assert states == [EventState.DONE, EventState.DEAD]
    assert at.contact("zoe@acme.example")
    (row,) = at.store.browse([PORTAL], Query(state=EventState.DEAD), limit=10).rows
    dead = row.event
    assert (dead.fault, dead.body) == (FAULT, b"7")
    assert at.standing(dead).reason == FAULT


def test_a_replay_of_it_ends_in_the_same_way(at: Office) -> None:
    (receipt,) = at.store.accept(
        PORTAL, [arrival("1", b"7", fault=FAULT)], received=at.now
    ).receipts
    at.work_off()
    assert at.store.replay(receipt.id, state=EventState.DEAD, now=at.now)
    at.work_off()
    event = at.store.event(receipt.id)
    assert event is not None
    assert at.standing(event).state is EventState.DEAD
