"""Limits: budgets by tier, the answers when they are used up, and the headers before."""

from tests.sandbox.account import Account

CONTACTS = "/crm/v3/objects/contacts"


def test_headers_count_down(account: Account) -> None:
    account.control("tier", tier="professional")
    first = account.call("GET", CONTACTS).headers
    second = account.call("GET", CONTACTS).headers
    assert first["X-HubSpot-RateLimit-Max"] == "190"
    assert first["X-HubSpot-RateLimit-Remaining"] == "189"
    assert first["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert first["X-HubSpot-RateLimit-Daily"] == "625000"
    assert second["X-HubSpot-RateLimit-Remaining"] == "188"
    assert second["X-HubSpot-RateLimit-Daily-Remaining"] == "624998"


def test_an_oauth_app_is_told_nothing_of_the_day(account: Account) -> None:
    account.control("tier", tier="oauth")
    headers = account.call("GET", CONTACTS).headers
    assert headers["X-HubSpot-RateLimit-Max"] == "110"
    assert "X-HubSpot-RateLimit-Daily" not in headers


def test_a_burst_is_refused_with_its_policy(account: Account) -> None:
    account.control("tier", tier="professional", burst=2)
    for _ in range(2):
        account.done("GET", CONTACTS, status=200)
    answer = account.call("GET", CONTACTS)
    said = answer.json()
    assert answer.status_code == 429
    assert said["policyName"] == "TEN_SECONDLY_ROLLING"
    assert said["message"] == "You have reached your ten_secondly_rolling limit."
    assert said["errorType"] == "RATE_LIMIT"
    assert "Retry-After" not in answer.headers


def test_a_burst_is_over_after_ten_seconds(account: Account) -> None:
    account.control("tier", tier="professional", burst=1)
    account.done("GET", CONTACTS, status=200)
    account.done("GET", CONTACTS, status=429)
    account.control("clock", by_s=10)
    account.done("GET", CONTACTS, status=200)


def test_a_wait_may_be_told(account: Account) -> None:
    account.control("tier", tier="professional", burst=1)
    account.control("switches", retry_after_on_429="present")
    account.done("GET", CONTACTS, status=200)
    answer = account.call("GET", CONTACTS)
    assert 1 <= int(answer.headers["Retry-After"]) <= 10


def test_the_day_is_used_up_until_midnight(account: Account) -> None:
    account.control("tier", tier="professional", daily=1)
    account.done("GET", CONTACTS, status=200)
    said = account.done("GET", CONTACTS, status=429)
    assert said["policyName"] == "DAILY"
    assert said["message"] == "You have reached your daily limit."
    account.control("clock", by_s=86_400)
    account.done("GET", CONTACTS, status=200)


def test_searches_have_a_budget_of_their_own_and_no_headers(account: Account) -> None:
    account.control("tier", tier="professional")
    for _ in range(5):
        answer = account.call("POST", f"{CONTACTS}/search", {})
        assert answer.status_code == 200
        assert not [name for name in answer.headers if "ratelimit" in name.lower()]
    said = account.done("POST", f"{CONTACTS}/search", {}, status=429)
    assert said["policyName"] == "SECONDLY"
    assert said["message"] == "You have reached your secondly limit."
    account.done("GET", CONTACTS, status=200)


def test_associations_have_a_budget_of_their_own(account: Account) -> None:
    account.control("tier", tier="professional", burst=1)
    account.done("GET", CONTACTS, status=200)
    account.done("GET", "/crm/v4/associations/contacts/companies/labels", status=200)
    account.done("GET", CONTACTS, status=429)


def test_a_batch_of_100_is_one_request(account: Account) -> None:
    account.control("tier", tier="professional")
    rows = [{"properties": {"email": f"c{number}@example.org"}} for number in range(100)]
    answer = account.call("POST", f"{CONTACTS}/batch/create", {"inputs": rows})
    assert answer.status_code == 201
    assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "189"
