"""Values: what is sent, kept and refused."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Json, Sdk
from workers.crm.replies import hints, record

TEXT: Json = {
    "name": "favorite_food",
    "label": "Favorite food",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
}


def test_an_address_is_kept_in_lower_case(ours: Ours) -> None:
    made = ours.made("contacts", email="Ann@Example.ORG")
    assert ours.read("contacts", made.id, "email").properties["email"] == "ann@example.org"


@pytest.mark.parametrize(("given", "kept"), [(12.5, "12.5"), ("12.50", "12.50"), (7, "7")])
def test_a_number_is_sent_as_either_and_kept_as_a_text(
    plain: Plain, given: object, kept: str
) -> None:
    answer = plain(
        "POST", "objects/companies", {"properties": {"name": "A", "annualrevenue": given}}
    )
    id = answer.body["id"]
    read = plain("GET", f"objects/companies/{id}", query="?properties=annualrevenue")
    assert read.body["properties"]["annualrevenue"] == kept


def test_a_date_is_a_day_and_not_a_time(ours: Ours) -> None:
    body = TEXT | {"name": "birthday", "type": "date", "fieldType": "date"}
    ours.send(ours.api.create_property("contacts", body))
    for given in ("2015-05-01", "1430438400000"):
        made = ours.made("contacts", lastname="Lee", birthday=given)
        assert ours.read("contacts", made.id, "birthday").properties["birthday"] == "2015-05-01"
    call = ours.api.create("contacts", properties={"lastname": "L", "birthday": "1579179660000"})
    hint = hints(ours.refused(call))
    assert (hint.code, hint.properties) == ("INVALID_DATE", ("birthday",))
    assert "is at 13:1:0.0 UTC, not midnight!" in hint.message


def test_a_set_of_options_is_replaced_or_added_to(sdk: Sdk, ours: Ours) -> None:
    options = [
        {"label": v, "value": v, "displayOrder": 0, "hidden": False} for v in ("a", "b", "c")
    ]
    body = TEXT | {
        "name": "likes", "type": "enumeration", "fieldType": "checkbox", "options": options,
    }  # fmt: skip
    sdk.create_property("contacts", body)
    made = ours.made("contacts", lastname="Lee", likes="a")
    sdk.update("contacts", made.id, {"likes": ";b;c"})
    assert set(ours.read("contacts", made.id, "likes").properties["likes"].split(";")) == set("abc")
    sdk.update("contacts", made.id, {"likes": "c"})
    assert ours.read("contacts", made.id, "likes").properties["likes"] == "c"


def test_a_calculated_property_is_not_set(account: Account, ours: Ours) -> None:
    call = ours.api.create("contacts", properties={"lastname": "L", "hs_object_id": "7"})
    if account.strict:
        assert hints(ours.refused(call)).code == "READ_ONLY_VALUE"
    else:
        assert record(ours.send(call)).id != "7"
