"""`hookline plan` shows the calls to each portal that an event goes to, and no others."""

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Hookline

SHOP = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: saved}
on:
  saved:
    - {upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}
    - log: note
      on: [contact]
      portal: emea
      set: {hs_note_body: "for {{ portal }}"}
"""
ENDPOINTS = """\
portals:
  main: {token: t}
  emea: {token: t, api: "2026-03"}
endpoints:
  all: {source: ./shop.yaml, portals: [main, emea]}
  routed:
    source: ./shop.yaml
    portals: [main, emea]
    portal: "{{ 'emea' if body.region == 'EU' else 'main' if body.region == 'US' }}"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "shop.yaml").write_text(SHOP, "utf-8")
    (tmp_path / "hookline.yaml").write_text(ENDPOINTS, "utf-8")
    return {"HOOKLINE_CONFIG": str(tmp_path / "hookline.yaml")}


def payload(region: str) -> str:
    return json.dumps({"id": 1, "email": "zoe@x.example", "region": region})


def test_the_calls_to_each_portal_are_shown_in_its_own_family_of_paths(
    hookline: Hookline, environ: dict[str, str]
) -> None:
    done = hookline("plan", "-", "-e", "all", "--json", environ=environ, given=payload("EU"))
    portals = json.loads(done.stdout)["portals"]
    paths = {name: [call["path"] for call in found["calls"]] for name, found in portals.items()}
    assert paths == {
        "main": ["/crm/v3/objects/contacts/batch/upsert"],
        "emea": [
            "/crm/objects/2026-03/contacts/batch/upsert",
            "/crm/objects/2026-03/notes/batch/create",
        ],
    }
    done = hookline("plan", "-", "-e", "all", environ=environ, given=payload("EU"))
    assert done.stdout.index("## portal main") < done.stdout.index("## portal emea")
    assert "for emea" in done.stdout


def test_one_portal_can_be_asked_for(hookline: Hookline, environ: dict[str, str]) -> None:
    args = ("plan", "-", "-e", "all", "--portal")
    done = hookline(*args, "main", "--json", environ=environ, given=payload("EU"))
    assert len(json.loads(done.stdout)["calls"]) == 1
    done = hookline(*args, "mian", environ=environ, given=payload("EU"))
    assert done.returncode == 1
    assert "endpoint all has no portal 'mian'; did you mean 'main'?" in done.stderr


@pytest.mark.parametrize(("region", "calls"), [("EU", [0, 2]), ("US", [1, 0])])
def test_an_event_that_is_for_one_portal_makes_no_calls_to_the_other(
    region: str, calls: list[int], hookline: Hookline, environ: dict[str, str]
) -> None:
    done = hookline("plan", "-", "-e", "routed", "--json", environ=environ, given=payload(region))
    portals = json.loads(done.stdout)["portals"]
    assert [len(portals[name]["calls"]) for name in ("main", "emea")] == calls


def test_an_event_that_names_no_portal_is_a_fault_with_its_line(
    hookline: Hookline, environ: dict[str, str]
) -> None:
    done = hookline("plan", "-", "-e", "routed", environ=environ, given=payload("APAC"))
    assert done.returncode == 1
    line = ENDPOINTS[: ENDPOINTS.index("    portal: ")].count("\n") + 1
    assert f"hookline.yaml:{line}: portal: names none of them (main, emea)" in done.stderr


def test_check_finds_what_is_wrong_with_portals_in_mapping_and_endpoint_at_once(
    hookline: Hookline, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP.replace("portal: emea", "portal: emae"), "utf-8")
    (tmp_path / "hookline.yaml").write_text(ENDPOINTS.replace("body.region ==", "bdy.region =="))
    done = hookline("check", environ=environ)
    assert done.returncode == 1
    assert "shop.yaml:9: this endpoint has no portal 'emae'; did you mean 'emea'?" in done.stderr
    assert "hookline.yaml:9: " in done.stderr
    assert "'bdy'" in done.stderr
