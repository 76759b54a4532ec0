"""A real browser before the real stack, with events of every end."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.cli.wire import ask
from tests.journeys.conftest import System, eventually

HOW_TO_ADD = "browser tests left out: there is no Chromium; add it: apt-get install chromium"
SHOTS = Path(__file__).parent.parent.parent / ".screenshots"
PASSWORD = "correct horse battery staple"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
SHOP = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}", time: "{{ body.at | from_iso }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.name }}", lastname: "{{ body.family }}"}
    - log: note
      activity: notes
      on: [contact]
      set: {hs_note_body: "Saved {{ body.name }}"}
    - pin: note
      to: contact
  broken:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {lifecyclestage: "{{ body.name }}"}
ignore: [ignored]
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the browser's tests out, in one line, where there is none; never in CI."""
    if shutil.which("chromium") or os.environ.get("HOOKLINE_CI") == "1":
        return
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=HOW_TO_ADD))


@dataclass(slots=True, kw_only=True)
class Stage:
    """What runs, and a browser that is logged in as an admin."""

    system: System
    browser: Browser
    state: Path  # the cookies of the admin

    @property
    def url(self) -> str:
        return self.system.url

    def post(self, body: dict[str, object]) -> str:
        """Deliver an event to the shop's endpoint; return its id."""
        said = ask(
            f"{self.url}/hooks/shop",
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps(body).encode(),
        )
        assert said.status == 202, said.body
        told: Any = said.json()
        return str(told["id"])

    def context(self, **options: Any) -> BrowserContext:
        """A window of the admin's."""
        return self.browser.new_context(base_url=self.url, storage_state=self.state, **options)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    (folder / "shop.yaml").write_text(SHOP, "utf-8")
    shipped = (project / "deploy" / "hookline.yaml").read_text("utf-8")
    ours = "endpoints:\n  shop: {source: shop, portal: sandbox}\n"
    config = shipped.replace("endpoints:\n", ours, 1) + "\nsources: .\n"
    (folder / "hookline.yaml").write_text(config, "utf-8")
    system = System(folder, project, {"HOOKLINE_CONFIG": str(folder / "hookline.yaml")})
    with system.running(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        found = Stage(system=system, browser=browser, state=folder / "cookies.json")
        _log_in(found)
        _fill(found)
        yield found
        browser.close()


def _log_in(stage: Stage) -> None:
    told = stage.system.output.read_text()
    once = re.search(r"one-time password:?\s+(\S+)", told)
    assert once is not None, told
    context = stage.browser.new_context(base_url=stage.url)
    page = context.new_page()
    page.goto("/events")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(once[1])
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("One-time password").or_(page.get_by_label("Present password")).or_(
        page.locator("input[autocomplete=current-password]")
    ).first.fill(once[1])
    for field in page.locator("input[autocomplete=new-password]").all():
        field.fill(PASSWORD)
    page.locator("main form button").first.click()
    page.get_by_role("navigation", name="Pages").wait_for()
    context.storage_state(path=stage.state)
    context.close()


def _fill(stage: Stage) -> None:
    ids = [
        stage.post(
            {
                "id": f"s{n}",
                "type": "saved",
                "email": f"ada{n}@x.example",
                "name": HOSTILE if n == 0 else f"Ada {n}",
                "family": "Lovelace",
                "at": "2026-03-01T12:00:00Z",
            }
        )
        for n in range(6)
    ]
    ids += [
        stage.post(
            {
                "id": f"b{n} {HOSTILE}",
                "type": "broken",
                "email": f"eve{n}@x.example",
                "name": "Eve",
                "at": "2026-03-01T12:00:00Z",
            }
        )
        for n in range(3)
    ]
    ids.append(stage.post({"id": "t1", "type": HOSTILE, "at": "2026-03-01T12:00:00Z"}))
    ids.append(stage.post({"id": "i1", "type": "ignored", "at": "2026-03-01T12:00:00Z"}))
    ask(f"{stage.url}/hooks/stripe", method="POST", headers={}, body=b"{}")  # refused: 401

    def settled() -> bool:
        states = {each["id"]: each["state"] for each in stage.system.events()}
        return all(states[id] not in ("waiting", "retrying") for id in ids)

    eventually(settled, what="every event has come to its end")


@pytest.fixture
def page(stage: Stage) -> Iterator[Page]:
    """A window in which no script of ours may fail, and none of the payload's may run."""
    context = stage.context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield page
    assert "owned" not in page.title()
    assert faults == []
    context.close()
