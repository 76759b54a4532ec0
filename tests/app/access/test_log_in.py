"""Logging in, staying in, and what a session is worth."""

from dataclasses import replace

import pytest
import redis

from app.access import Role, accounts
from tests.app import serving
from tests.app.access.conftest import PASSWORD, Browser, Site, made
from workers.errors import Faults


def test_the_first_admin_has_a_password_for_one_time(site: Site) -> None:
    store = site.runtime.store
    password = accounts.add_first(store, now=site.clock())
    assert password
    assert accounts.add_first(store, now=site.clock()) is None
    browser = site.browser()
    assert browser.log_in("admin", password).location == "/password"
    for page in ("/", "/users", "/audit"):
        assert browser.get(page).location == "/password"
    changed = browser.post(
        "/password", page="/password", old=password, new=PASSWORD, again=PASSWORD
    )
    assert changed.location == "/"
    assert browser.get("/users").status_code == 200
    assert site.browser().log_in("admin", password).status_code == 401
    assert site.browser().log_in("admin", PASSWORD).status_code == 303


def test_no_first_admin_is_made_where_there_is_somebody(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    assert accounts.add_first(site.runtime.store, now=site.clock()) is None


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [
        ("short", "short", "too short"),
        ("a" * 30, "a" * 30, "repeats too few"),
        (PASSWORD, PASSWORD, "than the old one"),
        ("another few words", "another few worlds", "differ"),
        ("ada-ada-ada-", "ada-ada-ada-", "little more than"),
    ],
)
def test_a_weak_password_is_not_taken(site: Site, new: str, again: str, told: str) -> None:
    browser = site.logged_in("ada", Role.VIEWER)
    said = browser.post("/password", page="/password", old=PASSWORD, new=new, again=again)
    assert said.status_code == 422
    assert told in said.text


def test_the_present_password_is_asked_for_before_another_is_set(site: Site) -> None:
    browser = site.logged_in("ada", Role.VIEWER)
    new = "quite another password"
    said = browser.post("/password", page="/password", old="not it", new=new, again=new)
    assert said.status_code == 401
    assert site.browser().log_in("ada", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("ada\x00", PASSWORD),
        ("ada", "x" * 10_000),
    ],
)
def test_who_cannot_show_a_password_is_told_one_thing(site: Site, name: str, password: str) -> None:
    site.user("ada", Role.ADMIN)
    said = site.browser().log_in(name, password)
    assert said.status_code == 401
    assert "not a user name and password that belong together" in said.text


