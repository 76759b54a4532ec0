"""Calls: what goes out, in either family of paths."""

from collections.abc import Callable
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.crm.calls import Api, Call, CreateRow, LinkTo, PairRow, UpdateRow, UpsertRow
from workers.errors import Permanent

CLASSIC, DATED = Api(), Api("2026-03")
Build = Callable[[Api], Call]

PATHS: list[tuple[Build, str, str]] = [
    (
        lambda api: api.read("contacts", "1"),
        "/crm/v3/objects/contacts/1",
        "/crm/objects/D/contacts/1",
    ),
    (
        lambda api: api.upsert_batch("contacts", key_property="email", rows=[]),
        "/crm/v3/objects/contacts/batch/upsert",
        "/crm/objects/D/contacts/batch/upsert",
    ),
    (
        lambda api: api.associate("0-1", "1", "0-2", "2", types=[("USER_DEFINED", 3)]),
        "/crm/v4/objects/0-1/1/associations/0-2/2",
        "/crm/objects/D/0-1/1/associations/0-2/2",
    ),
    (
        lambda api: api.associate_default("0-1", "1", "0-2", "2"),
        "/crm/v4/objects/0-1/1/associations/default/0-2/2",
        "/crm/objects/D/0-1/1/associations/default/0-2/2",
    ),
    (
        lambda api: api.associate_in_path("0-1", "1", "0-2", "2", type_id=279),
        "/crm/v3/objects/0-1/1/associations/0-2/2/279",
        "/crm/objects/D/0-1/1/associations/0-2/2",
    ),
    (
        lambda api: api.associate_default_batch("0-1", "0-2", pairs=[("1", "2")]),
        "/crm/v4/associations/0-1/0-2/batch/associate/default",
        "/crm/associations/D/0-1/0-2/batch/associate/default",
    ),
    (
        lambda api: api.labels("0-1", "0-2"),
        "/crm/v4/associations/0-1/0-2/labels",
        "/crm/associations/D/0-1/0-2/labels",
    ),
    (
        lambda api: api.property("deals", "amount"),
        "/crm/v3/properties/deals/amount",
        "/crm/properties/D/deals/amount",
    ),
    (
        lambda api: api.stages("deals", "default"),
        "/crm/v3/pipelines/deals/default/stages",
        "/crm/pipelines/D/deals/default/stages",
    ),
    (lambda api: api.schemas(), "/crm-object-schemas/v3/schemas", "/crm-object-schemas/D/schemas"),
    (lambda api: api.owners(), "/crm/v3/owners", "/crm/owners/D"),
    (
        lambda api: api.enablement_of("0-410"),
        "/crm/v3/object-library/enablement/0-410",
        "/crm/object-library/D/enablement/0-410",
    ),
    (lambda api: api.account(), "/account-info/v3/details", "/account-info/D/details"),
    (
        lambda api: api.token_from_refresh(client_id="", client_secret="", refresh_token=""),
        "/oauth/v1/token",
        "/oauth/D/token",
    ),
]


@pytest.mark.parametrize(("build", "classic", "dated"), PATHS, ids=[p[1] for p in PATHS])
def test_each_call_has_its_path_in_both_families(build: Build, classic: str, dated: str) -> None:
    assert build(CLASSIC).path == classic
    assert build(DATED).path == dated.replace("D", "2026-03")


def test_only_the_path_differs_between_the_families() -> None:
    rows = [UpsertRow(key="a@example.org", properties={"phone": "1"}, trace="t1")]
    one, other = (
        api.upsert_batch("contacts", key_property="email", rows=rows) for api in (CLASSIC, DATED)
    )
    assert (one.body, one.method, one.inputs) == (other.body, other.method, other.inputs)


def test_an_upsert_says_the_key_the_properties_and_the_trace_and_no_association() -> None:
    row = UpsertRow(key="a@example.org", properties={"email": "a@example.org"}, trace="t1")
    call = CLASSIC.upsert_batch("contacts", key_property="email", rows=[row])
    assert call.body == {
        "inputs": [
            {
                "id": "a@example.org",
                "idProperty": "email",
                "properties": {"email": "a@example.org"},
                "objectWriteTraceId": "t1",
            }
        ]
    }
    assert call.repeat_safe


