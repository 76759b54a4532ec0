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
    "persons": "/persons",
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


def test_a_page_that_is_not_there_says_so_in_words(stage: Stage) -> None:
    context = stage.context()
    page = context.new_page()
    answer = page.goto("/mappings/nobody")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("main")).to_contain_text("there is no endpoint")
    context.close()


def test_dead_letters_are_chosen_and_discarded_for_a_reason(stage: Stage, page: Page) -> None:
    id = stage.post({"id": "give-up", "type": "broken", "email": "g@x.example", "name": "Up"})
    stage.system.settled(id)
    page.goto("/letters")
    groups = page.locator("main tbody th a").filter(has_text="lifecyclestage: …")
    expect(groups).to_have_count(1)  # whatever the values were that HubSpot refused
    groups.click()
    page.get_by_label("To give up, say why").fill("a test of the vendor")
    page.get_by_label(re.compile("Choose broken give-up")).check()
    page.get_by_role("button", name="Discard the chosen").click()
    expect(page.get_by_text("1 event was discarded.")).to_be_visible()
    page.goto("/audit")
    expect(page.locator("main")).to_contain_text("a test of the vendor")


def test_a_whole_group_is_replayed_with_its_progress_shown(page: Page) -> None:
    page.goto("/letters")
    page.locator("main tbody th a").first.click()
    page.get_by_role("button", name="Replay all").click()
    work = page.locator("#work-list tbody tr").first
    expect(work).to_contain_text("replay dead events of sandbox")
    expect(work).to_contain_text("done:", timeout=30_000)


def test_a_record_tells_who_wrote_each_property(page: Page) -> None:
    page.goto("/records")
    page.get_by_label("E-mail, domain or record id").fill("ada4@x.example")
    page.get_by_role("button", name="Find").click()
    row = page.locator("main tbody tr", has=page.get_by_role("rowheader", name="firstname")).first
    expect(row).to_contain_text("saved")
    expect(row).to_contain_text("shop.yaml:")
    expect(page.get_by_role("rowheader", name="pinned activity")).to_be_visible()


def test_a_record_that_was_not_written_says_so(page: Page) -> None:
    page.goto("/records")
    page.get_by_label("E-mail, domain or record id").fill("nobody@x.example")
    with page.expect_response(lambda answer: "/records?" in answer.url) as asked:
        page.get_by_role("button", name="Find").click()
    assert asked.value.status == 200
    expect(page.get_by_text("No such record.")).to_be_visible()


def test_a_changed_mapping_is_tried_as_one_types_and_rehearsed(page: Page) -> None:
    page.goto("/mappings/shop")
    page.get_by_label("or a payload").fill('{"id": "n", "type": "saved", "email": "n@x.example"}')
    tried = page.locator("#tried")
    expect(tried).to_contain_text("POST /crm/v3/objects/contacts/batch/upsert")
    text = page.locator("#text")
    text.fill(text.input_value().replace("body.family", "body.family | upper"))
    page.get_by_role("button", name="Rehearse").click()
    expect(tried).to_contain_text("LOVELACE")
    expect(tried.locator("del").first).to_contain_text("Lovelace")
    text.fill(text.input_value().replace("object: contacts", "objekt: contacts", 1))
    expect(tried).to_contain_text("objekt")
    expect(tried).to_contain_text("shop.yaml:7")


def test_a_portal_is_stopped_and_goes_on(stage: Stage, page: Page) -> None:
    page.goto("/portals/sandbox")
    page.get_by_text("Stop writing…").click()
    page.get_by_label("Why, for whoever asks").fill("an import is running")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("an import is running")).to_be_visible()
    id = stage.post({"id": "w1", "type": "saved", "email": "w@x.example", "name": "W"})
    page.goto(f"/events/{id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("waiting")
    page.goto("/portals/sandbox")
    page.get_by_role("button", name="Go on writing").click()
    expect(page.get_by_role("button", name="Go on writing")).to_have_count(0)
    stage.system.settled(id)
    page.goto(f"/events/{id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("done")


def test_a_look_at_a_portal_tells_what_is_missing(page: Page) -> None:
    page.goto("/portals/sandbox")
    page.get_by_role("button", name="Look now").click()
    for _ in range(20):
        page.goto("/portals/sandbox")
        if page.get_by_text("Nobody looked yet.").count() == 0:
            break
        page.wait_for_timeout(500)
    expect(page.locator("main")).to_contain_text("properties that the mappings need are there")


def test_an_endpoint_tells_the_url_to_paste_and_why_a_delivery_was_refused(page: Page) -> None:
    page.goto("/endpoints")
    page.get_by_role("link", name="stripe", exact=True).click()
    expect(page.locator("#the-url")).to_contain_text("/hooks/stripe")
    refused = page.get_by_role("region", name="What was turned away").first
    expect(refused.locator("tbody")).to_contain_text("stripe-signature")


def test_whoever_logs_out_sees_nothing(stage: Stage) -> None:
    context = stage.browser.new_context(base_url=stage.url)
    page = context.new_page()
    for path in PAGES.values():
        page.goto(path)
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
    context.close()
