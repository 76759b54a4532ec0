"""What the token endpoint answers, and what it means: HubSpot's own errors and those of the RFC."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.credentials.conftest import CLIENT_SECRET, portal_of
from tests.workers.test_settings import ENDPOINT, _loaded
from workers.credentials.exchange import PATHS, Exchange, Misconfigured, NotGranted
from workers.errors import HooklineError, Refused, Retryable, Throttled
from workers.settings import Portal

NEWEST, OLDEST = PATHS
REFRESH = "na1-the-refresh-token"
TOKEN = {"access_token": "a", "refresh_token": REFRESH, "expires_in": 1_800}
TOLD = "missing or invalid refresh token"


@contextmanager
def endpoint(answers: Mapping[str, tuple[int, object]]) -> Iterator[tuple[Portal, list[str]]]:
    """A token endpoint that answers so at each path; 404 elsewhere. Also the secrets it saw."""
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            shown.append(form["client_secret"][0])
            status, body = answers.get(self.path, (404, {"message": "no such resource"}))
            text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield portal_of(f"http://127.0.0.1:{server.server_port}"), shown
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"status": "BAD_REFRESH_TOKEN", "message": TOLD}, NotGranted),
        (400, {"error": "invalid_grant", "error_description": "it was revoked"}, NotGranted),
        (400, {"status": "error", "message": TOLD}, NotGranted),
        (
            400,
            {"error": "invalid_grant", "status": "BAD_CLIENT_ID", "message": "another app's"},
            Misconfigured,
        ),
        (400, {"status": "BAD_CLIENT_SECRET", "message": "wrong secret"}, Misconfigured),
        (401, {"error": "invalid_client"}, Misconfigured),
        (400, {"status": "BAD_HUB", "message": "the account is closed"}, Refused),
        (403, "<html>blocked</html>", Refused),
        (429, {"message": "slowly"}, Throttled),
        (500, {}, Retryable),
        (503, "<html>", Retryable),
        (200, "<html>", Retryable),
        (200, {"access_token": "a"}, Retryable),
    ],
    ids=str,
)
def test_an_answer_says_whether_the_grant_the_app_or_the_moment_is_wrong(
    status: int, body: object, kind: type[HooklineError]
) -> None:
    with (
        endpoint({NEWEST: (status, body)}) as (portal, _),
        Exchange(portal) as exchange,
        pytest.raises(kind) as raised,
    ):
        exchange.refreshed(REFRESH)
    assert type(raised.value) is kind or kind is Retryable
    for secret in (REFRESH, CLIENT_SECRET):
        assert secret not in str(raised.value)


def test_what_an_answer_repeats_of_the_secrets_is_not_told() -> None:
    body = {"status": "BAD_HUB", "message": f"{REFRESH} with {CLIENT_SECRET}"}
    with (
        endpoint({NEWEST: (400, body)}) as (portal, _),
        Exchange(portal) as exchange,
        pytest.raises(Refused, match="••• with •••"),
    ):
        exchange.refreshed(REFRESH)


def test_where_the_newest_endpoint_is_not_there_the_oldest_is_asked() -> None:
    with endpoint({OLDEST: (200, TOKEN)}) as (portal, shown), Exchange(portal) as exchange:
        assert exchange.refreshed(REFRESH).access_token == "a"
        assert len(shown) == 2
    dated = {"/oauth/2025-09/token": (410, {}), NEWEST: (200, TOKEN)}
    with (
        endpoint(dated) as (portal, shown),
        Exchange(replace(portal, api="2025-09")) as exchange,
    ):
        assert exchange.refreshed(REFRESH).access_token == "a"


def test_a_client_secret_that_is_rotated_in_its_file_is_shown_next(tmp_path: Path) -> None:
    """As Kubernetes does it: the folder that a link leads to is another."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "secret").write_text(f"secret-{name}\n")
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "secret").symlink_to("..data/secret")
    with endpoint({NEWEST: (200, TOKEN)}) as (portal, shown):
        assert portal.oauth is not None
        app = replace(portal.oauth, client_secret_file=tmp_path / "secret")
        for name in ("one", "two"):
            (tmp_path / "next").symlink_to(name)
            (tmp_path / "next").replace(tmp_path / "..data")
            with Exchange(replace(portal, oauth=app)) as exchange:
                exchange.refreshed(REFRESH)
    assert shown == ["secret-one", "secret-two"]


# The configuration


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("https://api.hubapi.com", "https://app.hubspot.com/oauth/authorize"),
        ("https://api-eu1.hubapi.com", "https://app-eu1.hubspot.com/oauth/authorize"),
        ("https://hubspot.example", "https://hubspot.example/oauth/authorize"),
    ],
)
def test_the_page_of_consent_is_of_the_same_data_centre(
    tmp_path: Path, base_url: str, page: str
) -> None:
    secret = tmp_path / "app"
    secret.write_text("s3cr3t\n")
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    text = f"""\
portals:
  acme:
    base_url: {base_url}
    oauth:
      {{client_id: a, client_secret: "${{APP}}", scopes: [oauth, b], optional_scopes: [b, c]}}
"""
    environ = {"APP_FILE": str(secret), "HOOKLINE_SECRET_KEY_FILE": str(key)}
    found = _loaded(tmp_path, text + ENDPOINT, **environ)
    app = found.portals["acme"].oauth
    assert app is not None
    assert (app.authorize_url, app.optional_scopes) == (page, ("c",))
    assert (app.client_secret, app.client_secret_file) == ("s3cr3t", secret)
    assert found.secret_key_files == (key,)


def test_an_app_of_hubspots_that_asks_for_no_oauth_is_warned_of(tmp_path: Path) -> None:
    text = "portals: {acme: {oauth: {client_id: a, client_secret: s, scopes: [b]}}}\n"
    found = _loaded(tmp_path, text + ENDPOINT, HOOKLINE_SECRET_KEY="ab" * 32)
    assert any("lacks `oauth`" in each for each in found.warnings)
