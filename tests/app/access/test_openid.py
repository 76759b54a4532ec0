"""Log-in by an OpenID provider: only by a word that is signed, fresh, and meant for us."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.access import Role
from tests.app.access.conftest import Browser, Site, made
from workers.settings.openid import OpenId

KEY = RSAKey.generate_key(2048, {"kid": "1"})
OTHER = RSAKey.generate_key(2048, {"kid": "1"})


@dataclass(kw_only=True)
class Idp:
    """A provider, and what it says of whoever comes."""

    server: ThreadingHTTPServer
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    asked: dict[str, list[str]] = field(default_factory=dict)  # of the token's request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def says(self, **claims: Any) -> None:
        self.claims |= claims


@pytest.fixture
def idp() -> Iterator[Idp]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/keys":
                self._say({"keys": [KEY.as_dict(private=False)]})
                return
            self._say(
                {
                    "issuer": found.url,
                    "authorization_endpoint": f"{found.url}/authorize",
                    "token_endpoint": f"{found.url}/token",
                    "jwks_uri": f"{found.url}/keys",
                }
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.asked = parse_qs(body)
            token = jwt.encode({"alg": "RS256", "kid": "1"}, found.claims, found.key)
            self._say({"access_token": "a", "token_type": "Bearer", "id_token": token})

        def _say(self, body: object) -> None:
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    found = Idp(server=ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    threading.Thread(target=found.server.serve_forever, args=(0.05,), daemon=True).start()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def site(redis_url: str, idp: Idp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider of the test is on http
    config = OpenId(
        issuer=idp.url,
        client_id="hookline",
        client_secret="s",
        domains=("example.com",),
        role="viewer",
    )
    found = made(redis_url, lambda settings: replace(settings, oidc=config))
    yield found
    found.runtime.store.close()


def sent_off(browser: Browser, site: Site, idp: Idp, **claims: Any) -> dict[str, str]:
    """Go to the provider; return what it was asked. It will vouch for Ada, but for `claims`."""
    gone = browser.get("/login/openid?next=/events")
    assert gone.status_code == 303
    asked = {name: each[0] for name, each in parse_qs(urlsplit(gone.location).query).items()}
    now = int(site.clock().timestamp())
    idp.says(
        iss=idp.url,
        aud="hookline",
        exp=now + 300,
        iat=now,
        nonce=asked["nonce"],
        email="Ada@Example.com",
        email_verified=True,
    )
    idp.says(**claims)
    return asked


def test_whoever_is_vouched_for_is_let_in_and_made_a_user(site: Site, idp: Idp) -> None:
    browser = site.browser()
    assert "Log in with your organisation" in browser.get("/login").text
    asked = sent_off(browser, site, idp)
    assert asked["code_challenge_method"] == "S256"
    back = browser.get(f"/login/back?code=c&state={asked['state']}")
    assert back.status_code == 200
    assert 'url=/events"' in back.text
    assert idp.asked["code_verifier"]
    assert browser.get("/events").status_code == 200
    user = site.runtime.store.user("ada@example.com")
    assert user is not None
    assert (user.role, user.password) == (Role.VIEWER, "")
    assert browser.get("/users").status_code == 403
    stranger = site.browser()
    assert stranger.log_in("ada@example.com", "").status_code == 401  # not by any password


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eve@elsewhere.example"},
        {"email": "eve@notexample.com"},
        {"email_verified": False},
        {"aud": "another"},
        {"iss": "https://elsewhere.example"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"email": "'; drop table"},
    ],
    ids=lambda claims: next(iter(claims)) + str(next(iter(claims.values())))[:12],
)
def test_a_word_that_is_not_as_it_should_be_lets_nobody_in(
    site: Site, idp: Idp, claims: dict[str, Any]
) -> None:
    browser = site.browser()
    asked = sent_off(browser, site, idp, **claims)
    assert browser.get(f"/login/back?code=c&state={asked['state']}").status_code == 401
    assert browser.get("/events").status_code == 303


def test_a_word_signed_by_another_key_lets_nobody_in(site: Site, idp: Idp) -> None:
    idp.key = OTHER
    browser = site.browser()
    asked = sent_off(browser, site, idp)
    assert browser.get(f"/login/back?code=c&state={asked['state']}").status_code == 401


def test_a_log_in_that_another_browser_began_is_not_taken_over(site: Site, idp: Idp) -> None:
    asked = sent_off(site.browser(), site, idp)
    victim = site.browser()
    assert victim.get(f"/login/back?code=c&state={asked['state']}").status_code == 401


def test_a_way_back_is_gone_once(site: Site, idp: Idp) -> None:
    browser = site.browser()
    asked = sent_off(browser, site, idp)
    url = f"/login/back?code=c&state={asked['state']}"
    assert browser.get(url).status_code == 200
    assert browser.get(url).status_code == 401
    wrong = site.browser()
    sent_off(wrong, site, idp)
    assert wrong.get("/login/back?code=c&state=guessed").status_code == 401
    assert wrong.get("/login/back?error=access_denied").status_code == 401


def test_a_target_elsewhere_is_not_gone_to(site: Site, idp: Idp) -> None:
    browser = site.browser()
    gone = browser.get("/login/openid?next=https://evil.example/")
    asked = {name: each[0] for name, each in parse_qs(urlsplit(gone.location).query).items()}
    now = int(site.clock().timestamp())
    idp.says(
        iss=idp.url,
        aud="hookline",
        exp=now + 300,
        nonce=asked["nonce"],
        email="ada@example.com",
        email_verified=True,
    )
    back = browser.get(f"/login/back?code=c&state={asked['state']}")
    assert back.status_code == 200
    assert "evil" not in back.text


def test_newcomers_without_a_role_wait_for_an_admin(redis_url: str, site: Site, idp: Idp) -> None:
    config = site.runtime.settings.oidc
    assert config is not None
    strict = made(redis_url, lambda found: replace(found, oidc=replace(config, role="none")))
    browser = strict.browser()
    asked = sent_off(browser, strict, idp)
    back = browser.get(f"/login/back?code=c&state={asked['state']}")
    assert back.status_code == 401
    assert "ask an admin" in back.text
    strict.runtime.store.close()


def test_without_a_provider_there_is_no_such_page(redis_url: str) -> None:
    site = made(redis_url)
    assert site.browser().get("/login/openid").status_code == 404
    assert "organisation" not in site.browser().get("/login").text
    site.runtime.store.close()
