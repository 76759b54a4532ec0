"""A person who went through everything is nowhere afterwards: in no key, and in no file."""

import base64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import orjson
import pytest

from app.access import Role
from app.desk import persons
from app.desk.letters import Which, replay_all
from tests.app.conftest import eventually
from tests.privacy.conftest import ACME, BOB, SHOP, House
from tests.privacy.keeping import where
from workers.bodies import FORM
from workers.events import Arrival
from workers.outcomes import EventState
from workers.receive import receive
from workers.sealing import Seal
from workers.signatures import Request
from workers.store import Query
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore

ZOE = "zoe.marked@example.com"
TAGGED = "zoe.marked+news@example.com"  # somebody else
NAME = "Zoe Marked-Person"
PHONE = "+4712345678"
CODED = base64.b64encode(ZOE.encode())
MARKS = (
    *(ZOE.encode(), NAME.encode(), PHONE.encode(), CODED),
    *(b"zoe.marked%40example.com", b"zoe.marked\\u0040example.com"),
)
LONG = "x" * 2_000  # so that it is compressed
KEY = b"k" * 32


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.start(tmp_path / "store", appendfsync="no") as found:
        with closing(client(found.url, timeout_s=10)) as admin:
            admin.config_set("rdbcompression", "no")  # it would hide what is looked for
        yield found


@pytest.fixture
def redis_url(server: EmbeddedStore) -> str:
    return server.url


@pytest.fixture(params=[False, True], ids=["clear", "sealed"])
def seal(request: pytest.FixtureRequest, house: House) -> Seal:
    found = Seal([KEY])
    house.found.store.seal = found
    house.found.store.encrypt = request.param
    return found


def raw(house: House, id: str, body: bytes, type: str = "saved", *, fault: str = "") -> str:
    """Accept what arrived as these bytes; return our id."""
    arrival = Arrival(
        endpoint=SHOP,
        source=SHOP,
        source_id=id,
        type=type,
        time=None,
        headers={"x-request-id": ZOE},
        body=body,
        fault=fault,
    )
    [receipt] = house.found.store.accept(ACME, [arrival], received=house.found.now).receipts
    return receipt.id


def form(house: House, text: str) -> None:
    """Let a form arrive as it does at the door."""
    runtime = house.found.runtime
    receive(
        Request(
            method="POST",
            url="https://hooks.example.com/hooks/shop",
            headers={"content-type": [FORM]},
            body=text.encode(),
        ),
        endpoint=runtime.settings.endpoints[SHOP],
        source=runtime.sources[SHOP],
        store=runtime.store,
        now=house.found.now,
    )


def live(house: House) -> None:
    """Let all happen to Zoe that can, and some to others."""
    house.about_zoe(customer="C-77")
    house.about_zoe(email=ZOE.upper(), text=LONG)
    house.about_zoe("joined")
    house.about_bob("joined")
    house.event("saved", email=TAGGED, name="Tagged")
    raw(house, f"of {ZOE}", orjson.dumps({"deep": [{"to": [ZOE]}], "email": ZOE}), "joined")
    raw(house, "raw form", b"type=saved&to=hi+zoe.marked%40example.com&name=Zoe+Marked-Person")
    raw(house, "escaped", b'{"type": "none", "to": "zoe.marked\\u0040example.com"}', "none")
    raw(house, "unreadable", orjson.dumps({"email": ZOE}), fault=f"element 3: {ZOE} has no id")
    form(house, f"id=f1&type=saved&email=zoe.marked%40example.com&name={NAME}&phone=%2B4712345678")
    house.event("coded", email=CODED.decode())
    house.found.work_off()
    house.event("moved", customer="C-77", city="Oslo", phone=PHONE)
    house.event("told", contact=house.contact(ZOE), city="Oslo", phone=PHONE)
    house.about_zoe(stage=f"{NAME} of no stage")
    house.event("coded", email=base64.b64encode(BOB.encode()).decode())
    house.event("coded", email=CODED.decode(), stage="no such stage")
    house.about_bob(stage=f"as {ZOE} said")
    house.found.server.sandbox.faults.add({"kind": "lost", "path": "/deals/batch/create"})
    house.about_zoe("bought")
    house.found.work_off()
    house.account.control("faults", kind="status", path="contacts", status=503, times=0)
    house.about_zoe()
    house.found.drain()
    house.account.done("DELETE", "/_sandbox/faults", status=204)
    house.about_zoe()  # waits
    desk = house.found.desk
    replay_all(desk, ACME, Which(words=ZOE), by=Role.ADMIN, portals=[ACME])


