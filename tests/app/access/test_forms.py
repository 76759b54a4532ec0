"""What another site makes a browser send does nothing."""

from app.access import Role
from tests.app.access.conftest import PASSWORD, Site


def test_a_form_without_its_protection_is_refused(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    said = browser.client.post("/users", data={"name": "eve", "role": "admin"})
    assert said.status_code == 400
    assert "too old" in said.text
    assert site.runtime.store.user("eve") is None


def test_log_in_without_its_protection_is_refused(site: Site) -> None:
    site.user("ada", Role.VIEWER)
    client = site.browser().client
    assert client.post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 400


def test_the_protection_of_another_session_is_worth_nothing(site: Site) -> None:
    ada = site.logged_in("ada", Role.ADMIN)
    eve = site.logged_in("eve", Role.ADMIN)
    stranger = site.browser().form_of("/login")
    for form in (eve.form_of("/users"), stranger, "", "x" * 200):
        data = {"csrf_token": form, "name": "mallory", "role": "admin"}
        assert ada.client.post("/users", data=data).status_code == 400
    assert site.runtime.store.user("mallory") is None


def test_the_protection_from_before_log_in_is_worth_nothing_after_it(site: Site) -> None:
    site.user("ada", Role.ADMIN)
    browser = site.browser()
    before = browser.form_of("/login")
    browser.log_in("ada", PASSWORD)
    data = {"csrf_token": before, "name": "mallory", "role": "admin"}
    assert browser.client.post("/users", data=data).status_code == 400


def test_a_header_protects_as_well_as_a_field(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    headers = {"X-CSRFToken": browser.form_of("/users")}
    data = {"name": "bob", "role": "viewer"}
    assert browser.client.post("/users", data=data, headers=headers).status_code == 200


def test_every_route_that_changes_something_wants_the_protection(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    tried = 0
    for rule in site.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            if rule.rule.startswith("/hooks/"):
                continue
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", "x").replace(f"<path:{name}>", "x")
            said = browser.client.open(path, method=method)
            assert said.status_code == 400, (rule, method, said.status)
            tried += 1
    assert tried >= 8


def test_a_token_needs_no_form(site: Site) -> None:
    client = site.browser().client
    headers = {"Authorization": f"Bearer {site.token(Role.OPERATOR)}"}
    assert client.post("/api/as/operator", headers=headers).status_code == 200


def test_a_session_at_the_api_needs_the_protection(site: Site) -> None:
    browser = site.logged_in("ada", Role.OPERATOR)
    assert browser.client.get("/api/as/operator").status_code == 200
    assert browser.client.post("/api/as/operator").status_code == 400
    headers = {"X-CSRFToken": browser.form_of("/")}
    assert browser.client.post("/api/as/operator", headers=headers).status_code == 200
