"""Letting an app in by the browser: who may begin, and what of the way back is believed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from app.access import Role
from app.oauth import COOKIE
from app.sandbox.crm import PORTAL_ID
from tests.app.access.conftest import Browser, Site, made
from tests.credentials.conftest import CLIENT_SECRET, KEY, PORTAL, SCOPES, Bench, brought_back
from workers.errors import Refused
from workers.events import Arrival
from workers.store.grants import INSTALLING_S, TICKET_S, Grant

BEGIN = f"/oauth/install/{PORTAL}"
BACK = "http://localhost/oauth/callback"


@dataclass(kw_only=True)
class Office:
    """The application, whose portal has an app, and the portal's account."""

    site: Site
    bench: Bench

    @property
    def grant(self) -> Grant | None:
        return self.site.runtime.store.grant(PORTAL)

    def ticket(self, text: str = "a-ticket") -> str:
        self.site.runtime.store.keep_ticket(text, PORTAL)
        return f"{BEGIN}?ticket={text}"

    def deeds(self) -> list[str]:
        return [each.what for each in self.site.runtime.store.deeds().deeds]


@pytest.fixture
def office(bench: Bench) -> Iterator[Office]:
    site = made(
        bench.url,
        lambda found: replace(
            found, portals={PORTAL: bench.portal}, secret_keys=(KEY,), endpoints={}
        ),
    )
    yield Office(site=site, bench=bench)
    site.runtime.store.close()


def begun(browser: Browser, path: str) -> str:
    """Where the browser is sent to."""
    answer = browser.get(path)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def finished(browser: Browser, **brought: str) -> TestResponse:
    """What is answered to a browser that comes back."""
    query = "&".join(f"{name}={value}" for name, value in brought.items())
    return browser.get(f"/oauth/callback?{query}")


def test_an_admin_lets_the_app_in(office: Office) -> None:
    browser = office.site.logged_in("ada", Role.ADMIN)
    url = begun(browser, BEGIN)
    asked = parse_qs(urlsplit(url).query)
    assert asked["redirect_uri"] == [BACK]
    assert asked["scope"] == [" ".join(SCOPES)]
    assert CLIENT_SECRET not in url
    answer = finished(browser, **brought_back(url))
    assert (answer.status_code, str(PORTAL_ID) in answer.text) == (200, True)
    assert office.grant is not None
    assert (office.grant.hub, office.grant.by) == (str(PORTAL_ID), "ada")
    assert office.site.runtime.rung == [PORTAL]
    assert office.deeds()[:2] == ["install", "begin install"]
    assert office.bench.takes(office.bench.credential().shown())


def test_the_cookie_of_the_way_is_kept_from_scripts_and_from_other_sites(office: Office) -> None:
    answer = office.site.browser().get(office.ticket())
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/oauth"} <= set(cookie.split("; "))


def test_a_stranger_is_sent_to_log_in_and_less_than_an_admin_may_not(office: Office) -> None:
    assert begun(office.site.browser(), BEGIN).startswith("/login?next=")
    for name, role in (("bob", Role.OPERATOR), ("eve", Role.VIEWER)):
        assert office.site.logged_in(name, role).get(BEGIN).status_code == 403
    for wrong in (f"{BEGIN}?ticket=", f"{BEGIN}?ticket=guessed"):
        assert begun(office.site.browser(), wrong).startswith("/login?next=")


def test_the_link_is_good_for_one_install_and_for_its_portal(office: Office) -> None:
    link, browser = office.ticket(), office.site.browser()
    begun(browser, link)  # looking at it does not use it up
    url = begun(browser, link)
    assert finished(browser, **brought_back(url)).status_code == 200
    assert begun(browser, link).startswith("/login?next=")
    office.site.runtime.store.keep_ticket("of-another", "other")
    assert begun(browser, f"{BEGIN}?ticket=of-another").startswith("/login?next=")


@pytest.mark.parametrize("state", ["", "guessed", "a" * 43])
def test_a_state_that_nobody_was_given_is_refused(office: Office, state: str) -> None:
    browser = office.site.browser()
    url = begun(browser, office.ticket())
    found = brought_back(url)
    answer = finished(browser, code=found["code"], state=state)
    assert (answer.status_code, office.grant) == (400, None)
    assert office.bench.asked() == 0
    assert office.deeds()[0] == "install refused"


def test_a_state_is_good_for_one_time(office: Office) -> None:
    browser = office.site.browser()
    found = brought_back(begun(browser, office.ticket()))
    assert finished(browser, **found).status_code == 200
    first = office.grant
    again = brought_back(begun(browser, office.ticket("another")))
    answer = finished(browser, code=again["code"], state=found["state"])
    assert (answer.status_code, office.grant) == (400, first)


def test_a_state_that_came_to_another_browser_is_refused(office: Office) -> None:
    """Nobody can have his own account written to by sending somebody else his link back."""
    attacker, victim = office.site.browser(), office.site.browser()
    found = brought_back(begun(attacker, office.ticket()))
    begun(victim, office.ticket("own"))
    assert finished(victim, **found).status_code == 400
    assert finished(attacker, **found).status_code == 400  # it is used up
    assert office.grant is None


