"""`hookline crm`: each row of the object API by hand, against a sandbox."""

import json
from collections.abc import Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.app.cli.conftest import Hookline


class Desk:
    """Calls `hookline crm` for the shipped configuration, whose portal is a sandbox."""

    def __init__(self, hookline: Hookline, url: str) -> None:
        self._hookline = hookline
        self._url = url

    def run(self, *args: str, given: str = "") -> CompletedProcess[str]:
        """Return what a call of it did."""
        return self._hookline("crm", *args, environ={"SANDBOX_URL": self._url}, given=given)

    def told(self, *args: str) -> str:
        """Return what a call that went well prints."""
        done = self.run(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *args: str) -> Any:
        """Return what a call that went well prints as JSON; nothing is null."""
        return json.loads(self.told(*args, "--json"))


@pytest.fixture
def desk(hookline: Hookline) -> Iterator[Desk]:
    with Server(Options(tier="unlimited")) as server:
        yield Desk(hookline, server.url)


def test_a_record_is_created_read_changed_and_archived(desk: Desk) -> None:
    id = desk.json("create", "contacts", "email=ann@example.org", "firstname=Ann")["id"]
    desk.told("update", "contacts", "ann@example.org", "firstname=Anna", "--by", "email")
    told = desk.told(
        *("read", "contacts", id, "--properties", "email,firstname", "--history", "firstname")
    )
    for part in ("ann@example.org", "Anna", "INTEGRATION"):
        assert part in told
    assert desk.told("archive", "contacts", id) == "archive: done\n"
    assert "archived: done" not in desk.told("list", "contacts")
    assert desk.json("list", "contacts", "--archived")["results"][0]["id"] == id


def test_what_the_crm_refuses_ends_with_1_and_its_own_words(desk: Desk) -> None:
    done = desk.run("read", "contacts", "1")
    assert done.returncode == 1
    assert "404 resource not found" in done.stderr
    assert done.stdout == ""


def test_a_list_is_as_long_as_asked_however_many_pages_that_is(desk: Desk) -> None:
    assert desk.told("list", "contacts") == "none\n"
    for number in range(3):
        desk.told("upsert", "contacts", f"c{number}@example.org", "city=X")
    assert len(desk.json("list", "contacts", "-n", "2")["results"]) == 2
    lines = desk.told("list", "contacts", "-P", "email").splitlines()
    assert lines[0].split() == ["id", "email"]
    assert len(lines) == 4


def test_an_upsert_says_whether_it_created(desk: Desk) -> None:
    for new in (True, False):
        (row,) = desk.json("upsert", "contacts", "Ann@example.org", "city=X")["results"]
        assert row["new"] is new


def test_a_batch_read_shows_what_is_there_and_tells_what_is_not(desk: Desk) -> None:
    desk.told("create", "contacts", "email=ann@example.org")
    done = desk.run("batch-read", "contacts", "ann@example.org", "no@example.org", "--by", "email")
    assert done.returncode == 1
    assert "ann@example.org" in done.stdout
    assert "no@example.org" in done.stderr


def test_an_activity_is_associated_pinned_and_unpinned(desk: Desk) -> None:
    contact = desk.json("create", "contacts", "email=ann@example.org")["id"]
    note = desk.json(
        *("create", "notes", "hs_timestamp=2026-01-05T10:00:00Z"), "--link", f"{contact}:202"
    )["id"]
    assert note in desk.told("associations", "contacts", contact, "notes")
    assert note in desk.told("read", "contacts", contact, "--associations", "notes")
    pinned = desk.json("pin", "contacts", contact, note)["properties"]["hs_pinned_engagement_id"]
    assert pinned == note
    assert "hs_pinned_engagement_id" not in desk.json("unpin", "contacts", contact)["properties"]
    desk.told("dissociate", "contacts", contact, "notes", note)
    assert desk.told("associations", "contacts", contact, "notes") == "none\n"
    desk.told("associate", "contacts", contact, "notes", note)
    assert note in desk.told("associations", "contacts", contact, "notes")


def test_labels_are_made_used_and_taken_away(desk: Desk) -> None:
    contact = desk.json("create", "contacts", "email=ann@example.org")["id"]
    company = desk.json("create", "companies", "name=Acme")["id"]
    made = desk.json("label", "contacts", "companies", "advisor", "Advisor")["results"]
    type_id = str(made[0]["typeId"])
    assert "Advisor" in desk.told("labels", "contacts", "companies")
    desk.told(
        *("associate", "contacts", contact, "companies", company),
        *("--type", type_id, "--category", "USER_DEFINED"),
    )
    assert "Advisor" in desk.told("associations", "contacts", contact, "companies")
    desk.told("unlabel", "contacts", "companies", type_id)
    assert "Advisor" not in desk.told("labels", "contacts", "companies")


def test_what_cannot_be_undone_is_asked_first(desk: Desk) -> None:
    first = desk.json("create", "contacts", "email=a@example.org")["id"]
    second = desk.json("create", "contacts", "email=b@example.org")["id"]
    assert desk.run("merge", "contacts", first, second, given="n\n").returncode == 1
    assert desk.json("read", "contacts", second)["id"] == second
    merged = desk.json("merge", "contacts", first, second, "--yes")["id"]
    assert desk.json("read", "contacts", second)["id"] == merged
    assert desk.run("gdpr-delete", merged, given="y\n").returncode == 0
    assert desk.run("read", "contacts", merged).returncode == 1


def test_definitions_are_listed_and_made(desk: Desk) -> None:
    assert "firstname" in desk.told("properties", "contacts")
    desk.told("create-property", "deals", "order_no", "--group", "dealinformation", "--unique")
    assert desk.json("properties", "deals", "order_no")["hasUniqueValue"] is True
    desk.told("delete-property", "deals", "order_no")
    assert desk.run("properties", "deals", "order_no").returncode == 1
    assert "default" in desk.told("pipelines", "deals")
    assert "closedwon" in desk.told("pipelines", "deals", "default")
    assert desk.told("schemas") == "none\n"


def test_the_portal_itself_is_shown(desk: Desk) -> None:
    assert "sales@us.example" in desk.told("owners")
    assert "0-410" in desk.told("library")
    assert "timeZone" in desk.told("account")


def test_search_takes_values_or_a_whole_body(desk: Desk) -> None:
    assert desk.told("search", "contacts", "email=ann@example.org") == "none\n"
    assert desk.json("search", "contacts", "--body", "{}")["results"] == []
    assert desk.run("search", "contacts", "--body", "{").returncode == 2
    assert desk.run("search", "contacts").returncode == 2


def test_a_portal_that_there_is_not_is_told_with_the_nearest(desk: Desk) -> None:
    done = desk.run("list", "contacts", "--portal", "sandbx")
    assert done.returncode == 1
    assert "there is no portal 'sandbx'" in done.stderr
    assert "sandbox" in done.stderr


def test_a_value_without_a_name_is_wrongly_called(desk: Desk) -> None:
    done = desk.run("create", "contacts", "ann@example.org")
    assert done.returncode == 2
    assert "is not NAME=VALUE" in done.stderr
