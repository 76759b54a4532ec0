"""12d. Search: its filters, limits and delay."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm import paging
from workers.crm.replies import search


def test_a_record_is_found_once_the_index_has_it(account: Account, sdk: Sdk, ours: Ours) -> None:
    account.control("POST", "switches", search_lag_s=5)
    sdk.create("contacts", {"email": "ann@example.org"})
    call = ours.api.search(
        "contacts", property="email", values=["ANN@example.org"], properties=["email"]
    )
    assert search(ours.send(call)).results == ()
    account.control("POST", "clock", by_s=6)
    page = search(ours.send(call))
    assert [row.properties["email"] for row in page.results] == ["ann@example.org"]
    assert page.total == 1


def test_the_sdk_finds_what_our_client_made(sdk: Sdk, ours: Ours) -> None:
    for number in range(3):
        ours.made("companies", name=f"Acme {number}", domain=f"acme{number}.example")
    filters = [{"propertyName": "domain", "operator": "EQ", "value": "acme1.example"}]
    found = sdk.search(
        "companies", filterGroups=[{"filters": filters}], properties=["domain"], limit=10
    )
    assert [row["properties"]["domain"] for row in found["results"]] == ["acme1.example"]
    assert sdk.search("companies", query="acme", limit=10)["total"] == 3


@pytest.mark.parametrize(
    ("operator", "more", "found"),
    [
        ("EQ", {"value": "20"}, {"20"}),
        ("NEQ", {"value": "20"}, {"10", "30"}),
        ("GT", {"value": "9"}, {"10", "20", "30"}),
        ("LTE", {"value": "20"}, {"10", "20"}),
        ("BETWEEN", {"value": "15", "highValue": "30"}, {"20", "30"}),
        ("IN", {"values": ["10", "30"]}, {"10", "30"}),
        ("NOT_IN", {"values": ["10", "30"]}, {"20"}),
        ("HAS_PROPERTY", {}, {"10", "20", "30"}),
    ],
)
def test_each_operator_finds_what_it_says(
    ours: Ours, operator: str, more: dict[str, object], found: set[str]
) -> None:
    for amount in ("10", "20", "30", ""):
        ours.made(
            "deals", dealname="D", pipeline="default", dealstage="qualifiedtobuy", amount=amount
        )
    filters = [{"propertyName": "amount", "operator": operator, **more}]
    body = {"filterGroups": [{"filters": filters}], "properties": ["amount"]}
    page = search(ours.send(ours.api.search_query("deals", body=body)))
    assert {row.properties["amount"] for row in page.results if "amount" in row.properties} == found


def test_a_search_goes_on_page_after_page(ours: Ours) -> None:
    for number in range(5):
        ours.made("companies", name=f"Acme {number}")
    body = {"query": "acme", "limit": 2, "sorts": [], "properties": ["name"]}
    rows = paging.records(ours.client.send, ours.api.search_query("companies", body=body))
    assert {row.properties["name"] for row in rows} == {f"Acme {n}" for n in range(5)}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "10000"},
        {"query": "x" * 3_001},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [{"propertyName": "city", "operator": "HAS_PROPERTY"}] * 7}]},
        {
            "filterGroups": [
                {"filters": [{"propertyName": "city", "operator": "LIKE", "value": "x"}]}
            ]
        },
    ],
    ids=["limit", "after", "characters", "groups", "filters", "operator"],
)
def test_a_search_beyond_its_limits_is_refused(plain: Plain, body: dict[str, object]) -> None:
    assert plain("POST", "objects/contacts/search", body).status == 400
