"""A store as the version before left it, worked on by this one: nothing is lost or doubled.

data/store-1.json was written by that version: every key with its time to live, and the records of
the sandbox. It has events that wait, one that is retried, one that was in hand when its writer
died after the call, dead ones, one whose create was never answered, and handled ones.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from app.sandbox.snapshots import unpacked
from tests.workers.office import PORTAL, Office, office
from workers.events import Event
from workers.outcomes import EventState
from workers.stamps import moment
from workers.store import Query, Store
from workers.store.clients import client
from workers.store.versions import CURRENT

LEFT = Path(__file__).parent / "data" / "store-1.json"


@dataclass(frozen=True, slots=True)
class Left:
    """The office of this version in the place of the one before, and what that left."""

    at: Office
    events: dict[str, Event]  # by the sender's id


@pytest.fixture
def left(redis_url: str, tmp_path: Path) -> Iterator[Left]:
    found = json.loads(LEFT.read_text("utf-8"))
    with client(redis_url, timeout_s=10) as server:
        for key, (left_ms, dumped) in found["store"].items():
            server.restore(key, max(0, left_ms), base64.b64decode(dumped))
    with office(redis_url, tmp_path, provisioned=False) as at:
        at.now = moment(found["now_us"])
        crm = at.server.sandbox.crm
        for each in found["records"]:
            record = unpacked(orjson.dumps(each))
            crm.records.setdefault(record.type, {})[record.id] = record
        crm.last_id = found["last_id"]
        crm.indexes_made()
        rows = at.store.browse([PORTAL], Query(), limit=100).rows
        yield Left(at, {row.event.source_id: row.event for row in rows})


def groups(store: Store) -> list[tuple[EventState, int]]:
    return sorted((group.state, group.events) for group in store.groups(PORTAL))


def states(left: Left) -> dict[str, str]:
    return {name: left.at.state(event).value for name, event in left.events.items()}


def test_what_waited_is_handled_and_what_was_handled_is_not_handled_again(left: Left) -> None:
    left.at.work_off()
    assert states(left) == {
        "v1": "done",
        "j1": "done",
        "v2": "dead",
        "v3": "dead",
        "n1": "dead",
        "i1": "ignored",
        "b1": "unknown",
        "v5": "done",
        "b2": "done",
        "v6": "done",
        "v7": "done",
    }
    assert left.at.bodies() == [f"visit v{n}" for n in (1, 5, 6, 7)]
    names = sorted(each["properties"]["dealname"] for each in left.at.records("deals").values())
    assert names == ["deal b1", "deal b2"]
    assert left.at.contact("c1@x.example")["firstname"] == "newest"


def test_the_store_is_of_this_version_and_what_ended_stands_in_groups(left: Left) -> None:
    form = left.at.store.form()
    assert form is not None
    assert form.version == CURRENT
    assert groups(left.at.store) == [
        (EventState.DEAD, 1),
        (EventState.DEAD, 2),
        (EventState.UNKNOWN, 1),
    ]


def test_a_delivery_that_was_accepted_before_is_a_duplicate_with_the_id_it_had(
    left: Left,
) -> None:
    (again,) = left.at.accept({"id": "v1", "type": "visited", "email": "c1@x.example"})
    assert again.id == left.events["v1"].id
    assert left.at.store.counts(PORTAL)["accepted"] == len(left.events)


def test_an_older_value_does_not_beat_what_was_written_before(left: Left) -> None:
    left.at.work_off()
    older = left.events["v1"].time - timedelta(hours=1)
    late = {
        "id": "s1",
        "type": "saved",
        "email": "c1@x.example",
        "firstname": "older",
        "lastname": "Late",
    }
    (event,) = left.at.accept(late, times=[older])
    left.at.work_off()
    assert left.at.state(event) is EventState.DONE
    person = left.at.contact("c1@x.example")
    assert (person["firstname"], person["lastname"]) == ("newest", "Late")


def test_what_was_dead_is_replayed_or_discarded_and_leaves_its_group(left: Left) -> None:
    store, now = left.at.store, left.at.now
    assert store.replay(left.events["v2"].id, state=EventState.DEAD, now=now)
    assert store.discard(left.events["n1"].id, reason="a test", now=now)
    assert groups(store) == [(EventState.DEAD, 1), (EventState.UNKNOWN, 1)]
    left.at.work_off()  # and it ends there again, for what this version calls the reason
    dead = [count for state, count in groups(store) if state is EventState.DEAD]
    assert sum(dead) == 2


def test_what_was_unknown_is_settled_by_a_person(left: Left) -> None:
    at, event = left.at, left.events["b1"]
    (deal,) = [
        id
        for id, each in at.records("deals").items()
        if each["properties"]["dealname"] == "deal b1"
    ]
    keys = [
        key.decode().rpartition(":")[2]
        for key in at.store.redis.scan_iter("hl:{acme}:intent:*")
        if at.store.redis.get(key) == b""
    ]
    at.store.answer_intents(PORTAL, dict.fromkeys(keys, deal))
    assert at.store.replay(event.id, state=EventState.UNKNOWN, now=at.now)
    at.work_off()
    assert at.state(event) is EventState.DONE
    assert at.crm("GET", f"/crm/v4/objects/deals/{deal}/associations/contacts")["results"]


def test_the_calls_of_then_are_still_shown(left: Left) -> None:
    standing = left.at.standing(left.events["v1"])
    calls = {id for outcome in standing.outcomes for id in outcome.calls}
    assert calls
    assert all(left.at.store.call(PORTAL, id) for id in calls)
