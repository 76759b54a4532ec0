"""A drain goes on whatever one event does to it, even by a fault of our own."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.office import ENDPOINT, PORTAL, Office, office
from workers.drain import Ended, Hold, drain
from workers.events import Arrival
from workers.outcomes import EventState
from workers.sources import Source


class Broken(dict[str, Source]):
    """The sources, with a fault of ours in it."""

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        if key == "broken":
            raise RuntimeError("a fault of ours")
        return super().get(key, default)


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def test_an_event_that_breaks_the_writer_is_parked_and_the_others_go_on(at: Office) -> None:
    body = {"type": "visited", "email": "a@x.example"}
    good = at.accept(*({**body, "id": f"v{n}"} for n in range(3)))
    arrival = Arrival(endpoint="broken", source="s", source_id="x", type="t", time=None, body=b"{}")
    bad_id = at.store.accept(PORTAL, [arrival], received=at.now).receipts[0].id
    bad = at.store.event(bad_id)
    assert bad is not None
    writer = replace(at.writer, sources=Broken({ENDPOINT: at.writer.sources[ENDPOINT]}))
    at.store.release(PORTAL, owner="tests", even_if_rung=True)
    hold = Hold(
        store=at.store, portal=PORTAL, owner="drain", lease_s=3_600, monotonic=time.monotonic
    )
    with hold:
        ended = drain(writer, hold, limit=1_000, slice_s=3_600, stop=lambda: False)
    assert ended is Ended.EMPTY
    assert at.state(bad) is EventState.DEAD
    assert "a fault in Hookline itself: RuntimeError" in at.standing(bad).reason
    assert {at.state(event) for event in good} == {EventState.DONE}
    assert at.bodies() == ["visit v0", "visit v1", "visit v2"]


def test_a_bad_event_among_many_is_found_by_halving(at: Office) -> None:
    body = {"type": "saved", "email": "a@x.example"}
    before = at.accept(*({**body, "id": f"a{n}"} for n in range(300)))
    arrival = Arrival(endpoint="broken", source="s", source_id="x", type="t", time=None, body=b"{}")
    bad_id = at.store.accept(PORTAL, [arrival], received=at.now).receipts[0].id
    sources = Counting({ENDPOINT: at.writer.sources[ENDPOINT]})
    writer = replace(at.writer, sources=sources)
    at.store.release(PORTAL, owner="tests", even_if_rung=True)
    hold = Hold(
        store=at.store, portal=PORTAL, owner="drain", lease_s=3_600, monotonic=time.monotonic
    )
    with hold:
        drain(writer, hold, limit=512, slice_s=3_600, stop=lambda: False)
    bad = at.store.event(bad_id)
    assert bad is not None
    assert at.state(bad) is EventState.DEAD
    assert {at.state(event) for event in before} == {EventState.DONE}
    assert sources.broke <= 10  # log2(512) + 1


class Counting(Broken):
    """Counts how often it broke."""

    broke = 0

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        self.broke += key == "broken"
        return super().get(key, default)
