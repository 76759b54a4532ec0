"""A new source is made whole: it passes `check` and `test` before anybody has changed it."""

import json
from pathlib import Path

import pytest

from app.cli.skeletons import SIGNINGS
from tests.app.cli.conftest import Hookline


@pytest.mark.parametrize("scheme", SIGNINGS)
def test_what_is_made_passes_at_once(hookline: Hookline, tmp_path: Path, scheme: str) -> None:
    done = hookline("new", "source", "shop", "--scheme", scheme)
    assert done.returncode == 0, done.stderr
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {
        "sources/hookline.schema.json",
        "sources/shop.yaml",
        "sources/shop/contact.created.plan.json",
        "sources/shop/contact.created.sample.json",
        "sources/shop/order.paid.plan.json",
        "sources/shop/order.paid.sample.json",
    }
    assert made <= set(done.stdout.splitlines())
    checked = hookline("check", "sources/shop.yaml")
    assert checked.returncode == 0, checked.stderr
    tested = hookline("test", "sources/shop")
    assert tested.returncode == 0, tested.stderr
    assert tested.stdout.endswith("2 samples: 2 as expected\n")
    plan = json.loads((tmp_path / "sources/shop/order.paid.plan.json").read_text())
    assert len(plan["calls"]) == 3  # upsert, note, pin


def test_nothing_that_is_there_is_overwritten(hookline: Hookline, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/shop.yaml").write_text("mine")
    done = hookline("new", "source", "shop")
    assert done.returncode == 1
    assert done.stderr == (
        "hookline: sources/shop.yaml: is there already; choose another name, or remove it\n"
    )
    assert (tmp_path / "sources/shop.yaml").read_text() == "mine"
    assert not (tmp_path / "sources/shop").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("stripe", "stripe is shipped already"),
        ("../x", "'../x' is no name for a source; use lower-case letters"),
    ],
)
def test_a_name_that_cannot_be_is_told(hookline: Hookline, name: str, told: str) -> None:
    done = hookline("new", "source", name)
    assert done.returncode == 1
    assert told in done.stderr


def test_it_is_made_where_the_configuration_has_its_sources(
    hookline: Hookline, tmp_path: Path
) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "c.yaml").write_text(
        "sources: [ours]\nportals: {acme: {token: t}}\n"
        "endpoints: {hub: {source: github, portal: acme, secret: s}}\n"
    )
    environ = {"HOOKLINE_CONFIG": "c.yaml"}
    done = hookline("new", "source", "shop", environ=environ)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ours/shop.yaml").is_file()
    assert "sources:" not in done.stdout
    # With the folder in the configuration, nothing need be said to test and to plan.
    assert hookline("test", environ=environ).stdout.endswith("2 samples: 2 as expected\n")
    (tmp_path / "p.json").write_text('{"id": "1", "type": "ping"}')
    planned = hookline("plan", "p.json", "--source", "shop", environ=environ)
    assert "ignores 'ping'" in planned.stdout


def test_the_schema_is_printed_or_written(hookline: Hookline, tmp_path: Path) -> None:
    printed = json.loads(hookline("schema").stdout)
    assert printed["title"] == "Hookline source"
    done = hookline("schema", "s.json")
    assert json.loads((tmp_path / "s.json").read_text()) == printed
    assert "# yaml-language-server: $schema=s.json" in done.stdout
