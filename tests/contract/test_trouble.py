"""Trouble: who may, how often, and what goes wrong."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.errors import Retryable, Throttled, Unanswered
from workers.settings import Portal


@pytest.mark.parametrize(
    ("token", "category"),
    [("", "INVALID_AUTHENTICATION"), ("expired", "EXPIRED_AUTHENTICATION")],
)
def test_who_is_not_known_is_told_so(plain: Plain, token: str, category: str) -> None:
    headers = {"Authorization": f"Bearer {token}" if token else ""}
    answer = plain("GET", "objects/contacts", headers=headers)
    assert (answer.status, answer.body["category"]) == (401, category)


def test_who_may_not_is_told_which_scope_is_missing(plain: Plain) -> None:
    headers = {"Authorization": "Bearer readonly"}
    answer = plain("POST", "objects/contacts", {"properties": {}}, headers=headers)
    assert (answer.status, answer.body["category"]) == (403, "MISSING_SCOPES")
    assert answer.body["errors"][0]["context"]["requiredGranularScopes"]


def test_an_error_has_an_id_in_its_body_and_headers(plain: Plain) -> None:
    answer = plain("GET", "objects/contacts/424242")
    assert answer.body["status"] == "error"
    assert answer.headers["x-hubspot-correlation-id"] == answer.body["correlationId"]


def test_a_method_that_a_path_does_not_have_is_405_and_no_path_is_a_page(plain: Plain) -> None:
    assert plain("PUT", "objects/contacts").status == 405
    nowhere = plain("GET", "/crm/v3/nowhere")
    assert (nowhere.status, nowhere.body) == (404, None)
    assert "html" in nowhere.headers["Content-Type"]


def test_a_path_that_is_too_long_is_414(plain: Plain, ours: Ours) -> None:
    names = ",".join(f"property_number_{n}" for n in range(1_000))
    assert plain("GET", "objects/contacts", query=f"?properties={names}").status == 414
    call = ours.api.list_records("contacts", properties=names.split(","))
    assert ours.refused(call).status == 414


def test_a_limit_that_is_reached_is_told_with_its_name_and_wait(
    account: Account, plain: Plain, ours: Ours
) -> None:
    account.control("POST", "tier", tier="professional", burst=3)
    try:
        first = plain("GET", "objects/contacts")
        assert first.headers["X-HubSpot-RateLimit-Max"] == "3"
        assert first.headers["X-HubSpot-RateLimit-Remaining"] == "2"
        assert first.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
        for _ in range(2):
            plain("GET", "objects/contacts")
        answer = plain("GET", "objects/contacts")
        assert (answer.status, answer.body["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
        assert answer.body["message"] == "You have reached your ten_secondly_rolling limit."
        assert ("Retry-After" in answer.headers) is not account.strict
        with pytest.raises(Throttled) as caught:
            ours.send(ours.api.list_records("contacts"))
        assert caught.value.policy == "TEN_SECONDLY_ROLLING"
        assert caught.value.retry_after_s is not None
        account.control("POST", "clock", by_s=11)
        assert plain("GET", "objects/contacts").status == 200
    finally:
        account.control("POST", "tier", tier="unlimited")


def test_searches_have_a_limit_of_their_own_and_no_headers(account: Account, plain: Plain) -> None:
    account.control("POST", "tier", tier="professional")
    try:
        answers = [plain("POST", "objects/contacts/search", {}) for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * 5
        assert not [name for name in answers[0].headers if "ratelimit" in name.lower()]
        assert plain("GET", "objects/contacts").status == 200
    finally:
        account.control("POST", "tier", tier="unlimited")


def test_the_end_of_the_day_is_not_known(account: Account, ours: Ours) -> None:
    account.control("POST", "tier", tier="professional", daily=1)
    try:
        ours.send(ours.api.list_records("contacts"))
        with pytest.raises(Throttled) as caught:
            ours.send(ours.api.list_records("contacts"))
        assert (caught.value.policy, caught.value.retry_after_s) == ("DAILY", None)
    finally:
        account.control("POST", "tier", tier="unlimited")


@pytest.mark.parametrize(
    ("status", "wait_s"), [(423, None), (477, 60), (500, None), (502, None), (503, 5), (524, None)]
)
def test_what_may_succeed_later_is_retried_and_not_given_up(
    account: Account, ours: Ours, status: int, wait_s: int | None
) -> None:
    rule: dict[str, object] = {"kind": "status", "status": status}
    if wait_s is not None:
        rule["retry_after_s"] = wait_s
    account.control("POST", "faults", **rule)
    call = ours.api.list_records("contacts")
    with pytest.raises(Retryable) as caught:
        ours.send(call)
    assert caught.value.retry_after_s == (wait_s if wait_s is not None or status != 423 else 2.0)
    ours.send(call)


@pytest.mark.parametrize("kind", ["lost", "cut"])
def test_an_answer_that_is_lost_leaves_it_open_and_the_write_stands(
    account: Account, sdk: Sdk, ours: Ours, kind: str
) -> None:
    account.control("POST", "faults", kind=kind, method="POST")
    with pytest.raises(Unanswered):
        ours.made("contacts", email="ann@example.org")
    assert sdk.read("contacts", "ann@example.org", key_property="email")["id"]


def test_one_client_serves_many_threads_each_with_its_own_answer(ours: Ours) -> None:
    ids = [ours.made("contacts", lastname=f"n{number}").id for number in range(20)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(lambda id: ours.read("contacts", id).id, ids * 5))
    assert found == ids * 5


def test_an_answer_that_drips_leaves_it_open(account: Account, family: str) -> None:
    portal = Portal(name="slow", base_url=account.url, token="ours", api=family, read_timeout_s=0.5)
    client = Client(portal)
    account.control("POST", "faults", kind="drip", delay_s=30)
    with pytest.raises(Unanswered):
        client.send(Api(family).list_records("contacts"))
    client.close()
