"""13. Merge, and what a merged id answers afterwards."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm.calls import UpdateRow
from workers.crm.replies import matched, record, unaccounted


@pytest.fixture
def two(ours: Ours) -> tuple[str, str]:
    """The ids of two contacts, each with something of its own."""
    one = ours.made("contacts", email="ann@example.org", firstname="Ann")
    other = ours.made("contacts", email="ann@work.example", firstname="Anna", city="Ghent")
    return one.id, other.id


def test_the_primary_has_its_say_and_the_other_fills_the_gaps(
    sdk: Sdk, ours: Ours, two: tuple[str, str]
) -> None:
    primary, other = two
    merged = record(ours.send(ours.api.merge("contacts", primary_id=primary, merged_id=other)))
    found = sdk.read("contacts", merged.id, properties=["firstname", "city", "email"])
    assert found["properties"].items() >= {
        "firstname": "Ann", "city": "Ghent", "email": "ann@example.org",
    }.items()  # fmt: skip


def test_both_old_ids_lead_to_the_merged_record(sdk: Sdk, ours: Ours, two: tuple[str, str]) -> None:
    merged = sdk.merge(*two)["id"]
    assert [ours.read("contacts", id).id for id in two] == [merged, merged]
    assert [sdk.read("contacts", id)["id"] for id in two] == [merged, merged]


def test_both_addresses_lead_to_the_merged_record(
    sdk: Sdk, ours: Ours, two: tuple[str, str]
) -> None:
    merged = sdk.merge(*two)["id"]
    call = ours.api.read_batch(
        "contacts",
        ids=["ann@example.org", "ann@work.example"],
        key_property="email",
        properties=["email", "hs_additional_emails"],
    )
    assert {row.id for row in matched(call, ours.send(call)).results} == {merged}
    assert sdk.read("contacts", "ann@work.example", key_property="email")["id"] == merged


def test_an_update_by_a_merged_id_is_never_taken_for_one_that_answered(
    ours: Ours, two: tuple[str, str]
) -> None:
    primary, other = two
    merged = record(ours.send(ours.api.merge("contacts", primary_id=primary, merged_id=other)))
    call = ours.api.update_batch("contacts", rows=[UpdateRow(id=other, properties={"city": "X"})])
    reply = ours.send(call)
    answered = {row.id for row in matched(call, reply).results if row.input}
    assert answered <= {other}
    assert unaccounted(call, reply) or answered or matched(call, reply).errors
    assert merged.id != other


def test_associations_come_along(sdk: Sdk, ours: Ours, two: tuple[str, str]) -> None:
    primary, other = two
    company = ours.made("companies", name="Acme")
    ours.send(ours.api.associate_default("contacts", other, "companies", company.id))
    merged = sdk.merge(primary, other)["id"]
    row = record(ours.send(ours.api.read("contacts", merged, associations=["companies"])))
    assert [link.id for link in row.associations["companies"]] == [company.id]


def test_companies_merge_as_well(ours: Ours) -> None:
    one, other = ours.made("companies", name="Acme"), ours.made("companies", name="Acme BV")
    call = ours.api.merge("companies", primary_id=one.id, merged_id=other.id)
    merged = record(ours.send(call))
    assert ours.read("companies", other.id, "name").properties["name"] == "Acme"
    assert ours.read("companies", other.id).id == merged.id


def test_the_answer_is_a_record_with_a_new_id_or_the_primarys_by_switch(
    account: Account, plain: Plain, two: tuple[str, str]
) -> None:
    account.control("POST", "switches", merge_id="preserve")
    primary, other = two
    body = {"primaryObjectId": primary, "objectIdToMerge": other}
    answer = plain("POST", "objects/contacts/merge", body)
    assert (answer.status, answer.body["id"]) == (200, primary)


def test_a_record_does_not_merge_with_itself_or_with_nobody(
    plain: Plain, two: tuple[str, str]
) -> None:
    for other in (two[0], "424242"):
        body = {"primaryObjectId": two[0], "objectIdToMerge": other}
        assert 400 <= plain("POST", "objects/contacts/merge", body).status < 500
