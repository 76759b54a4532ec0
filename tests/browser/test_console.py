"""Every page and each action, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SHOTS, Stage

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PAGES = {
    "home": "/",
    "events": "/events",
    "none": "/events?text=nothing-like-it",
    "letters": "/letters",
    "records": "/records",
    "record": "/records?type=contacts&record=ada1@x.example",
    "mappings": "/mappings",
    "mapping": "/mappings/shop",
    "endpoints": "/endpoints",
    "endpoint": "/endpoints/stripe",
    "portals": "/portals",
    "portal": "/portals/sandbox",
    "users": "/users",
    "tokens": "/tokens",
    "audit": "/audit",
    "password": "/password",
}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_read_by_everybody(stage: Stage, look: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    context = stage.context(**LOOKS[look])
    page = context.new_page()
    serious: dict[str, list[str]] = {}
    paths = dict(PAGES)
    page.goto("/events?state=dead")
    paths["event"] = page.locator("table.events tbody th a").first.get_attribute("href") or ""
    page.goto("/letters")
    paths["group"] = page.locator("main table tbody th a").first.get_attribute("href") or ""
    for name, path in paths.items():
        page.goto(path)
        expect(page.get_by_role("main")).to_be_visible()
        page.screenshot(path=SHOTS / f"{name}-{look}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        told = [
            f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        if told:
            serious[name] = told
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, f"{name} scrolls sideways"
    context.close()
    assert serious == {}


def test_the_first_page_updates_by_itself(stage: Stage, page: Page) -> None:
    page.goto("/")
    dead = page.locator(".numbers div", has_text="Dead letters").locator("dd").first
    before = int(dead.inner_text().replace(",", ""))
    stage.post({"id": "late", "type": "broken", "email": "z@x.example", "name": "Z"})
    expect(dead).to_have_text(str(before + 1), timeout=20_000)


def test_an_event_is_found_by_whom_it_is_about_and_tells_its_story(page: Page) -> None:
    page.goto("/events")
    page.get_by_label("About").fill("ada2@x.example")
    page.get_by_role("button", name="Find").click()
    rows = page.locator("table.events tbody tr")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("link", name="saved").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("saved")
    for title in ("Timeline", "Calls to the CRM", "Body"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator("main")).to_contain_text("POST /crm/v3/objects/contacts/batch/upsert")
    expect(page.locator("main")).to_contain_text("shop.yaml:")


def test_what_is_hidden_is_revealed_on_the_record(page: Page) -> None:
    page.goto("/events?key=ada3@x.example")
    page.locator("table.events tbody th a").first.click()
    event = page.url.rsplit("/", 1)[1]
    reveal = page.get_by_role("button", name=re.compile("Reveal"))
    if reveal.count():
        reveal.click()
        expect(page.get_by_text("the audit trail says so")).to_be_visible()
        page.goto("/audit")
        expect(page.locator("main")).to_contain_text(event)


def test_what_is_no_time_or_state_is_refused_in_words(page: Page) -> None:
    page.goto("/events?state=dead")
    assert page.goto("/mappings/nobody").status == 404  # type: ignore[union-attr]
    expect(page.get_by_role("main")).to_contain_text("there is no endpoint")
