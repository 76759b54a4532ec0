"""Each YAML sample is read by what will read it, each mapping translates, each program runs."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import FRAGMENT, PAGES, ROOT, Sample, is_command, samples
from workers.errors import SettingsError
from workers.settings import Settings, load

# What each mapping is tried with, and calls that it must lead to.
EVENTS = {
    "shop": (
        '{"id": "o-1", "type": "order.paid", "at": "2026-09-21T14:13:20Z", "total": 1200,'
        ' "currency": "NOK", "buyer": {"email": "zoe@acme.example", "name": "Zoe Lind"}}',
        ("pin receipt to buyer", "call 3 of 3"),
    ),
}
BASE: dict[str, Any] = {
    "metrics_token": "t",
    "portals": {"acme": {"token": "t"}, "emea": {"token": "t"}},
    "endpoints": {"shop": {"source": "token", "portals": ["acme", "emea"], "secret": "s"}},
}
# Where a setting may stand: in the whole, in a portal, in an endpoint, in one of the top's own.
PLACES = ((), ("portals", "acme"), ("endpoints", "shop"), ("store_sync",))
STORE = re.compile(r"(redis|rediss)(\+[a-z]+)?://\S+/")
# Before the block of a program that is shown without them, by a word of it; and what is then so.
BEFORE = {"Server(": "from hubspot import HubSpot\n"}
AFTER = {
    "Server(": "    assert client.crm.contacts.basic_api.get_page().results == []\n",
}


def _each(found: Iterable[Sample]) -> list[Sample]:
    """What is shown several times is tried once."""
    return list({each.text: each for each in found}.values())


KEY = base64.b64encode(bytes(32)).decode()
ALL = [each for page in PAGES for each in samples(page)]
MAPPINGS = [each for each in ALL if each.language == "yaml" and each.text.startswith("source:")]
ADDRESSES = _each(each for each in ALL if each.language == "" and STORE.match(each.text))
FRAGMENTS = _each(
    each
    for each in ALL
    if (each.language == "yaml" and each not in MAPPINGS)
    or (each.language == "" and FRAGMENT.match(each.text) and not is_command(each.text))
)
PROGRAMS = [each for each in ALL if each.language == "python"]


def name(sample: Sample) -> str:
    return f"{sample.page}:{sample.text.splitlines()[0][:40]}"


def settings(folder: Path, found: Mapping[str, Any]) -> Settings:
    """What the real loader makes of a configuration. Raises SettingsError."""
    (folder / "c.yaml").write_text(yaml.safe_dump(dict(found)), "utf-8")
    secrets = {"STORE_PASSWORD": "p", "HUBSPOT_APP_SECRET": "s", "HOOKLINE_SECRET_KEY": KEY}
    return load({"HOOKLINE_CONFIG": str(folder / "c.yaml"), **secrets})


def within(place: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The base, with the fragment in one of the places where settings stand."""
    if not place:
        broker = {"broker": "redis://broker"} if "store" in given else {}
        return {**BASE, **broker, **given}
    section, *entry = place
    if not entry:
        return {**BASE, section: dict(given)}
    before = dict(BASE[section][entry[0]])
    if "portals" in before and "{{" not in given.get("portal", "{{"):
        del before["portals"]  # one alone, instead
    if "oauth" in given:
        before.pop("token", None)
    changed = {entry[0]: {**before, **given}}
    return {**BASE, section: {**BASE[section], **changed}}


@pytest.mark.parametrize("sample", FRAGMENTS, ids=name)
def test_a_setting_that_is_shown_is_one(sample: Sample, tmp_path: Path) -> None:
    for file in re.findall(r"/etc/hookline/([\w.]+)", sample.text):
        (tmp_path / file).touch()
    text = sample.text.replace("/etc/hookline", str(tmp_path)).replace("…", "db:6379")
    given = yaml.safe_load(text)
    told: list[str] = []
    for place in PLACES:
        try:
            settings(tmp_path, within(place, given))
        except SettingsError as error:
            told += error.faults
        else:
            return
    pytest.fail(f"{sample}\n" + "\n".join(told))


@pytest.mark.parametrize("sample", ADDRESSES, ids=name)
def test_an_address_of_a_store_that_is_shown_can_be_one(sample: Sample, tmp_path: Path) -> None:
    url = sample.text.replace("…", "db:6379")
    broker = {"broker": "redis://broker"} if "+cluster" in url else {}
    assert settings(tmp_path, {**BASE, **broker, "store": url}).store_url


@pytest.mark.parametrize("sample", MAPPINGS, ids=name)
def test_a_mapping_that_is_shown_leads_to_the_calls_it_says(sample: Sample, tmp_path: Path) -> None:
    source = yaml.safe_load(sample.text)["source"]
    event, expected = EVENTS[source]
    (tmp_path / "event.json").write_text(event, "utf-8")
    (tmp_path / f"{source}.yaml").write_text(sample.text, "utf-8")
    plan = ("plan", str(tmp_path / "event.json"), "--source", str(tmp_path / f"{source}.yaml"))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *plan],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for each in expected:
        assert each in done.stdout


@pytest.mark.parametrize("sample", PROGRAMS, ids=name)
def test_a_program_that_is_shown_runs(sample: Sample) -> None:
    (key,) = [each for each in BEFORE if each in sample.text]
    program = BEFORE[key] + sample.text + AFTER[key]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
