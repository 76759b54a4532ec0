"""`hookline test` tells which samples lead elsewhere than is written beside them."""

import json
import shutil
from pathlib import Path

import pytest

from app.cli.samples import parse
from tests.app.cli.conftest import Hookline

MAPPING = """\
source: hmac
on:
  lead:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.name | first_name }}"}
"""
LEAD = {"id": "l-1", "type": "lead", "email": "zoe@acme.example", "name": "Zoe Lind"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mapping of one's own with a sample beside it, which no plan is written for."""
    found = tmp_path / "mappings" / "leads"
    found.mkdir(parents=True)
    found.with_suffix(".yaml").write_text(MAPPING)
    (found / "lead.sample.json").write_text(json.dumps(LEAD))
    return found


def test_a_sample_without_an_expectation_is_told_until_one_is_written(
    hookline: Hookline, folder: Path
) -> None:
    first = hookline("test", "mappings")
    assert first.returncode == 1
    assert "new      mappings/leads/lead.sample.json: no plan is written beside it" in first.stdout
    assert not (folder / "lead.plan.json").exists()
    written = hookline("test", "mappings", "--write")
    assert written.returncode == 0
    assert written.stdout.endswith("1 samples: 1 written\n")
    again = hookline("test", "mappings/leads/lead.sample.json")
    assert again.returncode == 0
    assert again.stdout.endswith("1 samples: 1 as expected\n")


def test_a_changed_mapping_is_told_with_the_lines_that_differ(
    hookline: Hookline, folder: Path
) -> None:
    hookline("test", "mappings", "--write")
    file = folder.with_suffix(".yaml")
    file.write_text(MAPPING.replace("first_name", "last_name"))
    done = hookline("test", "mappings")
    assert done.returncode == 1
    assert "differs  mappings/leads/lead.sample.json" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["-", '"firstname":', '"Zoe"'] in lines
    assert ["+", '"firstname":', '"Lind"'] in lines
    found = json.loads(hookline("test", "mappings", "--json").stdout)
    assert [each["state"] for each in found["samples"]] == ["differs"]
    assert found["samples"][0]["differences"]


def test_what_cannot_be_tested_is_told_beside_the_rest(hookline: Hookline, folder: Path) -> None:
    hookline("test", "mappings", "--write")
    other = folder.parent / "other"
    shutil.copytree(folder, other)
    (other.with_suffix(".yaml")).write_text(MAPPING.replace("upsert", "upsrt"))
    (folder / "gone.plan.json").write_text("{}")
    (folder / "bad.sample.json").write_text("{")
    done = hookline("test", "mappings")
    assert done.returncode == 1
    assert "other.yaml:4: 'upsrt' is no step; did you mean 'upsert'?" in done.stderr
    assert "gone.plan.json: there is no gone.sample.json beside it" in done.stderr
    assert "bad.sample.json: is not JSON" in done.stderr
    assert "same     mappings/leads/lead.sample.json" in done.stdout


def test_a_sample_that_cannot_be_translated_leads_to_a_dead_letter(
    hookline: Hookline, folder: Path
) -> None:
    (folder / "lead.sample.json").write_text(json.dumps({**LEAD, "email": None}))
    hookline("test", "mappings", "--write")
    plan = json.loads((folder / "lead.plan.json").read_text())
    assert "leads.yaml:6: key email: has no value in this event" in plan["dead"]


def test_the_samples_of_an_endpoint_are_translated_with_its_mapping(
    hookline: Hookline, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "c.yaml").write_text(
        "portals: {acme: {token: t}, spare: {token: t}}\nendpoints:\n"
        "  crm: {source: hmac, portals: [acme, spare], secret: s, mapping: mappings/leads.yaml}\n"
    )
    environ = {"HOOKLINE_CONFIG": "c.yaml"}
    folder.rename(tmp_path / "crm")
    done = hookline("test", "crm", "--write", environ=environ)
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "crm/lead.plan.json").read_text())
    assert list(plan["portals"]) == ["acme", "spare"]
    assert len(plan["portals"]["spare"]["calls"]) == 1


def test_what_is_shipped_is_as_expected(hookline: Hookline, project: Path) -> None:
    done = hookline("test", str(project / "tests" / "sources"))
    assert done.returncode == 0, done.stdout
    assert " as expected\n" in done.stdout


def test_without_samples_it_says_how_to_make_some(hookline: Hookline) -> None:
    done = hookline("test")
    assert done.returncode == 1
    assert "`hookline new source NAME` makes some" in done.stderr


def test_a_sample_without_headers_is_a_sample_still() -> None:
    found = parse('{"body": {"id": "1"}}', name="order.sample.json")
    assert (found.headers, found.body) == ({"content-type": "application/json"}, {"id": "1"})
    assert parse('{"body": {"id": "1"}}', name="payload.json").body == {"body": {"id": "1"}}
