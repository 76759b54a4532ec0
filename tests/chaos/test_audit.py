"""The audit finds what it is there for: it would be no proof if it were content with anything."""

from collections.abc import Iterator

import pytest

from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.chaos.audit import audit
from workers.crm.calls import Api, CreateRow, LinkTo, UpdateRow
from workers.crm.client import Client
from workers.crm.replies import batch
from workers.settings import Portal

EMAIL = "a@x.example"
VISIT = {"id": "e1", "type": "visited", "email": EMAIL, "at": 100}
DEAL = {"id": "e2", "type": "bought", "email": EMAIL, "at": 100}


class Account:
    """A CRM in which a test does by hand what Hookline should."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(Portal(name="crm", base_url=url, token="t"))

    def make(self, object_type: str, properties: dict[str, str], *, on: str = "") -> str:
        type_id = {"notes": 202, "deals": 3}.get(object_type, 0)
        links = [LinkTo(to_id=on, type_id=type_id)] if on else []
        call = Api().create_batch(
            object_type, rows=[CreateRow(properties=properties, links=links, trace="t")]
        )
        return batch(self.client.send(call)).results[0].id

    def note(self, body: str, *, on: str) -> str:
        properties = {"hs_note_body": body, "hs_timestamp": "2026-01-01T00:00:00Z"}
        return self.make("notes", properties, on=on)

    def deal(self, name: str, *, on: str) -> str:
        properties = {"dealname": name, "pipeline": "default", "dealstage": "closedwon"}
        return self.make("deals", properties, on=on)

    def pin(self, note: str, *, to: str) -> None:
        row = UpdateRow(id=to, properties={"hs_pinned_engagement_id": note})
        self.client.send(Api().update_batch("contacts", rows=[row]))


@pytest.fixture
def account() -> Iterator[Account]:
    with Server(Options(tier="unlimited")) as server:
        yield Account(server.url)


@pytest.fixture
def contact(account: Account) -> str:
    """The contact of one visit and one deal, as they should be."""
    contact = account.make("contacts", {"email": EMAIL, "firstname": "e1"})
    account.pin(account.note("e1", on=contact), to=contact)
    account.deal("e2", on=contact)
    return contact


@pytest.mark.usefixtures("contact")
def test_what_is_right_is_found_right(account: Account) -> None:
    assert audit(account.url, [VISIT, DEAL]) == []


@pytest.mark.usefixtures("contact")
def test_what_is_lost_is_found(account: Account) -> None:
    lost = [{**VISIT, "id": "e0", "at": 1}, {**DEAL, "id": "e3"}]
    assert audit(account.url, [VISIT, DEAL, *lost]) == [
        "notes: e0 is there 0 times",
        "deals: e3 is there 0 times",
    ]


def test_what_is_doubled_is_found(account: Account, contact: str) -> None:
    account.note("e1", on=contact)
    account.deal("e2", on=contact)
    assert audit(account.url, [VISIT, DEAL]) == [
        "notes: e1 is there 2 times",
        "deals: e2 is there 2 times",
    ]


def test_what_hangs_on_nothing_is_found(account: Account, contact: str) -> None:
    assert contact
    account.deal("e3", on="")
    assert audit(account.url, [VISIT, DEAL, {**DEAL, "id": "e3"}]) == ["deals: e3 is on []"]


def test_what_nobody_sent_is_found(account: Account, contact: str) -> None:
    account.note("e9", on=contact)
    assert audit(account.url, [VISIT, DEAL]) == ["notes: e9 was never accepted"]


def test_an_old_value_over_a_newer_one_is_found(account: Account, contact: str) -> None:
    account.note("e5", on=contact)
    found = audit(account.url, [VISIT, DEAL, {**VISIT, "id": "e5", "at": 200}])
    assert found == [f"{EMAIL}: name e1, pin e1, not e5"]
