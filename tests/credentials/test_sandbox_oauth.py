"""The sandbox's part in OAuth: consent, codes of one use, tokens that expire, taking it back."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hubspot import HubSpot
from hubspot.oauth import ApiException

from app.sandbox.crm import PORTAL_ID
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.sandbox.account import TIMEOUT_S, Account

BACK = "http://127.0.0.1:9/oauth/callback"
APP = {"client_id": "app-1", "client_secret": "s3cr3t"}
ELSEWHERE = 9_009


@pytest.fixture
def account() -> Iterator[Account]:
    with Server(Options(tier="unlimited")) as server:
        found = Account(server)
        found.control("oauth/apps", **APP, redirects=[BACK])
        yield found
        found.close()


def brought(account: Account, **more: str) -> dict[str, str]:
    """What the browser brings back from the page of consent."""
    asked = {"client_id": "app-1", "redirect_uri": BACK, "scope": "crm.objects.contacts.read"}
    answer = requests.get(
        f"{account.server.url}/oauth/authorize",
        params={**asked, "state": "xyz", **more},
        allow_redirects=False,
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def asked(account: Account, *, path: str = "/oauth/v1/token", **form: str) -> requests.Response:
    """The answer of the token endpoint."""
    return requests.post(account.server.url + path, data={**APP, **form}, timeout=TIMEOUT_S)


def tokens(account: Account) -> dict[str, Any]:
    """The tokens of a new consent."""
    code = brought(account)["code"]
    answer = asked(account, grant_type="authorization_code", code=code, redirect_uri=BACK)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def reads(account: Account, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return account.call("GET", "/crm/v3/objects/contacts", headers=headers)


def test_a_code_is_good_for_one_time_and_where_it_was_asked_for(account: Account) -> None:
    found = brought(account)
    assert found["state"] == "xyz"
    form = {"grant_type": "authorization_code", "code": found["code"], "redirect_uri": BACK}
    assert asked(account, **form).json()["expires_in"] == 1_800
    assert asked(account, **form).json()["status"] == "BAD_AUTH_CODE"
    other = brought(account)["code"]
    answer = asked(account, **{**form, "code": other, "redirect_uri": BACK + "/x"})
    assert (answer.status_code, answer.json()["status"]) == (400, "BAD_REDIRECT_URI")


def test_another_secret_or_another_place_to_go_back_to_is_refused(account: Account) -> None:
    answer = asked(account, grant_type="refresh_token", refresh_token="x", client_secret="y")
    assert answer.json()["status"] == "BAD_CLIENT_SECRET"
    refused = account.call(
        "GET",
        "/oauth/authorize",
        client_id="app-1",
        redirect_uri="https://elsewhere.example",
        scope="a",
    )
    assert refused.status_code == 400


def test_an_access_token_expires_by_the_sandboxs_clock(account: Account) -> None:
    found = tokens(account)
    assert reads(account, found["access_token"]).status_code == 200
    account.control("clock", by_s=1_801)
    late = reads(account, found["access_token"])
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    renewed = asked(
        account,
        path="/oauth/2026-03/token",
        grant_type="refresh_token",
        refresh_token=found["refresh_token"],
    ).json()
    assert renewed["refresh_token"] == found["refresh_token"]
    assert reads(account, renewed["access_token"]).status_code == 200


def test_a_token_may_do_what_was_consented_to(account: Account) -> None:
    found = tokens(account)
    headers = {"Authorization": f"Bearer {found['access_token']}"}
    body = {"properties": {"email": "ann@example.org"}}
    answer = account.call("POST", "/crm/v3/objects/contacts", body, headers=headers)
    assert answer.json()["category"] == "MISSING_SCOPES"


def test_what_is_told_of_a_token_is_whose_account_it_is_for(account: Account) -> None:
    account.control("oauth/settings", hub_id=ELSEWHERE)
    found = tokens(account)
    told = account.done("GET", f"/oauth/v1/access-tokens/{found['access_token']}", status=200)
    assert (told["hub_id"], told["scopes"]) == (ELSEWHERE, ["crm.objects.contacts.read"])
    told = account.done("GET", f"/oauth/v1/refresh-tokens/{found['refresh_token']}", status=200)
    assert (told["hub_id"], told["client_id"]) == (ELSEWHERE, "app-1")
    headers = {"Authorization": f"Bearer {found['access_token']}"}
    details = account.call("GET", "/account-info/v3/details", headers=headers).json()
    assert details["portalId"] == ELSEWHERE
    assert account.call("GET", "/account-info/v3/details").json()["portalId"] == PORTAL_ID


def test_an_uninstalled_app_can_do_nothing_more(account: Account) -> None:
    found = tokens(account)
    assert account.control("oauth/uninstall") == {"ended": 1}
    answer = asked(account, grant_type="refresh_token", refresh_token=found["refresh_token"])
    assert (answer.status_code, answer.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert reads(account, found["access_token"]).status_code == 401


def test_a_forgotten_refresh_token_leaves_the_access_token_till_it_ends(account: Account) -> None:
    found = tokens(account)
    account.done("DELETE", f"/oauth/v1/refresh-tokens/{found['refresh_token']}", status=204)
    answer = asked(account, grant_type="refresh_token", refresh_token=found["refresh_token"])
    assert answer.json()["status"] == "BAD_REFRESH_TOKEN"
    assert reads(account, found["access_token"]).status_code == 200


def test_whoever_says_no_brings_no_code(account: Account) -> None:
    account.control("oauth/settings", denied=True)
    assert brought(account)["error"] == "access_denied"


def test_what_the_answers_tell_besides_is_as_hubspots(account: Account) -> None:
    found = tokens(account)
    assert (found["hub_id"], found["scopes"]) == (PORTAL_ID, ["crm.objects.contacts.read"])
    told = asked(account, path="/oauth/2026-03/token/introspect", token=found["access_token"])
    assert (told.json()["active"], told.json()["hub_id"]) == (True, PORTAL_ID)
    asked(account, path="/oauth/2026-03/token/revoke", token=found["refresh_token"])
    form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    for path in ("/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token"):
        refused = asked(account, path=path, **form)
        assert refused.status_code == 400
        assert refused.json()["status"] == "BAD_REFRESH_TOKEN"
        assert refused.json()["error"] == "invalid_grant"


def test_a_refresh_token_is_good_for_one_time_where_it_is_so_set(account: Account) -> None:
    account.control("oauth/settings", rotates=True)
    form = {"grant_type": "refresh_token", "refresh_token": tokens(account)["refresh_token"]}
    renewed = asked(account, **form).json()["refresh_token"]
    assert renewed != form["refresh_token"]
    assert asked(account, **form).json()["status"] == "BAD_REFRESH_TOKEN"
    assert asked(account, **{**form, "refresh_token": renewed}).status_code == 200


def test_hubspots_own_client_goes_the_whole_way(account: Account) -> None:
    """The classic SDK, unmodified, from the code to the end of the refresh token."""
    url = account.server.url
    hubspot = HubSpot(host=url)
    shown = hubspot.oauth.tokens_api.create(
        grant_type="authorization_code", code=brought(account)["code"], redirect_uri=BACK, **APP
    )
    assert (shown.token_type, shown.expires_in) == ("bearer", 1_800)
    told = hubspot.oauth.access_tokens_api.get(shown.access_token)
    assert (told.hub_id, told.scopes) == (PORTAL_ID, ["crm.objects.contacts.read"])
    page = HubSpot(access_token=shown.access_token, host=url).crm.contacts.basic_api.get_page()
    assert page.results == []
    again = hubspot.oauth.tokens_api.create(
        grant_type="refresh_token", refresh_token=shown.refresh_token, **APP
    )
    assert again.access_token != shown.access_token
    assert hubspot.oauth.refresh_tokens_api.get(again.refresh_token).client_id == "app-1"
    hubspot.oauth.refresh_tokens_api.archive(again.refresh_token)
    with pytest.raises(ApiException) as refused:
        hubspot.oauth.tokens_api.create(
            grant_type="refresh_token", refresh_token=shown.refresh_token, **APP
        )
    assert refused.value.status == 400
    assert "BAD_REFRESH_TOKEN" in refused.value.body
