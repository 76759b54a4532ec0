"""One element of many that cannot be read: the others are kept, and so is it, for a person."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.app.conftest import Door, Said

ODD: tuple[object, ...] = (7, None, "text", [], True)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How a sender's array is wrapped, and what a good element of it is."""

    source: str
    good: Callable[[str], object]
    wrap: Callable[[list[object]], object] = list
    headers: tuple[tuple[str, str], ...] = ()

    def body(self, *elements: object) -> bytes:
        return json.dumps(self.wrap(list(elements))).encode()


def page(id: str) -> object:
    return {"messageId": id, "type": "page", "timestamp": "2026-09-21T14:13:20Z"}


BATCHES = {
    "hubspot": Batch(
        source="hubspot",
        good=lambda id: {"eventId": id, "portalId": 1, "subscriptionType": "contact.merge"},
    ),
    "segment": Batch(source="segment", good=page, wrap=lambda found: {"batch": found}),
    "segment, an array": Batch(source="segment", good=page),
    "cloudevents": Batch(
        source="cloudevents",
        good=lambda id: {"specversion": "1.0", "id": id, "source": "/odd", "type": "odd"},
    ),
    "meta": Batch(
        source="meta_lead_ads",
        good=lambda id: {"id": "p", "changes": [{"field": "feed", "value": {"leadgen_id": id}}]},
        wrap=lambda found: {"object": "page", "entry": found},
    ),
}
each_batch = pytest.mark.parametrize("name", BATCHES)


def sent(door: Door, batch: Batch, *elements: object) -> Said:
    return door.deliver(batch.source, batch.body(*elements))


@each_batch
def test_the_good_elements_are_accepted_and_the_bad_ones_kept(door: Door, name: str) -> None:
    batch, mark = BATCHES[name], uuid.uuid4().hex
    odd = [*ODD, mark]
    before = door.accepted()
    said = sent(door, batch, batch.good(mark + "1"), *odd, batch.good(mark + "2"))
    assert said.status == 202
    assert said.json["unreadable"] == len(odd)
    assert len(said.json["ids"]) == 2 + len(odd)
    assert door.accepted() == before + said.json["accepted"]
    events = [door.store.event(id) for id in said.json["ids"]]
    faults = [event.fault for event in events if event is not None]
    assert [bool(fault) for fault in faults] == [False, *[True] * len(odd), False]
    assert all(fault.startswith(f"sources/{batch.source}.yaml:") for fault in faults if fault)
    kept = [json.loads(event.body) for event in events if event is not None]
    assert kept[1:-1] == odd  # what was sent, to be looked at


@each_batch
def test_the_same_delivery_again_is_the_same_events(door: Door, name: str) -> None:
    batch, mark = BATCHES[name], uuid.uuid4().hex
    first = sent(door, batch, batch.good(mark), mark)
    again = sent(door, batch, batch.good(mark), mark)
    assert (first.status, again.status) == (202, 200)
    assert again.json["ids"] == first.json["ids"]


@each_batch
def test_a_delivery_of_nothing_but_bad_elements_is_400(door: Door, name: str) -> None:
    before = door.accepted()
    for elements in (ODD[:1], ODD):
        said = sent(door, BATCHES[name], *elements)
        assert (said.status, said.json["title"]) == (400, "Not an event")
    assert door.accepted() == before


def test_a_body_without_its_list_is_not_taken_for_one_without_events(door: Door) -> None:
    for body, status in (
        (b'{"object":"page"}', 400),
        (b'[{"object":"page"}]', 400),
        (b'{"object":"page","entry":5}', 400),
        (b'{"object":"page","entry":[]}', 200),
        (b'{"object":"page","entry":null}', 200),
    ):
        before = door.accepted()
        assert door.deliver("meta_lead_ads", body).status == status
        assert door.accepted() == before


def test_a_time_that_cannot_be_read_harms_its_own_element_only(door: Door) -> None:
    batch = BATCHES["cloudevents"]
    bad = {"specversion": "1.0", "id": uuid.uuid4().hex, "source": "/odd", "type": "odd", "time": 5}
    said = sent(door, batch, batch.good(uuid.uuid4().hex), bad)
    assert (said.status, said.json["unreadable"]) == (202, 1)
    event = door.store.event(said.json["ids"][1])
    assert event is not None
    assert "'5' is not a time" in event.fault or "5 is not a time" in event.fault


def test_what_identifies_no_event_by_the_standard_is_none(door: Door) -> None:
    """Two events of one source without an id would else be taken for one."""
    batch = BATCHES["cloudevents"]
    unnamed = {"specversion": "1.0", "source": "/odd", "type": "odd", "data": uuid.uuid4().hex}
    said = sent(door, batch, batch.good(uuid.uuid4().hex), unnamed)
    assert (said.status, said.json["unreadable"]) == (202, 1)


@pytest.mark.parametrize("name", ["twilio", "calendly", "docusign", "zoom", "shopify", "hubspot"])
def test_two_bodies_without_any_id_are_not_taken_for_one(door: Door, name: str) -> None:
    headers = [("X-Shopify-Topic", "orders/paid")]
    said = []
    for _ in range(2):
        event = {"event": "x", "payload": {}, "data": {}, "n": uuid.uuid4().hex, "portalId": 1}
        body: object = {"subscriptionType": "contact.merge", **event}
        content = json.dumps([body] if name == "hubspot" else body).encode()
        said.append(door.deliver(name, content, headers=headers))
    assert [each.status for each in said] in ([202, 202], [200, 200])  # Twilio is told 200 always
    kept = door.store.counts("acme")["accepted"]
    door.deliver(name, content, headers=headers)
    assert door.store.counts("acme")["accepted"] == kept
