"""9. Delete and batch archive; the recycle bin, its ninety days, and back."""

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm import paging

DAY_S = 86_400


def _binned(ours: Ours) -> set[str]:
    call = ours.api.list_records("contacts", archived=True)
    return {row.id for row in paging.records(ours.client.send, call)}


def test_what_our_client_archives_the_sdk_no_longer_reads(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    ours.send(ours.api.archive("contacts", made["id"]))
    assert sdk.list("contacts")["results"] == []
    assert sdk.read("contacts", made["id"], archived=True)["archived"] is True


def test_what_the_sdk_archives_in_a_batch_is_in_the_bin(sdk: Sdk, ours: Ours) -> None:
    ids = [ours.made("contacts", email=f"c{n}@example.org").id for n in range(4)]
    sdk.batch("contacts", "archive", [{"id": id} for id in ids[:2]])
    assert _binned(ours) == set(ids[:2])
    ours.send(ours.api.archive_batch("contacts", ids=ids[2:]))
    assert _binned(ours) == set(ids)


def test_an_archived_record_comes_back_with_what_it_had(
    account: Account, sdk: Sdk, ours: Ours
) -> None:
    company = ours.made("companies", name="Acme")
    made = sdk.create("contacts", {"email": "ann@example.org", "firstname": "Ann"})
    ours.send(ours.api.associate_default("contacts", made["id"], "companies", company.id))
    ours.send(ours.api.archive("contacts", made["id"]))
    account.control("POST", f"restore/contacts/{made['id']}")
    assert ours.read("contacts", made["id"], "firstname").properties["firstname"] == "Ann"
    found = sdk.read("contacts", made["id"], associations=["companies"])
    assert found["associations"]["companies"]["results"][0]["id"] == company.id
    assert _binned(ours) == set()


def test_the_bin_keeps_a_record_for_ninety_days(account: Account, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    ours.send(ours.api.archive("contacts", made.id))
    account.control("POST", "clock", by_s=89 * DAY_S)
    assert _binned(ours) == {made.id}
    account.control("POST", "clock", by_s=2 * DAY_S)
    assert _binned(ours) == set()
    assert ours.refused(ours.api.read("contacts", made.id, archived=True)).status == 404


def test_an_address_is_free_again_once_its_contact_is_archived(sdk: Sdk, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    sdk.archive("contacts", made.id)
    assert sdk.create("contacts", {"email": "ann@example.org"})["id"] != made.id


def test_a_contact_deleted_for_good_is_gone_and_its_address_blocked(sdk: Sdk, ours: Ours) -> None:
    made = sdk.create("contacts", {"email": "ann@example.org"})
    ours.send(ours.api.gdpr_delete(made["id"]))
    assert ours.refused(ours.api.read("contacts", made["id"], archived=True)).status == 404
    sdk.gdpr_delete(objectId="bob@example.org", idProperty="email")
    call = ours.api.create("contacts", properties={"email": "bob@example.org"})
    assert 400 <= ours.refused(call).status < 500


def test_archiving_answers_204_again_and_without_a_body(plain: Plain, ours: Ours) -> None:
    made = ours.made("contacts", email="ann@example.org")
    for _ in range(2):
        answer = plain("DELETE", f"objects/contacts/{made.id}")
        assert (answer.status, answer.body) == (204, None)
    body = {"inputs": [{"id": made.id}, {"id": "424242"}]}
    answer = plain("POST", "objects/contacts/batch/archive", body)
    assert (answer.status, answer.body) == (204, None)
