"""Tokens: any may do everything, until it is said which scopes it has or when it expires."""

import pytest

from tests.sandbox.account import Account

CONTACTS = "/crm/v3/objects/contacts"
NEW = {"properties": {"email": "ann@example.org"}}


def _status(account: Account, method: str, path: str, token: str, body: object = None) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return account.call(method, path, body, headers=headers).status_code


def test_a_token_does_what_its_scopes_allow(account: Account) -> None:
    account.control("tokens", token="few", scopes=["crm.objects.contacts.read"])
    assert _status(account, "GET", CONTACTS, "few") == 200
    assert _status(account, "POST", f"{CONTACTS}/search", "few", {}) == 200
    assert _status(account, "POST", CONTACTS, "few", NEW) == 403
    assert _status(account, "GET", "/crm/v3/objects/0-3", "few") == 403
    assert _status(account, "GET", CONTACTS, "another") == 200


@pytest.mark.parametrize("path", [CONTACTS, "/crm/objects/2026-03/0-1"])
def test_a_missing_scope_is_named(account: Account, path: str) -> None:
    account.control("tokens", token="none", scopes=[])
    answer = account.call("POST", path, NEW, headers={"Authorization": "Bearer none"})
    said = answer.json()
    assert (answer.status_code, said["category"]) == (403, "MISSING_SCOPES")
    wanted = said["errors"][0]["context"]["requiredGranularScopes"]
    assert wanted == ["crm.objects.contacts.write"]
    assert "scopes" in said["links"]


def test_a_token_expires_as_the_clock_moves(account: Account) -> None:
    account.control("tokens", token="short", expires_s=60)
    assert _status(account, "GET", CONTACTS, "short") == 200
    account.control("clock", by_s=135)
    answer = account.call("GET", CONTACTS, headers={"Authorization": "Bearer short"})
    said = answer.json()
    assert (answer.status_code, said["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert said["message"].startswith("The OAuth token used to make this call expired 7")
    assert said["context"]["expire time"]


def test_every_answer_has_a_correlation_id(account: Account) -> None:
    well = account.call("GET", CONTACTS)
    ill = account.call("GET", f"{CONTACTS}/1")
    assert well.headers["x-hubspot-correlation-id"] != ill.headers["x-hubspot-correlation-id"]
    assert ill.headers["x-hubspot-correlation-id"] == ill.json()["correlationId"]
