"""A received event becomes a sample that tests can use, and tells of nobody."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.conftest import Hookline
from workers import settings
from workers.events import Arrival
from workers.store import Store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CONFIG = """\
store: {store}
portals: {{acme: {{token: t, base_url: "http://127.0.0.1:9"}}}}
endpoints:
  shop: {{source: hmac, portal: acme, secret: s, mapping: mappings/shop.yaml}}
  hub: {{source: github, portal: acme, secret: s}}
"""
MAPPING = """\
source: hmac
on:
  lead:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.name | first_name }}", phone: "{{ body.phone | phone }}"}
"""
LEAD = {
    "id": "l-1",
    "type": "lead",
    "email": "zoe.lind@acme.example",
    "name": "Zoe Lind",
    "phone": "+46701740605",
    "text": "Zoe wrote from zoe.lind@acme.example",
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A store with events, and the configuration that leads to it."""

    store: Store
    environ: dict[str, str]
    folder: Path

    def accept(self, endpoint: str, body: object, **more: Any) -> str:
        arrival = Arrival(
            endpoint=endpoint,
            source="any",
            time=NOW,
            body=json.dumps(body).encode(),
            **more,
        )
        return self.store.accept("acme", [arrival], received=NOW).receipts[0].id


@pytest.fixture
def kept(redis_url: str, tmp_path: Path) -> Iterator[Kept]:
    (tmp_path / "c.yaml").write_text(CONFIG.format(store=redis_url))
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "shop.yaml").write_text(MAPPING)
    environ = {"HOOKLINE_CONFIG": str(tmp_path / "c.yaml")}
    store = Store.of(settings.load(environ))
    try:
        yield Kept(store=store, environ=environ, folder=tmp_path)
    finally:
        store.close()


def test_the_last_event_is_saved_masked_beside_its_mapping_and_can_be_tested(
    hookline: Hookline, kept: Kept
) -> None:
    kept.accept("shop", LEAD, source_id="l-1", type="lead")
    done = hookline("capture", "shop", environ=kept.environ)
    assert done.returncode == 0, done.stderr
    file = kept.folder / "mappings/shop/lead.sample.json"
    text = file.read_text()
    for gone in ("zoe", "lind", "acme.example", "01740605"):
        assert gone not in text.lower()
    sample = json.loads(text)
    assert sample.keys() == {"headers", "body"}
    assert sample["body"]["id"] == "l-1"
    assert sample["body"]["email"] in sample["body"]["text"]
    tested = hookline("test", str(file), "--write", environ=kept.environ)
    assert tested.returncode == 0, tested.stderr
    plan = json.loads(file.with_name("lead.plan.json").read_text())
    upsert = plan["calls"][0]["body"]["inputs"][0]
    assert upsert["id"] == sample["body"]["email"]
    assert upsert["properties"]["firstname"] == sample["body"]["name"].split()[0]


def test_one_event_is_saved_unmasked_where_that_is_asked_for(
    hookline: Hookline, kept: Kept
) -> None:
    first = kept.accept("shop", LEAD, source_id="l-1", type="lead")
    kept.accept("shop", {**LEAD, "id": "l-2"}, source_id="l-2", type="lead")
    where = kept.folder / "else"
    args = ("--id", first, "--unmasked", "--folder", str(where))
    done = hookline("capture", "shop", *args, environ=kept.environ)
    assert done.returncode == 0, done.stderr
    assert json.loads((where / "lead.sample.json").read_text())["body"] == LEAD


def test_several_are_saved_and_nothing_is_overwritten(hookline: Hookline, kept: Kept) -> None:
    for number in range(3):
        id_ = f"l-{number}"
        kept.accept("shop", {**LEAD, "id": id_}, source_id=id_, type="lead")
    hookline("capture", "shop", "--last", "2", environ=kept.environ)
    found = sorted((kept.folder / "mappings/shop").iterdir())
    assert [each.name for each in found] == ["lead-2.sample.json", "lead.sample.json"]
    emails = {json.loads(each.read_text())["body"]["email"] for each in found}
    assert len(emails) == 1  # the same person is the same in both


def test_what_a_header_said_at_the_door_is_kept_with_the_event(
    hookline: Hookline, kept: Kept
) -> None:
    body = {"action": "opened", "issue": {"number": 1}, "repository": {"full_name": "a/b"}}
    kept.accept("hub", body, source_id="d-1", type="issues.opened")
    done = hookline("capture", "hub", "--folder", "github", environ=kept.environ)
    assert done.returncode == 0, done.stderr
    file = kept.folder / "github/issues.opened.sample.json"
    sample = json.loads(file.read_text())
    assert sample["event"] == {
        "id": "d-1",
        "type": "issues.opened",
        "time": "2026-11-25T12:00:00.000Z",
    }
    planned = hookline("plan", str(file), "--endpoint", "hub", "--json", environ=kept.environ)
    assert planned.returncode == 0, planned.stderr
    assert json.loads(planned.stdout)["events"][0]["type"] == "issues.opened"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("shp",), "there is no endpoint 'shp'; did you mean 'shop'?"),
        (("shop",), "no event was received yet; `hookline send shop` sends one"),
        (("shop", "--id", "acme.shop-1-0"), "shop has no such event, or not any more"),
    ],
)
def test_what_is_not_there_is_told(
    hookline: Hookline, kept: Kept, args: tuple[str, ...], told: str
) -> None:
    done = hookline("capture", *args, environ=kept.environ)
    assert done.returncode == 1
    assert told in done.stderr