def test_log_in_gives_a_new_session_whatever_the_browser_had(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    planted = "A" * 43
    browser = site.browser()
    browser.client.set_cookie("hookline", planted)
    browser.client.set_cookie("hookline-form", planted)
    browser.log_in("ada", PASSWORD)
    assert browser.cookies()["hookline"] != planted
    assert "hookline-form" not in browser.cookies()
    other = site.browser()
    other.client.set_cookie("hookline", planted)
    assert other.get("/").status_code == 303
    first = browser.cookies()["hookline"]
    second = site.browser()
    second.client.set_cookie("hookline", first)
    again = second.client.post(
        "/login",
        data={"csrf_token": second.form_of("/password"), "name": "ada", "password": PASSWORD},
    )
    assert again.status_code == 303
    assert second.cookies()["hookline"] != first
    assert browser.get("/").status_code == 303  # what it had before is over


def test_a_session_ends_with_log_out(site: Site) -> None:
    browser = site.logged_in("ada", Role.VIEWER)
    kept = browser.cookies()["hookline"]
    assert browser.post("/logout", page="/").location == "/login"
    assert "hookline" not in browser.cookies()
    browser.client.set_cookie("hookline", kept)
    assert browser.get("/").location == "/login?next=/"


def test_a_session_ends_after_its_time(site: Site) -> None:
    browser = site.logged_in("ada", Role.VIEWER)
    site.clock.pass_(site.runtime.settings.session_s - 1)
    assert browser.get("/").status_code == 200
    site.clock.pass_(1)
    assert browser.get("/").status_code == 303


def test_a_new_password_or_role_ends_every_session(site: Site) -> None:
    first = site.logged_in("ada", Role.OPERATOR)
    second = site.browser()
    second.log_in("ada", PASSWORD)
    new = "quite another password"
    first.post("/password", page="/password", old=PASSWORD, new=new, again=new)
    assert first.get("/").status_code == 200
    assert second.get("/").status_code == 303
    site.user("root", Role.ADMIN)
    accounts.set_role(site.runtime.store, "ada", Role.VIEWER)
    assert first.get("/").status_code == 303


def test_a_removed_user_is_out_at_once(site: Site) -> None:
    browser = site.logged_in("ada", Role.VIEWER)
    accounts.remove(site.runtime.store, "ada")
    assert browser.get("/").status_code == 303


def test_the_last_admin_stays(site: Site) -> None:
    site.user("ada", Role.ADMIN)
    with pytest.raises(Faults, match="only admin"):
        accounts.remove(site.runtime.store, "ada")
    with pytest.raises(Faults, match="only admin"):
        accounts.set_role(site.runtime.store, "ada", Role.VIEWER)


def test_cookies_are_strict(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    browser = site.browser()
    asked = browser.get("/login").headers["Set-Cookie"]
    said = browser.log_in("ada", PASSWORD).headers["Set-Cookie"]
    for cookie in (asked, said):
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie  # http, on this machine


def test_behind_https_cookies_are_for_this_host_alone(redis_url: str) -> None:
    site = made(redis_url, lambda found: replace(found, external_url=serving.URL))
    said = site.browser().get("/login")
    assert said.headers["Set-Cookie"].startswith("__Host-hookline-form=")
    assert "Secure" in said.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in said.headers
    site.runtime.store.close()


def test_a_look_without_credentials_keeps_nothing(site: Site, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for path in ("/", "/events", "/users", "/nowhere"):
            site.browser().get(path)
        assert client.keys("*") == []


def test_nothing_that_is_kept_lets_anybody_in(site: Site, redis_url: str) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    token = site.token(Role.ADMIN)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        kept = [*client.keys("*")]
        kept += [str(client.hgetall(key)) for key in kept if client.type(key) == "hash"]
        kept += [str(client.smembers(key)) for key in kept if client.type(key) == "set"]
    everything = " ".join(kept)
    assert browser.cookies()["hookline"] not in everything
    assert token.rsplit("_", 1)[1] not in everything
    assert PASSWORD not in everything


@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("javascript:alert(1)", "http:evil.example", "/\t/evil.example", "/ /evil.example"),
        *("///evil.example", "https:/evil.example", "", "events", "/%0a/\nevil.example"),
    ],
)
def test_log_in_leads_nowhere_else(site: Site, target: str) -> None:
    site.user("ada", Role.VIEWER)
    assert site.browser().log_in("ada", PASSWORD, then=target).location == "/"
    browser = site.browser()
    browser.log_in("ada", PASSWORD)
    assert browser.client.get("/login", query_string={"next": target}).location == "/"


def test_log_in_leads_to_where_one_was_going(site: Site) -> None:
    site.user("ada", Role.ADMIN)
    browser = site.browser()
    asked = browser.get("/audit?before=1-0").location
    assert asked == "/login?next=/audit%3Fbefore%3D1-0"
    assert "/audit?before=1-0" in browser.get(asked).text
    assert browser.log_in("ada", PASSWORD, then="/audit?before=1-0").location == "/audit?before=1-0"


# Guessing


def test_guessing_is_stopped_for_a_name_from_an_address(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    for _ in range(accounts.TRIES_HERE):
        assert site.browser().log_in("ada", "guess").status_code == 401
    stopped = site.browser().log_in("ada", PASSWORD)
    assert stopped.status_code == 429
    assert "Wait 15 minutes" in stopped.text
    elsewhere = site.browser(address="192.0.2.9")
    assert elsewhere.log_in("ada", PASSWORD).status_code == 303


def test_guessing_of_many_names_is_stopped_for_the_address(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    said = {
        number: site.browser().log_in(f"user{number}", "guess").status_code
        for number in range(accounts.TRIES_FROM + 1)
    }
    assert said[accounts.TRIES_FROM - 1] == 401
    assert said[accounts.TRIES_FROM] == 429
    assert site.browser().log_in("ada", PASSWORD).status_code == 429


def test_guessing_by_many_machines_is_stopped_for_the_name(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    said = [
        site.browser(address=f"192.0.2.{number}").log_in("ada", "guess").status_code
        for number in range(accounts.TRIES_OF + 1)
    ]
    assert said == [401] * accounts.TRIES_OF + [429]


def test_who_logs_in_well_may_err_again(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    for _ in range(3):
        for _ in range(accounts.TRIES_HERE - 1):
            assert site.browser().log_in("ada", "guess").status_code == 401
        assert site.browser().log_in("ada", PASSWORD).status_code == 303


def test_only_our_own_proxies_say_where_one_comes_from(redis_url: str) -> None:
    site = made(redis_url, lambda found: replace(found, trusted_proxies=1))
    site.user("ada", Role.VIEWER)

    def told(forwarded: str) -> int:
        browser: Browser = site.browser()
        client = browser.client
        data = {"csrf_token": browser.form_of("/login"), "name": "ada", "password": "guess"}
        headers = {"X-Forwarded-For": forwarded}
        return client.post("/login", data=data, headers=headers).status_code

    for number in range(accounts.TRIES_HERE):
        assert told(f"198.51.100.{number}, 203.0.113.7") == 401
    assert told("198.51.100.99, 203.0.113.7") == 429
    assert told("198.51.100.99, 203.0.113.8") == 401
    site.runtime.store.close()
