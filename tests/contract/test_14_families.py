"""14. Two families of paths, classic and dated, to the same account."""

import hubspot
import hubspot_sdk
import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm.calls import Api
from workers.crm.replies import linked, record

FAMILIES = ["2025-09", "2026-03", "2026-09", "2027-03-beta"]


def test_what_one_family_writes_the_other_reads(
    sdk: Sdk, ours: Ours, account: Account, family: str
) -> None:
    other = Plain(url=account.url, family="2026-03" if family == "classic" else "classic")
    made = sdk.create("contacts", {"email": "ann@example.org"})
    company = ours.made("companies", name="Acme")
    assert other("GET", f"objects/contacts/{made['id']}").status == 200
    pair = f"contacts/{made['id']}/associations/default/companies/{company.id}"
    assert other("PUT", f"linked/{pair}").status == 200
    call = ours.api.read("contacts", made["id"], associations=["companies"])
    row = record(ours.send(call))
    assert [link.id for link in row.associations["companies"]] == [company.id]


@pytest.mark.parametrize("dated", FAMILIES)
def test_any_dated_family_is_served(ours: Ours, dated: str) -> None:
    api = Api(dated)
    made = record(ours.send(api.create("contacts", properties={"email": "ann@example.org"})))
    assert record(ours.send(api.read("contacts", made.id))).id == made.id
    ours.send(api.labels("contacts", "companies"))
    ours.send(api.property("contacts", "email"))
    ours.send(api.pipelines("deals"))
    ours.send(api.owners())
    ours.send(api.schemas())
    ours.send(api.enablement())
    ours.send(api.account())


@pytest.mark.usefixtures("sdk")
def test_the_areas_that_the_sdks_have_for_single_types_work_as_well(
    account: Account, ours: Ours, family: str
) -> None:
    contact = {"email": "ann@example.org"}
    deal = {"dealname": "D", "pipeline": "default", "dealstage": "qualifiedtobuy"}
    if family == "classic":
        sdk = hubspot.HubSpot(access_token="typed", host=account.url)
        ids = {
            "contacts": sdk.crm.contacts.basic_api.create({"properties": contact}).id,
            "deals": sdk.crm.deals.basic_api.create({"properties": deal}).id,
        }
        assert sdk.crm.contacts.basic_api.get_by_id(ids["contacts"]).id == ids["contacts"]
        assert [row.id for row in sdk.crm.deals.get_all()] == [ids["deals"]]
    else:
        with hubspot_sdk.HubSpot(access_token="typed", base_url=account.url) as dated:
            objects = dated.crm.objects
            ids = {
                "contacts": objects.contacts.create(properties=contact, associations=[]).id,
                "deals": objects.deals.create(properties=deal, associations=[]).id,
            }
            assert objects.contacts.get(ids["contacts"]).id == ids["contacts"]
            assert [row.id for row in objects.deals.list()] == [ids["deals"]]
    assert {kind: ours.read(kind, id).id for kind, id in ids.items()} == ids


@pytest.mark.usefixtures("sdk")
def test_the_oldest_batches_of_associations_are_served(
    account: Account, ours: Ours, plain: Plain
) -> None:
    contact, company = ours.made("contacts", lastname="Lee"), ours.made("companies", name="Acme")
    sdk = hubspot.HubSpot(access_token="old", host=account.url)
    pair = {"from": {"id": contact.id}, "to": {"id": company.id}, "type": "contact_to_company"}
    batch = sdk.crm.associations.batch_api
    batch.create("contacts", "companies", {"inputs": [pair]})
    read = batch.read("contacts", "companies", {"inputs": [{"id": contact.id}]})
    assert [to.id for to in read.results[0].to] == [company.id]
    listed = plain("GET", f"/crm/v3/objects/contacts/{contact.id}/associations/companies")
    assert [each["id"] for each in listed.body["results"]][:1] == [company.id]
    batch.archive("contacts", "companies", {"inputs": [pair]})
    call = ours.api.list_associations("contacts", contact.id, "companies")
    assert linked(ours.send(call)).results == ()
    types = sdk.crm.associations.schema.types_api.get_all("contacts", "companies")
    assert "contact_to_company" in {each.name for each in types.results}


def test_the_old_alias_of_the_classic_path_is_served(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    assert plain("GET", f"/crm/objects/v3/contacts/{made.id}").status == 200
    assert plain("GET", "/crm/objects/tomorrow/contacts").status == 404


def test_a_path_may_end_in_a_slash(plain: Plain) -> None:
    assert plain("GET", "owners/").status == 200
    assert plain("GET", "owners").status == 200


def test_a_plus_in_a_path_is_a_plus(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann+x@example.org")
    for id in ("ann+x@example.org", "ann%2Bx%40example.org"):
        answer = plain("GET", f"objects/contacts/{id}", query="?idProperty=email")
        assert (answer.status, answer.body["id"]) == (200, made.id)
