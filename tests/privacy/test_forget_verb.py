"""`hookline forget`: tells what would go, erases it, asks the CRM, leaves no address on record."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.privacy.conftest import ACME, BOB, MARKS, NAME, ZOE, House
from tests.privacy.keeping import everything, where

CONFIG = """\
store: {store}
sources: [.]
portals:
  acme: {{base_url: {crm}, token: acme}}
endpoints:
  shop: {{source: shop.yaml, portal: acme, secret: a-secret}}
"""


@pytest.fixture
def config(house: House, tmp_path: Path, redis_url: str) -> Path:
    path = tmp_path / "hookline.yaml"
    path.write_text(CONFIG.format(store=redis_url, crm=house.found.server.url))
    return path


def run(config: Path, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """What `hookline forget` says."""
    project = Path(__file__).parent.parent.parent
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "forget", *args],
        env={**os.environ, "HOOKLINE_CONFIG": str(config), "PYTHONPATH": str(project)},
        cwd=config.parent,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_dry_run_tells_what_would_go_and_changes_nothing(
    house: House, config: Path, redis_url: str
) -> None:
    done = house.about_zoe()
    house.about_bob()
    house.found.work_off()
    waiting = house.about_zoe()
    before = everything(redis_url)
    said = run(config, ZOE.upper(), "--dry-run")
    assert said.returncode == 0, said.stderr
    assert house.contact(ZOE) in said.stdout
    assert "1 done, 1 waiting" in said.stdout
    assert {done, waiting} <= set(said.stdout.split())
    assert ZOE not in said.stdout
    assert NAME not in said.stdout
    after = everything(redis_url)
    for each in (before, after):
        each.pop(f"hl:{{{ACME}}}:measures", None)
        each.pop("hl:{access}:key", None)  # which is made when it is first needed
    assert after == before
    assert house.in_crm(ZOE)


def test_it_erases_the_person_here_and_in_the_crm_and_leaves_no_address_on_record(
    house: House, config: Path, redis_url: str
) -> None:
    house.about_zoe()
    house.about_bob()
    house.found.work_off()
    said = run(config, "-", "--yes", given=f"{ZOE}\n")
    assert said.returncode == 0, said.stderr
    assert not house.in_crm(ZOE)
    assert house.in_crm(BOB)
    assert where(redis_url, *MARKS) == []
    [deed] = house.found.store.deeds().deeds
    assert deed.what == "forget"
    assert deed.on.startswith("person ")
    assert deed.on.endswith(f" in {ACME}")
    assert deed.detail["events"] == "1"
    assert deed.detail["crm"] == "deleted"
    assert deed.on.split()[1] in said.stdout
    again = run(config, ZOE, "--yes")
    assert again.returncode == 0, again.stderr
    assert house.found.store.deeds().deeds[0].on == deed.on  # the same person
    assert not house.in_crm(ZOE)


def test_it_asks_before_and_no_is_no(house: House, config: Path) -> None:
    house.about_zoe()
    house.found.work_off()
    said = run(config, ZOE, given="n\n")
    assert said.returncode == 1
    assert "cannot be undone" in said.stderr
    assert house.in_crm(ZOE)
    assert house.found.runtime.recollect(ACME, ZOE).events


def test_the_crm_is_left_alone_if_so_said(house: House, config: Path, redis_url: str) -> None:
    house.about_zoe()
    house.found.work_off()
    said = run(config, ZOE, "--yes", "--keep-crm")
    assert said.returncode == 0, said.stderr
    assert house.in_crm(ZOE)
    assert where(redis_url, *MARKS) == []


def test_a_crm_that_refuses_is_told_and_the_store_has_forgotten(
    house: House, config: Path, redis_url: str
) -> None:
    house.about_zoe()
    house.found.work_off()
    house.account.control("faults", kind="status", path="gdpr-delete", status=403, times=1)
    said = run(config, ZOE, "--yes")
    assert said.returncode == 1
    assert "403" in said.stderr
    assert ZOE not in said.stderr
    assert where(redis_url, *MARKS) == []
    assert run(config, ZOE, "--yes").returncode == 0
    assert not house.in_crm(ZOE)


def test_samples_that_say_the_address_are_deleted(house: House, config: Path) -> None:
    folder = config.parent / "samples" / "inner"
    folder.mkdir(parents=True)
    theirs, others = folder / "a.sample.json", folder / "b.sample.json"
    theirs.write_text(f'{{"headers": {{}}, "body": {{"email": "{ZOE}"}}}}')
    others.write_text(f'{{"headers": {{}}, "body": {{"email": "{BOB}"}}}}')
    house.about_bob()
    said = run(config, ZOE, "--dry-run", "--samples", str(config.parent / "samples"))
    assert theirs.name in said.stdout
    assert theirs.exists()
    said = run(config, ZOE, "--yes", "--samples", str(config.parent / "samples"))
    assert (said.returncode, theirs.exists(), others.exists()) == (0, False, True)


def test_what_is_no_address_or_no_portal_is_told(config: Path) -> None:
    assert "is no e-mail address" in run(config, "zoe").stderr
    assert "did you mean 'acme'" in run(config, ZOE, "--portal", "acne").stderr
