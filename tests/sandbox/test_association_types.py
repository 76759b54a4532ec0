"""Association types: one primary company, labels of one's own, limits, and the words of v3."""

from tests.sandbox.account import CONTACT_TO_COMPANY, Account, Json

V4 = "/crm/v4/associations/contacts/companies"
PRIMARY = 1


def _put(account: Account, contact: str, company: str, *types: Json) -> Json:
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies/{company}"
    return account.done("PUT", path, list(types), status=201)


def _type(type_id: int, category: str = "HUBSPOT_DEFINED") -> Json:
    return {"associationCategory": category, "associationTypeId": type_id}


def _types(account: Account, contact: str) -> dict[str, set[int]]:
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies"
    rows = account.done("GET", path, status=200)["results"]
    return {
        str(row["toObjectId"]): {each["typeId"] for each in row["associationTypes"]} for row in rows
    }


def test_a_new_primary_company_demotes_the_old(account: Account) -> None:
    contact = account.contact()
    first, second = (account.create("companies", name=name)["id"] for name in "AB")
    for company in (first, second):
        _put(account, contact, company, _type(PRIMARY))
    assert _types(account, contact) == {
        first: {CONTACT_TO_COMPANY},
        second: {CONTACT_TO_COMPANY, PRIMARY},
    }


def test_the_first_company_may_become_the_primary_by_itself(lenient: Account) -> None:
    contact = lenient.contact()
    first, second = (lenient.create("companies", name=name)["id"] for name in "AB")
    for company in (first, second):
        pair = {"from": {"id": contact}, "to": {"id": company}}
        lenient.done("POST", f"{V4}/batch/associate/default", {"inputs": [pair]}, status=200)
    assert _types(lenient, contact) == {
        first: {CONTACT_TO_COMPANY, PRIMARY},
        second: {CONTACT_TO_COMPANY},
    }


def test_a_put_of_labels_takes_the_place_of_the_others(account: Account) -> None:
    contact, company = account.contact(), account.create("companies", name="A")["id"]
    made = [
        account.done("POST", f"{V4}/labels", {"name": name, "label": name}, status=200)["results"]
        for name in ("advisor", "buyer")
    ]
    advisor, buyer = (rows[0]["typeId"] for rows in made)
    _put(account, contact, company, _type(advisor, "USER_DEFINED"))
    _put(account, contact, company, _type(buyer, "USER_DEFINED"))
    assert _types(account, contact) == {company: {CONTACT_TO_COMPANY, buyer}}
    account.done("DELETE", f"{V4}/labels/{buyer}", status=204)
    assert _types(account, contact) == {company: {CONTACT_TO_COMPANY}}


def test_a_label_has_a_name_of_its_own(account: Account) -> None:
    body = {"name": "advisor", "label": "Advisor", "inverseLabel": "Advises"}
    made = account.done("POST", f"{V4}/labels", body, status=200)["results"]
    assert [row["label"] for row in made] == ["Advisor", "Advises"]
    account.done("POST", f"{V4}/labels", body, status=409)


def test_a_limit_refuses_what_is_over_it(account: Account) -> None:
    limit = {"category": "HUBSPOT_DEFINED", "typeId": CONTACT_TO_COMPANY, "maxToObjectIds": 1}
    path = "/crm/associations/v4/definitions/configurations/contacts/companies/batch/create"
    account.done("POST", path, {"inputs": [limit]}, status=201)
    contact = account.contact()
    first, second = (account.create("companies", name=name)["id"] for name in "AB")
    path = f"/crm/v4/objects/contacts/{contact}/associations/default/companies"
    account.done("PUT", f"{path}/{first}", status=200)
    account.done("PUT", f"{path}/{first}", status=200)
    said = account.done("PUT", f"{path}/{second}", status=400)
    assert said["category"] == "VALIDATION_ERROR"
    assert set(_types(account, contact)) == {first}


def test_batches_of_v3_speak_the_words_of_v3(account: Account) -> None:
    contact, note = account.contact(), account.note()
    path = "/crm/v3/associations/notes/contacts/batch"
    pair = {"from": {"id": note}, "to": {"id": contact}, "type": "note_to_contact"}
    said = account.done("POST", f"{path}/create", {"inputs": [pair]}, status=201)
    assert said["results"] == [pair]
    said = account.done("POST", f"{path}/read", {"inputs": [{"id": note}]}, status=200)
    assert said["results"] == [
        {"from": {"id": note}, "to": [{"id": contact, "type": "note_to_contact"}]}
    ]