def states(house: House) -> set[EventState]:
    store = house.found.store
    rows = store.browse([ACME], Query(), limit=200).rows
    return {each.standing.state for each in rows if each.standing} | {EventState.WAITING}


def test_a_person_is_in_no_key_and_in_no_file_and_others_are(
    house: House, seal: Seal, server: EmbeddedStore, tmp_path: Path
) -> None:
    live(house)
    url, store = server.url, house.found.store
    assert states(house) >= {*EventState} - {EventState.WAITING}
    before = {key.split(":")[2] for key in where(url, *MARKS, seal=seal) if "{acme}" in key}
    assert before >= {"events", "kept", "call", "verdict", "clock", "chore"}
    counts = store.counts(ACME)
    done = persons.forget(house.found.desk, ZOE, portals=[ACME])
    assert done.faults == ()
    assert where(url, *MARKS, seal=seal) == []
    assert where(url, BOB.encode(), seal=seal)
    assert where(url, TAGGED.encode(), seal=seal)
    after = store.counts(ACME)
    kept = len(store.browse([ACME], Query(), limit=200).rows)
    assert sum(after.get(each, 0) for each in ("waiting", "dead", "unknown")) <= kept
    gone = sum(counts.get(each, 0) - after.get(each, 0) for each in ("waiting", "dead", "unknown"))
    assert after["erased"] == gone > 0
    files = tmp_path / "store" / "appendonlydir"
    eventually(lambda: not store.redis.info("persistence")["aof_rewrite_in_progress"])
    held = b"".join(each.read_bytes() for each in files.iterdir()).lower()
    assert [mark for mark in MARKS if mark.lower() in held] == []
    assert (BOB.encode() in held) is not store.encrypt


def test_one_who_comes_again_is_new_and_what_was_erased_stays_a_duplicate(
    house: House, seal: Seal, server: EmbeddedStore
) -> None:
    body = orjson.dumps({"id": "z", "type": "saved", "email": ZOE, "name": NAME})
    first = raw(house, "z", body)
    house.found.work_off()
    persons.forget(house.found.desk, ZOE, portals=[ACME])
    assert raw(house, "z", body) == first  # delivered once more: it is known, and not kept
    assert where(server.url, *MARKS, seal=seal) == []
    assert not house.found.store.backlog(ACME).waiting
    later = raw(house, "z2", body)  # it consents again
    house.found.work_off()
    event = house.found.store.event(later)
    assert event is not None
    assert event.body == body
    [standing] = house.found.store.standings([event]).values()
    # HubSpot takes nobody back whom it was told to forget: a person has to let the contact in.
    assert standing.state is EventState.DEAD
    assert house.found.store.event(first) is None


def test_an_event_that_is_in_hand_is_finished_first_and_then_erased(
    house: House, server: EmbeddedStore
) -> None:
    store, faults = house.found.store, house.found.server.sandbox.faults
    faults.add({"kind": "latency", "path": "contacts/batch", "delay_s": 2.0})
    house.about_zoe()
    house.about_bob()
    waiting = Thread(target=house.found.drain)
    waiting.start()
    eventually(lambda: any(rule.struck for rule in faults.rules))  # the call is under way
    assert store.leased(ACME)
    done = persons.forget(house.found.desk, ZOE, portals=[ACME])
    waiting.join()
    [event] = done.portals[0].events
    assert event.state == "done"
    assert where(server.url, *MARKS) == []
    house.found.work_off()
    assert not house.in_crm(ZOE)
    assert house.in_crm(BOB)
