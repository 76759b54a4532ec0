"""What is told of events never keeps them from being handled."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.workers.office import PORTAL, Office, office
from workers.drain import Ended, Hold, drain
from workers.outcomes import EventState
from workers.writer import Turn


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def broken(done: Turn, now: datetime) -> None:
    raise RuntimeError(f"a fault of ours, of {len(done.events)} events at {now}")


def test_a_fault_in_the_telling_is_logged_and_the_events_are_done_and_counted(
    at: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    events = at.accept(*({"type": "saved", "email": f"{n}@x.example", "id": n} for n in range(3)))
    at.store.release(PORTAL, owner="tests", even_if_rung=True)
    hold = Hold(
        store=at.store, portal=PORTAL, owner="drain", lease_s=3_600, monotonic=time.monotonic
    )
    with hold:
        writer = replace(at.writer, trace=broken)
        ended = drain(writer, hold, limit=1_000, slice_s=3_600, stop=lambda: False)
    assert ended is Ended.EMPTY
    assert {at.state(event) for event in events} == {EventState.DONE}
    assert "a fault of ours, of 3 events" in "".join(capfd.readouterr())
    counted = {(each.family.name, *each.labels): each.value for each in at.store.measured([PORTAL])}
    assert counted["events_handled", PORTAL, "shop", "done", "none"] == 3
