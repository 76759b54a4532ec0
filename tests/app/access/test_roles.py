"""Who may do what, on every route that there is."""

import re
from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from app.access import Role, accounts, tokens
from tests.app.access.conftest import Site, made
from tests.app.serving import PORTAL
from workers.errors import Faults
from workers.store.audit import Deed

OPEN = re.compile(r"/hooks/|/healthz|/readyz|/static/|/login(/openid|/back)?$|/oauth/callback$")
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
VIEWERS = "/api/as/viewer"
OWN = {"/logout", "/password"}  # for everybody who is in
ADMINS = re.compile(r"/users|/tokens|/audit|/persons|/oauth/install")


def routes(site: Site) -> Iterator[tuple[Rule, str, str]]:
    """Every route behind the log-in, each of its methods, and a path that leads there."""
    for rule in site.app.url_map.iter_rules():
        if OPEN.match(rule.rule):
            continue
        path = re.sub(r"<(?:\w+:)?\w+>", "x", rule.rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method, path


def test_a_stranger_gets_nothing_from_any_route(site: Site) -> None:
    seen = 0
    for rule, method, path in routes(site):
        client = site.browser().client
        for headers in ({}, {"Authorization": "Bearer hlt_x_y"}, {"Authorization": "Basic eDp5"}):
            said = client.open(path, method=method, headers=headers)
            expected = {401, 403} if path.startswith(("/api", "/metrics")) else {303}
            assert said.status_code in expected, (rule, method, said.status)
            if said.status_code == 303:
                assert said.location.startswith("/login?next=/")
                assert said.data == b""
        seen += 1
    assert seen >= 10


def test_what_is_open_is_known(site: Site) -> None:
    client = site.browser().client
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code in (200, 503)
    assert client.get("/login").status_code == 200
    for path, status in (("console.css", 200), ("../pages.py", 404), ("%2e%2e/pages.py", 404)):
        said = client.get(f"/static/console/{path}")
        assert said.status_code == status
        said.close()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_less_than_an_admin_sees_nothing_of_admins(site: Site, role: Role) -> None:
    browser = site.logged_in("ada", role)
    headers = {"X-CSRFToken": browser.form_of("/")}
    for rule, method, path in routes(site):
        if ADMINS.match(rule.rule):
            said = browser.client.open(path, method=method, headers=headers)
            assert said.status_code == 403, (rule, method, said.status)
            assert "admin" in said.text


def test_a_viewer_changes_nothing_but_his_own(site: Site) -> None:
    browser = site.logged_in("ada", Role.VIEWER)
    headers = {"X-CSRFToken": browser.form_of("/")}
    for rule, method, path in routes(site):
        view = site.app.view_functions[rule.endpoint]
        if getattr(view, "hookline_role", None) is Role.VIEWER:  # it only looks, if by POST
            continue
        if method in CHANGES and rule.rule not in OWN:
            said = browser.client.open(path, method=method, headers=headers)
            assert said.status_code == 403, (rule, method, said.status)


@pytest.mark.parametrize("role", list(Role))
def test_a_token_may_what_its_role_may(site: Site, role: Role) -> None:
    headers = {"Authorization": f"Bearer {site.token(role)}"}
    client = site.browser().client
    for wanted in Role:
        said = client.post(f"/api/as/{wanted.value}", headers=headers)
        assert said.status_code == (200 if role.covers(wanted) else 403)


def test_a_token_ends_with_its_time(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token(Role.VIEWER, days=1)}"}
    client = site.browser().client
    site.clock.pass_(86_399)
    assert client.get(VIEWERS, headers=headers).status_code == 200
    site.clock.pass_(1)
    assert client.get(VIEWERS, headers=headers).status_code == 401


def test_a_revoked_token_is_good_no_longer(site: Site) -> None:
    text = site.token(Role.VIEWER)
    store = site.runtime.store
    headers = {"Authorization": f"Bearer {text}"}
    assert site.browser().client.get(VIEWERS, headers=headers).status_code == 200
    assert store.tokens()[0].used == site.clock.moment
    store.revoke(store.tokens()[0].id)
    assert site.browser().client.get(VIEWERS, headers=headers).status_code == 401


def test_a_token_can_do_no_more_than_its_maker_now(site: Site) -> None:
    site.user("ada", Role.ADMIN)
    site.user("bob", Role.ADMIN)
    store = site.runtime.store
    _, text = tokens.issue(store, label="x", role=Role.ADMIN, days=1, maker="ada", now=site.clock())
    headers = {"Authorization": f"Bearer {text}"}
    client = site.browser().client
    assert client.get("/api/as/admin", headers=headers).status_code == 200
    accounts.set_role(store, "ada", Role.VIEWER)
    assert client.get("/api/as/admin", headers=headers).status_code == 403
    assert client.get(VIEWERS, headers=headers).status_code == 200
    accounts.remove(store, "ada")
    assert client.get(VIEWERS, headers=headers).status_code == 401
    assert store.tokens() == []


def test_a_token_does_not_make_a_cookie_better(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    headers = {"Authorization": "Bearer hlt_wrong_token"}
    assert browser.client.get("/api/as/admin", headers=headers).status_code == 401
    assert browser.client.get("/api/as/admin").status_code == 200


def test_a_token_opens_no_page(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token(Role.ADMIN)}"}
    assert site.browser().client.get("/users", headers=headers).status_code == 303


@pytest.mark.parametrize("shown", ["", "hlt", "hlt_", "hlt__", "x_a_b", "hlt_a_", "hlt_\xff_\xff"])
def test_what_is_no_token_is_nobodys(site: Site, shown: str) -> None:
    client = site.browser().client
    headers = {"Authorization": f"Bearer {shown}"}
    assert client.get(VIEWERS, headers=headers).status_code == 401


def test_a_token_of_one_portal_sees_no_other(site: Site) -> None:
    client = site.browser().client
    own = {"Authorization": f"Bearer {site.token(Role.VIEWER, portal=PORTAL)}"}
    other = {"Authorization": f"Bearer {site.token(Role.VIEWER, portal='other')}"}
    assert client.get(VIEWERS, headers=own).json == [PORTAL]
    assert client.get(VIEWERS, headers=other).json == ["other"]
    with pytest.raises(Faults, match="for all portals"):
        site.token(Role.ADMIN, portal=PORTAL)


# What was done


def test_every_deed_leaves_a_trail(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    browser.post("/users", page="/users", name="bob", role="viewer")
    browser.post("/users/bob/role", page="/users", role="operator")
    browser.post("/users/bob/password", page="/users")
    browser.post("/users/bob/remove", page="/users")
    browser.post("/tokens", page="/tokens", label="a dashboard", role="viewer", days="7", portal="")
    token = site.runtime.store.tokens()[0]
    browser.post(f"/tokens/{token.id}/revoke", page="/tokens")
    site.browser().log_in("ada", "wrong")
    browser.post("/logout", page="/")
    deeds = list(reversed(site.runtime.store.deeds().deeds))
    assert [(each.who, each.what, each.on) for each in deeds] == [
        ("ada", "log in", "console"),
        ("ada", "add user", "bob"),
        ("ada", "change role", "bob"),
        ("ada", "reset password", "bob"),
        ("ada", "remove user", "bob"),
        ("ada", "make token", token.id),
        ("ada", "revoke token", token.id),
        ("ada", "log in refused", "console"),
        ("ada", "log out", "console"),
    ]
    assert {each.place for each in deeds} == {"192.0.2.1"}
    assert {each.at for each in deeds} == {site.clock.moment}


def test_what_was_not_done_leaves_none(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    browser.post("/users", page="/users", name="ada", role="viewer")
    browser.post("/users/ada/remove", page="/users")
    browser.post("/tokens", page="/tokens", label="", role="viewer", days="7")
    assert [deed.what for deed in site.runtime.store.deeds().deeds] == ["log in"]


def test_the_trail_is_read_page_by_page(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    for number in range(120):
        site.runtime.store.note_deed(deed(site, what=f"deed-{number}-end"))
    first = browser.get("/audit").text
    assert "deed-119-end" in first
    assert "deed-5-end" not in first
    older = re.search(r'href="(/audit\?before=[^"]+)"', first)
    assert older
    assert "deed-5-end" in browser.get(older[1]).text
    assert browser.get("/audit?before=x").status_code == 404


def deed(site: Site, *, what: str) -> Deed:
    return Deed(who="x", how="session", what=what, on="y", at=site.clock(), place="")


# Headers


def test_every_page_says_what_it_may_load(site: Site) -> None:
    browser = site.logged_in("ada", Role.ADMIN)
    for rule, method, path in routes(site):
        if method != "GET" or path.startswith(("/api", "/metrics")):
            continue
        said = browser.get(path)
        policy = said.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, rule
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert said.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", said.text), rule


def test_the_store_being_down_is_told() -> None:
    site = made("redis://127.0.0.1:1/0")
    for path in ("/", "/login", "/api/as/viewer"):
        headers = {"Authorization": "Bearer hlt_a_b"}
        said = site.browser().client.get(path, headers=headers)
        assert said.status_code == (303 if path == "/" else 503), path
