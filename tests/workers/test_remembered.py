"""What is remembered of writes: enough to know their order, and no more for each further event."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.workers.office import PORTAL, Office, later, office
from tests.workers.test_language import DEALS, links, made, speak
from workers.store.keys import clock_key

EMAIL = "zoe@x.example"
BOUGHT = """\
        - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}
        - create: deal
          object: deals
          set: {dealname: "{{ body.id }}", pipeline: default, dealstage: closedwon}
        - associate: [deal, contact]
        """
PAIR = """\
        - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}
        - associate: [{object: deals, id: "{{ body.deal }}"}, contact]
          when: "{{ not body.left }}"
        - dissociate: [{object: deals, id: "{{ body.deal }}"}, contact]
          when: "{{ body.left }}"
        """
NAMED = """\
        - update: deal
          object: deals
          id: "{{ body.deal }}"
          set: {dealname: "{{ body.name }}"}
        """


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def happened(at: Office, seconds_ago: float, **body: object) -> None:
    """Let something arrive now that happened before, in a turn of its own."""
    later(at, 1)
    at.accept(
        {"id": f"e{at.now.timestamp()}", "type": "it", **body},
        times=[at.now - timedelta(seconds=seconds_ago)],
    )
    at.work_off()


def test_the_clocks_of_a_contact_do_not_pile_up_with_its_deals(at: Office, tmp_path: Path) -> None:
    """They are read and kept as one, and live for as long as the contact is written."""
    speak(at, tmp_path, BOUGHT)
    for _ in range(3):
        happened(at, 0, email=EMAIL)
    (contact,) = at.records("contacts")
    assert len(at.records("deals")) == 3
    assert all(
        links(at, "deals", deal, "contacts").keys() == {contact} for deal in at.records("deals")
    )
    kept = at.store.redis.hkeys(clock_key(PORTAL, ("contacts", contact)))
    assert [name for name in kept if name.startswith(b"~")] == []


def test_the_newest_change_of_an_association_wins_in_whatever_turn(
    at: Office, tmp_path: Path
) -> None:
    speak(at, tmp_path, PAIR)
    deal = made(at, DEALS, dealname="one", pipeline="default", dealstage="closedwon")
    happened(at, 0, email=EMAIL, deal=deal)
    (contact,) = at.records("contacts")
    happened(at, 0, email=EMAIL, deal=deal, left=True)
    happened(at, 60, email=EMAIL, deal=deal)
    assert links(at, "deals", deal, "contacts") == {}
    happened(at, 0, email=EMAIL, deal=deal)
    happened(at, 60, email=EMAIL, deal=deal, left=True)
    assert links(at, "deals", deal, "contacts").keys() == {contact}


def test_the_newest_value_wins_in_whatever_turn_where_the_record_is_told_by_its_id(
    at: Office, tmp_path: Path
) -> None:
    speak(at, tmp_path, NAMED)
    deal = made(at, DEALS, dealname="one", pipeline="default", dealstage="closedwon")
    happened(at, 0, deal=deal, name="new")
    happened(at, 60, deal=deal, name="old")
    assert at.records("deals")[deal]["properties"]["dealname"] == "new"