def test_a_state_lives_for_ten_minutes_and_a_link_for_an_hour(office: Office) -> None:
    begun(office.site.browser(), office.ticket())
    store = office.site.runtime.store.redis
    lives = {
        key.decode().split(":")[2]: store.ttl(key)
        for pattern in ("hl:{~}:installing:*", "hl:{~}:ticket:*")
        for key in store.keys(pattern)
    }
    assert 0 < lives["installing"] <= INSTALLING_S
    assert 0 < lives["ticket"] <= TICKET_S


def test_another_account_than_at_the_first_install_is_refused(office: Office) -> None:
    browser = office.site.browser()
    assert finished(browser, **brought_back(begun(browser, office.ticket()))).status_code == 200
    first = office.grant
    office.bench.account.control("oauth/settings", hub_id=9_009)
    answer = finished(browser, **brought_back(begun(browser, office.ticket("two"))))
    assert answer.status_code == 409
    assert "9009" in answer.text
    assert office.grant == first
    assert office.site.runtime.store.forget_grant(PORTAL)
    answer = finished(browser, **brought_back(begun(browser, office.ticket("three"))))
    assert answer.status_code == 200
    assert office.grant is not None
    assert office.grant.hub == "9009"


def test_whoever_says_no_leaves_everything_as_it_was(office: Office) -> None:
    browser = office.site.browser()
    office.bench.account.control("oauth/settings", denied=True)
    answer = finished(browser, **brought_back(begun(browser, office.ticket())))
    assert (answer.status_code, office.grant) == (400, None)


def test_whoever_says_no_is_told_so_and_may_try_again(office: Office) -> None:
    browser, link = office.site.browser(), office.ticket()
    office.bench.account.control("oauth/settings", denied=True)
    answer = finished(browser, **brought_back(begun(browser, link)))
    assert "The user denied access" in answer.text
    office.bench.account.control("oauth/settings", denied=False)
    assert finished(browser, **brought_back(begun(browser, link))).status_code == 200


def test_of_two_browsers_with_one_link_one_installs(office: Office) -> None:
    link = office.ticket()
    one, other = office.site.browser(), office.site.browser()
    first = brought_back(begun(one, link))
    second = brought_back(begun(other, link))
    assert finished(one, **first).status_code == 200
    grant = office.grant
    answer = finished(other, **second)
    assert (answer.status_code, "used already" in answer.text) == (400, True)
    assert office.grant == grant


def test_a_link_whose_install_came_to_nothing_is_as_good_as_before(office: Office) -> None:
    browser, link = office.site.browser(), office.ticket()
    store = office.site.runtime.store
    before = store.redis.ttl(store.redis.keys("hl:{~}:ticket:*")[0])
    office.bench.account.control("faults", kind="status", path="/token", status=503, times=1)
    assert finished(browser, **brought_back(begun(browser, link))).status_code == 503
    found = brought_back(begun(browser, link))
    assert finished(browser, code="wrong", state=found["state"]).status_code == 409
    assert 0 < store.redis.ttl(store.redis.keys("hl:{~}:ticket:*")[0]) <= before
    assert finished(browser, **brought_back(begun(browser, link))).status_code == 200


def test_an_account_that_grants_less_than_is_needed_is_told_what(office: Office) -> None:
    browser, link = office.site.browser(), office.ticket()
    office.bench.account.control("oauth/settings", withheld=[SCOPES[1]])
    answer = finished(browser, **brought_back(begun(browser, link)))
    assert (answer.status_code, office.grant) == (409, None)
    assert f"did not grant {SCOPES[1]}" in answer.text


def test_what_is_optional_is_asked_for_and_done_without(office: Office) -> None:
    settings = office.site.runtime.settings
    portal = office.bench.portal
    assert portal.oauth is not None
    app = replace(portal.oauth, scopes=SCOPES[2:], optional_scopes=SCOPES[:2])
    settings.portals[PORTAL] = replace(portal, oauth=app)  # type: ignore[index]
    office.bench.account.control("oauth/settings", withheld=[SCOPES[0]])
    browser = office.site.logged_in("ada", Role.ADMIN)
    url = begun(browser, BEGIN)
    assert parse_qs(urlsplit(url).query)["optional_scope"] == [" ".join(SCOPES[:2])]
    answer = finished(browser, **brought_back(url))
    assert (answer.status_code, SCOPES[0] in answer.text) == (200, True)
    assert office.grant is not None
    assert office.grant.scopes == (*SCOPES[2:], SCOPES[1])
    assert "not granted; connect again" in browser.get(f"/portals/{PORTAL}").text


