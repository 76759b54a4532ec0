"""Where a record can be looked at."""

from dataclasses import replace

from app.desk import Desk
from app.desk.links import Links
from tests.app.agency import ACME, Agency


def test_the_page_of_a_record_in_hubspot_is_known_after_a_look(office: Agency) -> None:
    portal = replace(office.runtime.settings.portals[ACME], base_url="https://api.hubapi.com")
    looked_at = replace(office.runtime.settings, portals={ACME: portal})
    office.runtime.look(ACME)
    account = office.store.account(ACME)
    assert account is not None
    office.runtime.settings = looked_at
    url = Links(desk=Desk(runtime=office.runtime)).url(ACME, "contacts/77")
    assert url == f"https://{account.ui_domain}/contacts/{account.id}/record/0-1/77"


def test_a_look_is_asked_for_where_nobody_took_one(office: Agency) -> None:
    portal = replace(office.runtime.settings.portals[ACME], base_url="https://api.hubapi.com")
    office.runtime.settings = replace(office.runtime.settings, portals={ACME: portal})
    assert Links(desk=office.desk).url(ACME, "contacts/77") is None
    assert office.store.looking(ACME)
    assert Links(desk=office.desk).url("none", "contacts/77") is None
    assert Links(desk=office.desk).url(ACME, "contacts") is None


def test_the_sandbox_shows_its_own_records(office: Agency) -> None:
    url = Links(desk=office.desk).url(ACME, "deals/5")
    assert url == f"{office.server.url}/_sandbox/view/deals/5"
