"""What the console's pages show and do; how they look is tests/browser."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.access import Role, accounts
from app.web import create_app
from tests.app.access.conftest import PASSWORD, Browser
from tests.app.agency import ACME, EMEA, MAIL, Agency, agency

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PAGES = (
    "/",
    "/figures",
    "/events",
    "/letters",
    "/letters/work",
    "/records",
    "/mappings",
    "/mappings/shop",
    "/endpoints",
    "/endpoints/shop",
    "/portals",
    "/portals/acme",
)


@pytest.fixture
def office(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as found:
        yield found


def browser(office: Agency, role: Role) -> Browser:
    """A browser in which somebody of this role has logged in."""
    store, name = office.store, role.value
    accounts.add(store, name, role=role, now=office.now)
    accounts.set_password(store, name, PASSWORD)
    found = Browser(create_app(office.runtime).test_client())
    assert found.log_in(name, PASSWORD).status_code == 303
    return found


def page(browser: Browser, path: str, *, status: int = 200) -> str:
    said = browser.get(path)
    assert said.status_code == status, said.text
    return said.text


def lost(office: Agency) -> str:
    """An event whose create was sent and never answered: nobody knows."""
    office.server.sandbox.faults.add({"kind": "lost", "path": "/deals/batch/create"})
    id = office.accept({"id": "b1", "type": "bought"})[0]
    office.work_off()
    return id


def test_every_page_has_an_empty_state(office: Agency) -> None:
    viewer = browser(office, Role.VIEWER)
    for path in PAGES:
        page(viewer, path)
    assert "No event has arrived yet." in page(viewer, "/events")
    assert "No event ended badly." in page(viewer, "/letters")
    assert "Nobody looked yet." in page(viewer, "/portals/acme")


def test_no_word_of_a_payload_is_taken_for_markup(office: Agency) -> None:
    body = {
        "id": HOSTILE,
        "type": "saved",
        "email": "a@example.com",
        "name": HOSTILE,
        "stage": HOSTILE,
        "note": True,
        HOSTILE: {HOSTILE: [HOSTILE]},
    }
    good = {**body, "id": f"{HOSTILE}2", "stage": "lead"}
    ids = office.accept(body, good, {"id": "x", "type": HOSTILE})
    office.work_off()
    operator = browser(office, Role.OPERATOR)
    groups = page(operator, "/letters")
    group = groups.partition('href="/letters/')[2].partition('"')[0]
    shown = [
        *(page(operator, f"/events/{id}") for id in ids),
        page(operator, "/events"),
        page(operator, f"/events?text={HOSTILE}&key={HOSTILE}&type={HOSTILE}"),
        groups,
        page(operator, f"/letters/{group}"),
        page(operator, f"/records?record={HOSTILE}"),
        page(operator, "/records?record=a@example.com", status=302),
        operator.client.get("/records?record=a@example.com", follow_redirects=True).text,
        operator.post("/mappings/shop/try", page="/mappings/shop", text=HOSTILE, event=ids[1]).text,
        operator.post(
            "/mappings/shop/try",
            page="/mappings/shop",
            text=office.runtime.sources["shop"].name,
            payload=HOSTILE,
        ).text,
    ]
    for text in shown:
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_an_unknown_is_settled_by_a_persons_word(office: Agency) -> None:
    id = lost(office)
    operator = browser(office, Role.OPERATOR)
    assert "It was made" in page(operator, f"/events/{id}")
    for wrong in ({}, {"made": "12", "do": "again"}, {"made": "<b>", "do": "made"}):
        said = operator.post(f"/events/{id}/resolve", page=f"/events/{id}", **wrong)
        assert said.status_code == 400
    made = next(iter(office.server.sandbox.crm.records["0-3"]))
    said = operator.post(f"/events/{id}/resolve", page=f"/events/{id}", made=made, do="made")
    assert said.status_code == 302
    office.work_off()
    assert f"deals/{made}" in page(operator, f"/events/{id}")
    assert "resolve" in page(browser(office, Role.ADMIN), "/audit")


def test_a_viewer_sees_no_action_and_may_do_none(office: Agency) -> None:
    id = lost(office)
    viewer = browser(office, Role.VIEWER)
    text = page(viewer, f"/events/{id}")
    assert "Discard" not in text
    for path in (f"/events/{id}/resolve", f"/events/{id}/replay", "/portals/acme/stop"):
        assert viewer.post(path, page="/password", reason="x").status_code == 403


def test_another_portals_records_and_events_are_told_apart(office: Agency) -> None:
    office.accept({"id": "m1", "type": "saved", "email": "m@example.com"}, lane=MAIL, portal=EMEA)
    office.work_off(EMEA)
    viewer = browser(office, Role.VIEWER)
    found = viewer.client.get("/records?portal=emea&type=contacts&record=m@example.com")
    assert urlsplit(found.location).path.startswith("/records/emea/contacts/")
    assert "No such record." in page(viewer, f"/records?portal={ACME}&record=m@example.com")
    assert "/events/" not in page(viewer, f"/events?portal={ACME}").partition("<tbody>")[2]


def test_a_call_shows_what_was_refused_of_the_event_and_nothing_of_others(office: Agency) -> None:
    good = {"type": "saved", "email": "good@example.com", "stage": "lead"}
    bad = {"type": "saved", "email": "bad@example.com", "stage": "nonsense"}
    ids = office.accept({**good, "id": "g"}, {**bad, "id": "b"})
    office.work_off()
    viewer = browser(office, Role.VIEWER)
    refused, done = page(viewer, f"/events/{ids[1]}"), page(viewer, f"/events/{ids[0]}")
    calls = refused.partition('id="calls"')[2].partition('id="body"')[0]
    assert "allowed options" in calls
    assert "good@example.com" not in calls
    assert "bad@example.com" not in done