def test_a_create_is_not_safe_to_repeat() -> None:
    calls = [
        CLASSIC.create("notes", properties={}),
        CLASSIC.create_batch("notes", rows=[CreateRow(properties={})]),
        CLASSIC.merge("contacts", primary_id="1", merged_id="2"),
        CLASSIC.create_property("deals", {}),
    ]
    assert not any(call.repeat_safe for call in calls)


def test_types_of_one_record_share_an_entry_in_a_create() -> None:
    links = [
        LinkTo(to_id="5", type_id=279),
        LinkTo(to_id="5", type_id=1),
        LinkTo(to_id="6", type_id=279),
    ]
    body = CLASSIC.create("contacts", properties={}, links=links).body
    assert isinstance(body, dict)
    assert [(each["to"]["id"], len(each["types"])) for each in body["associations"]] == [
        ("5", 2),
        ("6", 1),
    ]


def test_a_trace_is_sent_only_where_there_is_one_and_it_is_allowed() -> None:
    without = CLASSIC.update_batch("deals", rows=[UpdateRow(id="1", properties={"amount": "2"})])
    assert without.body == {"inputs": [{"id": "1", "properties": {"amount": "2"}}]}
    for call in (
        CLASSIC.archive_batch("deals", ids=["1"]),
        CLASSIC.read_batch("deals", ids=["1"]),
        CLASSIC.associate_batch("0-1", "0-2", rows=[PairRow(from_id="1", to_id="2", type_id=279)]),
    ):
        assert "objectWriteTraceId" not in str(call.body)


def test_a_read_asks_only_for_what_is_wanted() -> None:
    assert CLASSIC.read("contacts", "1").query == ()
    call = CLASSIC.read(
        "contacts",
        "a@example.org",
        key_property="email",
        properties=["email", "phone"],
        history=["phone"],
        associations=["companies"],
        archived=True,
    )
    assert dict(call.query) == {
        "properties": "email,phone",
        "propertiesWithHistory": "phone",
        "associations": "companies",
        "archived": "true",
        "idProperty": "email",
    }
    assert call.path.endswith("/a%40example.org")


def test_a_search_for_values_sends_them_lower_cased() -> None:
    call = CLASSIC.search("companies", property="domain", values=["Example.ORG"], after="100")
    assert isinstance(call.body, dict)
    [group] = call.body["filterGroups"]
    assert group["filters"] == [
        {"propertyName": "domain", "operator": "IN", "values": ["example.org"]}
    ]
    assert (call.body["after"], call.meter) == ("100", "search")


def test_each_call_draws_from_the_budget_that_it_counts_against() -> None:
    assert CLASSIC.read("contacts", "1").meter == "crm"
    assert CLASSIC.search_query("contacts", body={}).meter == "search"
    assert CLASSIC.read_associations_batch("0-1", "0-2", ids=["1"]).meter == "associations"


def test_pairs_to_take_apart_are_grouped_by_record_and_all_counted() -> None:
    call = CLASSIC.dissociate_batch("0-1", "0-2", pairs=[("1", "5"), ("1", "6"), ("2", "5")])
    assert call.body == {
        "inputs": [
            {"from": {"id": "1"}, "to": [{"id": "5"}, {"id": "6"}]},
            {"from": {"id": "2"}, "to": [{"id": "5"}]},
        ]
    }
    assert call.inputs == 3


@pytest.mark.parametrize("nothing", ["", " ", ".", ".."])
def test_an_id_that_would_lead_to_another_path_is_not_made_a_call(nothing: str) -> None:
    with pytest.raises(Permanent):
        CLASSIC.archive("contacts", nothing)


@given(st.text(printable, min_size=1).filter(lambda text: text.strip(". ") != ""))
def test_no_id_reaches_beyond_its_own_segment(id: str) -> None:
    path = CLASSIC.read("contacts", id).path
    assert path.count("/") == "/crm/v3/objects/contacts/1".count("/")
    assert not set("?#") & set(path)
