"""Looking at what happened, and setting it right, from the command line."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.app.agency import ACME, Agency, agency
from tests.app.cli.conftest import Hookline
from workers.outcomes import EventState

CONFIG = """\
store: {store}
portals:
  acme: {{base_url: "{crm}", token: acme}}
  emea: {{base_url: "{crm}", token: emea}}
sources: [.]
endpoints:
  shop: {{source: shop, portal: acme, secret: a-secret}}
  mail: {{source: mail, portal: emea, secret: a-secret}}
"""


@pytest.fixture
def office(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def environ(office: Agency, redis_url: str, tmp_path: Path) -> Mapping[str, str]:
    config = tmp_path / "hookline.yaml"
    config.write_text(CONFIG.format(store=redis_url, crm=office.server.url), "utf-8")
    return {"HOOKLINE_CONFIG": str(config)}


def test_events_are_listed_by_their_state(
    hookline: Hookline, office: Agency, environ: Mapping[str, str]
) -> None:
    dead = office.saved([1], stage="wrong")
    done = office.saved(range(2, 5))
    office.drain()
    waiting = office.saved([9])
    for state, ids in (("dead", dead), ("done", done), ("waiting", waiting)):
        said = hookline("events", "list", "--state", state, "--json", environ=environ)
        assert [each["id"] for each in json.loads(said.stdout)] == ids[::-1], said.stderr
    said = hookline("events", "list", "--key", "p3@example.com", "--json", environ=environ)
    assert [each["id"] for each in json.loads(said.stdout)] == [done[1]]
    said = hookline("events", "list", "--text", "evt_4", "--json", environ=environ)
    assert [each["id"] for each in json.loads(said.stdout)] == [done[2]]
    said = hookline("events", "list", "--limit", "2", "--json", environ=environ)
    assert [each["id"] for each in json.loads(said.stdout)] == [waiting[0], done[-1]]


def test_the_writer_of_each_property_is_told(
    hookline: Hookline, office: Agency, environ: Mapping[str, str]
) -> None:
    (id,) = office.saved([1], name="Ada")
    office.drain()
    said = hookline("blame", "-p", ACME, "contacts", "p1@example.com", "--json", environ=environ)
    assert said.returncode == 0, said.stderr
    rows = {row["property"]: row for row in json.loads(said.stdout)["properties"]}
    assert rows["firstname"]["event"] == id
    assert rows["firstname"]["type"] == "saved"
    said = hookline("blame", "-p", ACME, "contacts", "p1@example.com", "firstname", environ=environ)
    assert id in said.stdout
    said = hookline("blame", "-p", ACME, "deals", "what", environ=environ)
    assert (said.returncode, "say with --by" in said.stderr) == (1, True)
    said = hookline("blame", "-p", ACME, "contacts", "p1@example.com", "phone", environ=environ)
    assert "has not written its phone" in said.stderr


def test_the_dead_that_are_meant_are_replayed(
    hookline: Hookline, office: Agency, environ: Mapping[str, str]
) -> None:
    office.saved(range(3), stage="wrong")
    office.drain()
    said = hookline("replay", "--all-dead", "-r", "no such words", environ=environ)
    assert said.stdout.endswith("0 events replayed\n")
    said = hookline("replay", "--all-dead", "-e", "shop", "-t", "saved", environ=environ)
    assert said.stdout.endswith("3 events replayed\n"), said.stderr
    assert office.store.backlog(ACME).retrying == 3


def test_a_lost_create_is_resolved(
    hookline: Hookline, office: Agency, environ: Mapping[str, str]
) -> None:
    office.server.sandbox.faults.add({"kind": "lost", "path": "/deals/batch/create"})
    (id,) = office.accept({"id": "b1", "type": "bought"})
    said = hookline("events", "resolve", id, "--again", environ=environ)
    assert "is waiting, not unknown" in said.stderr
    office.work_off()
    said = hookline("events", "resolve", id, "--made", "77", environ=environ)
    assert said.stdout == f"{id}: made as 77\n", said.stderr
    office.work_off()
    event = office.store.event(id)
    assert event is not None
    (found,) = office.store.found([event])
    assert found.state is EventState.DONE