def test_the_address_that_a_browser_comes_back_to_is_passed_on_to_nobody(office: Office) -> None:
    browser = office.site.browser()
    answer = finished(browser, **brought_back(begun(browser, office.ticket())))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_of_a_portal_shows_its_grant_and_lets_admins_connect(office: Office) -> None:
    admin = office.site.logged_in("ada", Role.ADMIN)
    page = admin.get(f"/portals/{PORTAL}").text
    assert "nobody let the app in yet" in page
    assert f'href="{BEGIN}"' in page
    finished(admin, **brought_back(begun(admin, BEGIN)))
    page = admin.get(f"/portals/{PORTAL}").text
    for shown in (f"{PORTAL_ID}, let in by ada", SCOPES[0], "it is refreshed before", BEGIN):
        assert shown in page
    viewer = office.site.logged_in("eve", Role.VIEWER).get(f"/portals/{PORTAL}").text
    assert f"{PORTAL_ID}, let in by ada" in viewer
    assert BEGIN not in viewer
    office.bench.account.control("oauth/uninstall")
    credential = office.bench.credential()
    with pytest.raises(Refused):
        credential.refused(credential.shown())
    assert "takes its refresh token no more" in admin.get(f"/portals/{PORTAL}").text


def test_a_code_that_hubspot_does_not_take_is_told_without_the_secret(office: Office) -> None:
    browser = office.site.browser()
    found = brought_back(begun(browser, office.ticket()))
    answer = finished(browser, state=found["state"], code="wrong-code")
    assert (answer.status_code, office.grant) == (409, None)
    for secret in (CLIENT_SECRET, "wrong-code"):
        assert secret not in answer.text


def test_a_portal_with_a_token_or_none_at_all_cannot_be_installed(office: Office) -> None:
    browser = office.site.logged_in("ada", Role.ADMIN)
    assert browser.get("/oauth/install/nobody").status_code == 404
    plain = replace(office.bench.portal, oauth=None, token="pat-1")
    office.site.runtime.settings.portals[PORTAL] = plain  # type: ignore[index]
    assert browser.get(BEGIN).status_code == 404


# The command line

CONFIG = """\
store: {store}
secret_key: {key}
external_url: https://hooks.example.com
portals:
  acme:
    base_url: {crm}
    oauth: {{client_id: app-1, client_secret: "${{APP_SECRET}}", scopes: [a, b]}}
  plain: {{base_url: {crm}, token: t}}
endpoints:
  shop: {{source: shopify, portal: acme, secret: s}}
"""


def run(bench: Bench, folder: Path, project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """What `hookline` says."""
    config = folder / "hookline.yaml"
    config.write_text(CONFIG.format(store=bench.url, key=KEY.hex(), crm=bench.server.url))
    environ = {"HOOKLINE_CONFIG": str(config), "APP_SECRET": CLIENT_SECRET}
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *args],
        env={**os.environ, **environ, "PYTHONPATH": str(project)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_connect_prints_a_link_that_lets_the_app_in(
    office: Office, tmp_path: Path, project: Path
) -> None:
    said = run(office.bench, tmp_path, project, "connect", PORTAL)
    assert said.returncode == 0, said.stderr
    link = said.stdout.strip()
    assert link.startswith(f"https://hooks.example.com{BEGIN}?ticket=")
    assert "https://hooks.example.com/oauth/callback" in said.stderr
    browser = office.site.browser()
    url = begun(browser, link.removeprefix("https://hooks.example.com"))
    assert finished(browser, **brought_back(url)).status_code == 200
    # What the command line asks the portal from now on, it asks with the app's token.
    said = run(office.bench, tmp_path, project, "crm", "account", "-p", PORTAL, "--json")
    assert f'"portalId": {PORTAL_ID}' in said.stdout, said.stderr
    store = office.site.runtime.store
    known, of_another = "hl:{acme}:id:contacts:email:x", "hl:{emea}:id:contacts:email:x"
    for key in (known, of_another):
        store.redis.set(key, "101")
    said = run(office.bench, tmp_path, project, "connect", PORTAL, "--forget")
    assert (said.returncode, office.grant) == (0, None)
    # An id of the one account may be another's record in the next.
    assert (store.redis.exists(known), store.redis.exists(of_another)) == (0, 1)
    assert not store.leased(PORTAL)


def test_an_account_is_not_forgotten_while_events_wait_for_it(
    office: Office, tmp_path: Path, project: Path
) -> None:
    grant = office.bench.install()
    arrival = Arrival(
        endpoint="shop",
        source="shop",
        source_id="e",
        type="saved",
        time=None,
        headers={},
        body=b"{}",
    )
    office.site.runtime.store.accept(PORTAL, [arrival], received=office.bench.now())
    said = run(office.bench, tmp_path, project, "connect", PORTAL, "--forget")
    assert (said.returncode, "1 events wait" in said.stderr, office.grant) == (1, True, grant)
    said = run(office.bench, tmp_path, project, "connect", PORTAL, "--forget", "--yes")
    assert (said.returncode, office.grant) == (0, None)


def test_connect_says_what_is_wrong(bench: Bench, tmp_path: Path, project: Path) -> None:
    said = run(bench, tmp_path, project, "connect", "acne")
    assert (said.returncode, "did you mean 'acme'" in said.stderr) == (1, True)
    said = run(bench, tmp_path, project, "connect", "plain")
    assert (said.returncode, "has a token" in said.stderr) == (1, True)
