"""7. Associations: in the object path, in v4 batches, default, labels, custom labels."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Json, Sdk, SdkError
from workers.crm import paging
from workers.crm.calls import PairRow
from workers.crm.replies import Linked, associations, labels, pairs, record, unaccounted

UNLABELLED, PRIMARY, INVERSE = 279, 1, 280  # contact to company, and back
KINDS = ("contacts", "companies")


@pytest.fixture
def contact(ours: Ours) -> str:
    """The id of a contact."""
    return ours.made("contacts", email="ann@example.org").id


@pytest.fixture
def company(ours: Ours) -> str:
    """The id of a company."""
    return ours.made("companies", name="Acme").id


def _linked(ours: Ours, contact: str) -> dict[str, Linked]:
    call = ours.api.list_associations("contacts", contact, "companies")
    return {each.id: each for each in paging.associated(ours.client.send, call)}


def _types(ours: Ours, contact: str, company: str) -> set[int]:
    found = _linked(ours, contact).get(company)
    return set() if found is None else {label.type_id for label in found.labels}


def _seen(sdk: Sdk, contact: str) -> dict[str, set[int]]:
    return {
        str(each["toObjectId"]): {kind["typeId"] for kind in each["associationTypes"]}
        for each in sdk.associated("contacts", contact, "companies")["results"]
    }


def test_an_association_in_the_path_is_made_and_removed(
    sdk: Sdk, ours: Ours, contact: str, company: str
) -> None:
    ends = ("contacts", contact, "companies", company)
    ours.send(ours.api.associate_in_path(*ends, type_id=UNLABELLED))
    assert UNLABELLED in _seen(sdk, contact)[company]
    ours.send(ours.api.dissociate_in_path(*ends, type_id=UNLABELLED))
    assert _seen(sdk, contact) == {}


def test_a_label_that_our_client_sets_the_sdk_reads(
    sdk: Sdk, ours: Ours, contact: str, company: str
) -> None:
    ours.send(
        ours.api.associate(
            "contacts", contact, "companies", company, types=[("HUBSPOT_DEFINED", PRIMARY)]
        )
    )
    assert _seen(sdk, contact) == {company: {PRIMARY, UNLABELLED}}


def test_what_the_sdk_associates_our_client_reads_from_both_ends(
    sdk: Sdk, ours: Ours, contact: str, company: str
) -> None:
    sdk.associate_default(("contacts", contact, "companies", company))
    assert UNLABELLED in _types(ours, contact, company)
    call = ours.api.read("companies", company, associations=["contacts"])
    row = record(ours.send(call))
    assert [link.id for link in row.associations["contacts"]] == [contact]


def test_a_pair_is_taken_apart_whole(sdk: Sdk, ours: Ours, contact: str, company: str) -> None:
    ends = ("contacts", contact, "companies", company)
    sdk.associate(ends, [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY}])
    ours.send(ours.api.dissociate(*ends))
    assert _seen(sdk, contact) == {}
    ours.send(ours.api.associate_default(*ends))
    sdk.dissociate(ends)
    assert _linked(ours, contact) == {}


def test_batches_create_read_and_archive(sdk: Sdk, ours: Ours) -> None:
    contacts = [ours.made("contacts", email=f"c{n}@example.org").id for n in range(4)]
    company = ours.made("companies", name="Acme").id
    rows = [PairRow(from_id=id, to_id=company, type_id=UNLABELLED) for id in contacts]
    call = ours.api.associate_batch(*KINDS, rows=rows)
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (201, ())
    read = sdk.associations(KINDS, "read", [{"id": id} for id in contacts])
    assert {
        each["from"]["id"]: [str(to["toObjectId"]) for to in each["to"]] for each in read["results"]
    } == {id: [company] for id in contacts}
    gone, *kept = contacts
    ours.send(ours.api.dissociate_batch(*KINDS, pairs=[(gone, company)]))
    call = ours.api.read_associations_batch(*KINDS, ids=contacts)
    found = associations(ours.send(call))
    assert {id: to for id, to in found.items() if to} == dict.fromkeys(kept, (company,))
    sdk.associations(
        KINDS, "archive", [{"from": {"id": id}, "to": [{"id": company}]} for id in kept]
    )
    assert not any(associations(ours.send(call)).values())


def test_a_default_batch_reports_both_directions(
    sdk: Sdk, ours: Ours, contact: str, company: str
) -> None:
    call = ours.api.associate_default_batch(*KINDS, pairs=[(contact, company)])
    reply = ours.send(call)
    assert (reply.status, unaccounted(call, reply)) == (200, ())
    both = {(pair.from_id, pair.to_id) for pair in pairs(reply).results}
    assert both == {(contact, company), (company, contact)}
    made = sdk.associations(
        KINDS, "create_default", [{"from": {"id": contact}, "to": {"id": company}}]
    )
    specs = {each["associationSpec"]["associationTypeId"] for each in made["results"]}
    assert specs == {UNLABELLED, INVERSE}


def test_one_label_is_taken_away_and_the_others_stay(
    sdk: Sdk, ours: Ours, contact: str, company: str
) -> None:
    row = PairRow(from_id=contact, to_id=company, type_id=PRIMARY)
    ours.send(ours.api.associate_batch(*KINDS, rows=[row]))
    ours.send(ours.api.dissociate_labels_batch(*KINDS, rows=[row]))
    assert _seen(sdk, contact) == {company: {UNLABELLED}}


def test_a_record_has_one_primary_company(sdk: Sdk, ours: Ours, contact: str, company: str) -> None:
    other = ours.made("companies", name="Other").id
    for id in (company, other):
        row = PairRow(from_id=contact, to_id=id, type_id=PRIMARY)
        ours.send(ours.api.associate_batch(*KINDS, rows=[row]))
    assert _seen(sdk, contact) == {company: {UNLABELLED}, other: {PRIMARY, UNLABELLED}}


def test_labels_are_listed_with_the_unlabelled_type(sdk: Sdk, ours: Ours) -> None:
    found = {label.type_id: label.label for label in labels(ours.send(ours.api.labels(*KINDS)))}
    assert found.items() >= {PRIMARY: "Primary", UNLABELLED: None}.items()
    listed = {each["typeId"]: each.get("label") for each in sdk.labels(KINDS)["results"]}
    assert listed == found


def test_a_label_of_ones_own_is_made_used_renamed_and_deleted(
    sdk: Sdk, ours: Ours, contact: str, company: str
) -> None:
    sdk.create_label(KINDS, label="Advisor", name="advisor", inverse="Advises")
    own = {label.label: label for label in labels(ours.send(ours.api.labels(*KINDS)))}["Advisor"]
    assert own.category == "USER_DEFINED"
    ours.send(
        ours.api.associate(
            "contacts", contact, "companies", company, types=[(own.category, own.type_id)]
        )
    )
    assert _seen(sdk, contact)[company] >= {own.type_id}
    back = {each.get("label") for each in sdk.labels(("companies", "contacts"))["results"]}
    assert "Advises" in back
    renamed = {"associationTypeId": own.type_id, "label": "Mentor", "inverseLabel": "Mentored by"}
    ours.send(ours.api.update_label(*KINDS, body=renamed))

    def listed() -> list[Json]:
        return list(sdk.labels(KINDS)["results"])

    named = {(each["category"], each["typeId"]): each.get("label") for each in listed()}
    assert named["USER_DEFINED", own.type_id] == "Mentor"
    ours.send(ours.api.delete_label(*KINDS, type_id=own.type_id))
    assert "USER_DEFINED" not in {each["category"] for each in listed()}


def test_an_association_with_nobody_is_refused(sdk: Sdk, ours: Ours, contact: str) -> None:
    call = ours.api.associate_default("contacts", contact, "companies", "424242")
    assert ours.refused(call).status in (400, 404)
    with pytest.raises(SdkError) as caught:
        sdk.associate_default(("contacts", contact, "companies", "424242"))
    assert caught.value.status in (400, 404)


def test_status_codes_of_one_pair(
    account: Account, plain: Plain, family: str, contact: str, company: str
) -> None:
    ends = f"contacts/{contact}/associations/companies/{company}"
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": UNLABELLED}]
    assert plain("PUT", f"linked/{ends}", types).status == 201
    assert plain("DELETE", f"linked/{ends}").status == 204
    default = f"contacts/{contact}/associations/default/companies/{company}"
    assert plain("PUT", f"linked/{default}").status == 200
    if family == "classic":
        code = 200 if account.strict else 201
        assert plain("PUT", f"objects/{ends}/{UNLABELLED}").status == code
        assert plain("DELETE", f"objects/{ends}/{UNLABELLED}").status == 204


def test_status_codes_of_batches_differ_between_the_families(
    plain: Plain, family: str, contact: str, company: str
) -> None:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": UNLABELLED}
    pair = {"from": {"id": contact}, "to": {"id": company}}
    typed = {"inputs": [{**pair, "types": [spec]}]}
    several = {"inputs": [{"from": {"id": contact}, "to": [{"id": company}]}]}
    base = "associations/contacts/companies"
    silent = 204 if family == "classic" else 200
    assert plain("POST", f"{base}/batch/create", typed).status == 201
    assert plain("POST", f"{base}/batch/labels/archive", typed).status == silent
    assert plain("POST", f"{base}/batch/associate/default", {"inputs": [pair]}).status == 200
    assert plain("POST", f"{base}/batch/archive", several).status == silent
    assert plain("POST", f"{base}/batch/read", {"inputs": [{"id": contact}]}).status in (200, 207)


def test_labels_are_found_under_each_of_their_paths(plain: Plain) -> None:
    one, *others = (
        plain("GET", f"/crm/{path}/contacts/companies/labels").body["results"]
        for path in ("v4/associations", "associations/v4", "associations/2026-03")
    )
    assert all(other == one for other in others)
