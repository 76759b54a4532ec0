"""What search sees: it lags behind writes, and compares values by what they are."""

from tests.sandbox.account import Account, Json

CONTACTS = "/crm/v3/objects/contacts"
YEAR_2020_MS = "1577836800000"


def _found(account: Account, *filters: Json, kind: str = "contacts") -> list[Json]:
    body = {"filterGroups": [{"filters": list(filters)}], "properties": ["firstname"]}
    said = account.done("POST", f"/crm/v3/objects/{kind}/search", body, status=200)
    return list(said["results"])


def _filter(name: str, operator: str, value: str = "", **more: object) -> Json:
    return {"propertyName": name, "operator": operator, "value": value, **more}


def test_a_change_is_found_only_after_a_while(account: Account) -> None:
    contact = account.contact(firstname="Ann")
    account.control("clock", by_s=60)
    body = {"properties": {"firstname": "Bea"}}
    account.done("PATCH", f"{CONTACTS}/{contact}", body, status=200)
    assert account.read("contacts", contact)["properties"]["firstname"] == "Bea"
    assert _found(account, _filter("firstname", "EQ", "bea")) == []
    (before,) = _found(account, _filter("firstname", "EQ", "ann"))
    assert before["properties"]["firstname"] == "Ann"
    account.control("clock", by_s=60)
    (after,) = _found(account, _filter("firstname", "EQ", "BEA"))
    assert after["properties"]["firstname"] == "Bea"


def test_an_archived_record_is_not_found(account: Account) -> None:
    contact = account.contact(firstname="Ann")
    account.control("clock", by_s=60)
    account.done("DELETE", f"{CONTACTS}/{contact}", status=204)
    assert _found(account, _filter("firstname", "EQ", "Ann")) == []


def test_times_are_compared_as_times_in_either_spelling(account: Account) -> None:
    account.control("switches", search_lag_s=0)
    account.contact()
    assert len(_found(account, _filter("createdate", "GT", YEAR_2020_MS))) == 1
    assert len(_found(account, _filter("createdate", "GT", "2020-01-01T00:00:00Z"))) == 1
    assert _found(account, _filter("createdate", "LT", YEAR_2020_MS)) == []


def test_lists_of_texts_are_in_lower_case_and_options_as_they_are(account: Account) -> None:
    account.control("switches", search_lag_s=0)
    account.contact(firstname="Ann", hs_lead_status="NEW")
    assert len(_found(account, _filter("firstname", "IN", values=["ann"]))) == 1
    assert _found(account, _filter("firstname", "IN", values=["Ann"])) == []
    assert len(_found(account, _filter("hs_lead_status", "IN", values=["NEW"]))) == 1
    assert _found(account, _filter("hs_lead_status", "EQ", "new")) == []


def test_numbers_are_compared_as_numbers(account: Account) -> None:
    account.control("switches", search_lag_s=0)
    for amount in ("9", "10", "100.5"):
        account.create(
            "deals", dealname="D", pipeline="default", dealstage="closedwon", amount=amount
        )
    assert len(_found(account, _filter("amount", "GTE", "10"), kind="deals")) == 2
    between = _filter("amount", "BETWEEN", "9.5", highValue="100")
    assert len(_found(account, between, kind="deals")) == 1
