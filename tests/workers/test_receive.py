"""The way from a verified delivery into the store, the same for every door."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workers import sources
from workers.bodies import Unreadable
from workers.receive import Received, receive
from workers.settings import Endpoint
from workers.signatures import Request
from workers.sources import Source
from workers.store import Keep, Limits, Store

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
ENDPOINT = Endpoint(name="shop", source="acme", portal="p1")
FILE = """
source: acme
verify: {scheme: none}
keep_headers: [X-Shop, Authorization]
event:
  each: "{{ body.events }}"
  id: ["{{ headers.x_shop }}", "{{ body.id }}"]
  type: "{{ body.type }}"
  time: "{{ body.at | from_unix }}"
ignore: ["*"]
"""


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    found = Store(
        redis_url,
        limits=Limits(dedupe_s=60, max_backlog=100, future_tolerance_s=300),
        keep=Keep(handled_s=60, dead_s=60, clocks_s=60),
    )
    yield found
    found.close()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "acme.yaml"
    path.write_text(FILE)
    return sources.load(path)


def take(body: bytes, *, source: Source, store: Store, shop: str = "s1") -> Received:
    """Receive this body, from that shop."""
    headers = {
        "X-Shop": shop,
        "Authorization": "Bearer private",
        "Content-Type": "application/json",
    }
    return receive(
        Request.of(headers=headers, body=body),
        endpoint=ENDPOINT,
        source=source,
        store=store,
        now=NOW,
    )


def test_every_event_of_a_delivery_has_its_own_id_type_time_and_body(
    source: Source, store: Store
) -> None:
    at = int(NOW.timestamp())
    body = b'{"events":[{"id":1,"type":"a","at":%d},{"id":2,"type":"b","at":%d}]}' % (at - 9, at)
    received = take(body, source=source, store=store)
    events = [store.event(receipt.id) for receipt in received.receipts]
    found = [(e.type, e.time, e.body) for e in events if e is not None]
    assert found == [
        ("a", NOW - timedelta(seconds=9), b'{"id":1,"type":"a","at":%d}' % (at - 9)),
        ("b", NOW, b'{"id":2,"type":"b","at":%d}' % at),
    ]
    assert received.fresh == 2


def test_an_event_is_known_by_all_parts_of_its_id(source: Source, store: Store) -> None:
    body = b'{"events":[{"id":1,"type":"a"}]}'
    first = take(body, source=source, store=store)
    again = take(body, source=source, store=store)
    other = take(body, source=source, store=store, shop="s2")
    assert [each.fresh for each in (first, again, other)] == [1, 0, 1]
    assert first.receipts[0].id == again.receipts[0].id


def test_an_event_twice_in_one_delivery_is_one(source: Source, store: Store) -> None:
    received = take(
        b'{"events":[{"id":1,"type":"a"},{"id":1,"type":"a"}]}', source=source, store=store
    )
    assert received.fresh == 1
    assert len({receipt.id for receipt in received.receipts}) == 1


def test_credentials_are_not_kept_with_an_event(source: Source, store: Store) -> None:
    received = take(b'{"events":[{"id":1,"type":"a"}]}', source=source, store=store)
    event = store.event(received.receipts[0].id)
    assert event is not None
    assert event.headers == {"x-shop": "s1"}


def test_an_event_that_cannot_be_read_is_kept_beside_those_that_can(
    source: Source, store: Store
) -> None:
    received = take(b'{"events":[{"id":1,"type":"a"},{"id":2}]}', source=source, store=store)
    assert (received.fresh, received.unreadable) == (2, 1)


def test_a_delivery_of_which_no_event_can_be_read_is_refused(source: Source, store: Store) -> None:
    with pytest.raises(Unreadable, match="type: is missing") as refused:
        take(b'{"events":[{"id":1},{"id":2}]}', source=source, store=store)
    assert refused.value.status == 400
    assert store.counts("p1") == {}


def test_the_bell_is_asked_for_once(source: Source, store: Store) -> None:
    rings = [
        take(b'{"events":[{"id":%d,"type":"a"}]}' % number, source=source, store=store).rings
        for number in range(3)
    ]
    assert rings == [("p1",), (), ()]


def test_a_delivery_without_events_is_nothing(source: Source, store: Store) -> None:
    received = take(b'{"events":[]}', source=source, store=store)
    assert (received.receipts, received.rings) == ((), ())
