"""Whatever is sent, the sandbox says what is wrong with it: it never breaks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.account import Account, Json

CONTACTS = "/crm/v3/objects/contacts"
PATHS = (
    CONTACTS,
    f"{CONTACTS}/batch/create",
    f"{CONTACTS}/batch/read",
    f"{CONTACTS}/batch/update",
    f"{CONTACTS}/batch/upsert",
    f"{CONTACTS}/batch/archive",
    f"{CONTACTS}/search",
    f"{CONTACTS}/merge",
    "/crm/v4/associations/contacts/companies/batch/create",
    "/crm/v4/associations/contacts/companies/batch/archive",
    "/crm/v4/associations/contacts/companies/batch/read",
    "/crm/v4/associations/contacts/companies/labels",
)
NAMES = ("id", "idProperty", "properties", "associations", "inputs", "to", "from", "types", "email")
MORE = ("filterGroups", "filters", "limit", "after", "associationTypeId", "closedate", "label")
INTEGERS = st.integers(min_value=-(2**53), max_value=2**53)
LEAVES = st.none() | st.booleans() | INTEGERS | st.sampled_from(["", "email", "--5", "²", "1"])
BODIES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES + MORE), inner, max_size=4)
    ),
    max_leaves=12,
)
INPUTS = st.fixed_dictionaries(
    {"inputs": st.lists(st.dictionaries(st.sampled_from(NAMES + MORE), BODIES), max_size=3)}
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(PATHS), body=BODIES | INPUTS)
def test_no_body_breaks_it(account: Account, path: str, body: Json) -> None:
    answer = account.call("POST", path, body)
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("annualrevenue", "1_000"),
        ("annualrevenue", "+inf"),
        ("annualrevenue", "1e400"),
        ("annualrevenue", "٣"),
        ("hs_timestamp", "--5"),
        ("hs_timestamp", "²"),
        ("hs_timestamp", "-50000000000000"),
        ("hs_timestamp", "2026-W01-1"),
        ("hs_timestamp", "9" * 40),
    ],
)
def test_what_only_looks_like_a_number_or_a_time_is_refused(
    account: Account, name: str, value: str
) -> None:
    kind = "notes" if name == "hs_timestamp" else "contacts"
    body = {"properties": {"email": "a@example.org", name: value}}
    if kind == "notes":
        del body["properties"]["email"]
    said = account.done("POST", f"/crm/v3/objects/{kind}", body, status=400)
    assert said["errors"][0]["context"]["propertyName"] == [name]


@pytest.mark.parametrize("query", ["after=abc", "limit=x", "limit=0", "limit=101"])
def test_a_page_that_makes_no_sense_is_refused(account: Account, query: str) -> None:
    account.done("GET", f"{CONTACTS}?{query}", status=400)


@pytest.mark.parametrize(
    "body", [{"search_lag_s": "soon"}, {"enum_case": "loud"}, {"mood": "bad", "merge_id": "x"}]
)
def test_a_switch_that_there_is_not_is_refused(account: Account, body: Json) -> None:
    said = account.done("POST", "/_sandbox/switches", body, status=400)
    for name in body:
        assert name in said["message"]
