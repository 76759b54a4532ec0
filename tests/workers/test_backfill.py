"""Backfilled events give way to live ones, and what is old never wins over what is newer."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.workers.office import ENDPOINT, PORTAL, Office, later, office
from workers.events import Arrival
from workers.outcomes import EventState

WAITING = 20_000
STEP = 500


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def past(number: int, *, email: str = "", **values: object) -> dict[str, object]:
    return {"id": f"p{number}", "type": "saved", "email": email or f"p{number}@x.example", **values}


def backfill(at: Office, bodies: Sequence[dict[str, object]], *, time: datetime) -> None:
    """Take in these past events, as `hookline backfill` does."""
    arrivals = [
        Arrival(
            endpoint=ENDPOINT,
            source="shop",
            source_id=str(body["id"]),
            type=str(body["type"]),
            time=time,
            body=orjson.dumps(body),
        )
        for body in bodies
    ]
    for start in range(0, len(arrivals), STEP):
        some = arrivals[start : start + STEP]
        at.store.accept(PORTAL, some, received=at.now, backfill=True)


def waiting(at: Office) -> int:
    return at.store.backlog(PORTAL).waiting


def test_with_a_backfill_of_20_000_waiting_a_live_event_is_applied_in_the_next_turn(
    at: Office,
) -> None:
    before = at.now - timedelta(days=30)
    backfill(at, [past(n) for n in range(WAITING)], time=before)
    at.turn()
    left = waiting(at)
    assert left == WAITING - 1_000
    (live,) = at.accept(past(99_999, email="live@x.example", firstname="Live"))
    done = at.turn()
    assert done.events[0].id == live.id
    assert at.state(live) is EventState.DONE
    assert at.contact("live@x.example")["firstname"] == "Live"
    assert waiting(at) == left - 999


def test_under_a_flood_of_live_events_a_backfill_still_gets_on(at: Office) -> None:
    backfill(at, [past(n) for n in range(30)], time=at.now - timedelta(days=30))
    at.accept(*(past(n + 1_000) for n in range(300)))
    turns = 0
    while any("~backfill" in event.id for event in at.turn(limit=100).events):
        turns += 1
        at.accept(*(past(n + 10_000 * turns) for n in range(100)))
    assert turns == 6
    assert len({each["properties"]["email"] for each in at.records("contacts").values()}) >= 530


def test_an_old_backfilled_value_never_wins_over_a_newer_one(at: Office) -> None:
    email = "zoe@x.example"
    at.accept(past(1, email=email, firstname="New", phone="1"))
    at.work_off()
    backfill(
        at,
        [past(2, email=email, firstname="Old", phone="0", lastname="Older")],
        time=at.now - timedelta(days=30),
    )
    at.work_off()
    found = at.contact(email)
    assert (found["firstname"], found["phone"], found["lastname"]) == ("New", "1", "Older")


def test_it_does_not_matter_whether_the_backfill_or_the_live_event_comes_first(at: Office) -> None:
    email = "zoe@x.example"
    backfill(
        at,
        [past(2, email=email, firstname="Old", lastname="Older")],
        time=at.now - timedelta(days=30),
    )
    at.accept(past(1, email=email, firstname="New"))
    at.work_off()
    found = at.contact(email)
    assert (found["firstname"], found["lastname"]) == ("New", "Older")


def test_of_two_backfilled_values_the_newer_one_wins(at: Office) -> None:
    email = "zoe@x.example"
    backfill(at, [past(1, email=email, firstname="b")], time=at.now - timedelta(days=10))
    backfill(at, [past(2, email=email, firstname="a")], time=at.now - timedelta(days=20))
    at.work_off()
    assert at.contact(email)["firstname"] == "b"


def test_an_event_that_was_handled_live_is_not_handled_again(at: Office) -> None:
    visit: dict[str, object] = {"id": "v1", "type": "visited", "email": "zoe@x.example"}
    at.accept(visit)
    at.work_off()
    later(at, 60)
    backfill(at, [visit], time=at.now - timedelta(days=1))
    assert at.turn().events == ()
    assert at.bodies() == ["visit v1"]


def test_a_file_that_is_taken_in_again_after_the_dedupe_window_makes_no_second_note(
    at: Office,
) -> None:
    visit: dict[str, object] = {"id": "v1", "type": "visited", "email": "zoe@x.example"}
    before = at.now - timedelta(days=30)
    backfill(at, [visit], time=before)
    at.work_off()
    seen = list(at.store.redis.scan_iter("*:seen:*"))
    assert at.store.redis.delete(*seen) == 1
    backfill(at, [visit], time=before)
    assert waiting(at) == 1
    at.work_off()
    assert waiting(at) == 0
    assert at.bodies() == ["visit v1"]


def test_a_backfilled_event_that_the_crm_refuses_for_now_is_tried_again(at: Office) -> None:
    at.fault("status", "/contacts/batch/upsert", status=503, times=1)
    backfill(at, [past(1, firstname="Zoe")], time=at.now - timedelta(days=30))
    at.work_off()
    assert at.contact("p1@x.example")["firstname"] == "Zoe"
