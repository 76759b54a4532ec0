"""8. Pin in create, update and upsert; one a record; associated first; unpin."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sandboxes import Account
from tests.contract.sdk import Sdk
from workers.crm.calls import LinkTo, UpdateRow, UpsertRow
from workers.crm.records import PINNED
from workers.crm.replies import hints, matched, record

NOW = "2026-01-05T10:00:00Z"
NOTE_TO_CONTACT, DEAL_TO_NOTE = 202, 213
ACTIVITIES = {
    "notes": ({"hs_timestamp": NOW}, 202),
    "calls": ({"hs_timestamp": NOW}, 194),
    "emails": ({"hs_timestamp": NOW, "hs_email_direction": "EMAIL"}, 198),
    "meetings": ({"hs_timestamp": NOW}, 200),
    "tasks": ({"hs_timestamp": NOW}, 204),
    "communications": ({"hs_timestamp": NOW, "hs_communication_channel_type": "SMS"}, 81),
    "postal_mail": ({"hs_timestamp": NOW}, 453),
}


@pytest.fixture
def contact(ours: Ours) -> str:
    """The id of a contact."""
    return ours.made("contacts", email="ann@example.org").id


def _activity(ours: Ours, contact: str, kind: str = "notes") -> str:
    properties, type_id = ACTIVITIES[kind]
    links = [LinkTo(to_id=contact, type_id=type_id)]
    return record(ours.send(ours.api.create(kind, properties=properties, links=links))).id


def _pinned(sdk: Sdk, kind: str, id: str) -> str:
    found = sdk.read(kind, id, properties=[PINNED])
    return str(found["properties"].get(PINNED) or "")


@pytest.mark.parametrize("kind", ACTIVITIES)
def test_each_kind_of_activity_can_be_pinned(sdk: Sdk, ours: Ours, contact: str, kind: str) -> None:
    activity = _activity(ours, contact, kind)
    ours.send(ours.api.pin("contacts", contact, activity_id=activity))
    assert _pinned(sdk, "contacts", contact) == activity


def test_what_the_sdk_pins_our_client_reads(sdk: Sdk, ours: Ours, contact: str) -> None:
    note = _activity(ours, contact)
    sdk.update("contacts", contact, {PINNED: note})
    assert ours.read("contacts", contact, PINNED).properties[PINNED] == note


def test_a_record_has_one_pin_which_another_replaces_and_nothing_takes_away(
    sdk: Sdk, ours: Ours, contact: str
) -> None:
    one, other = _activity(ours, contact), _activity(ours, contact)
    for note in (one, other):
        ours.send(ours.api.pin("contacts", contact, activity_id=note))
        assert _pinned(sdk, "contacts", contact) == note
    ours.send(ours.api.unpin("contacts", contact))
    assert _pinned(sdk, "contacts", contact) == ""


def test_a_create_may_associate_and_pin_at_once(sdk: Sdk, ours: Ours) -> None:
    note = sdk.create("notes", {"hs_timestamp": NOW})["id"]
    deal = {"dealname": "D", "pipeline": "default", "dealstage": "qualifiedtobuy", PINNED: note}
    links = [LinkTo(to_id=note, type_id=DEAL_TO_NOTE)]
    row = record(ours.send(ours.api.create("deals", properties=deal, links=links)))
    assert _pinned(sdk, "deals", row.id) == note


def test_a_batch_of_updates_pins_each_its_own(sdk: Sdk, ours: Ours) -> None:
    contacts = [ours.made("contacts", email=f"c{n}@example.org").id for n in range(3)]
    notes = {id: _activity(ours, id) for id in contacts}
    rows = [UpdateRow(id=id, properties={PINNED: note}, trace=id) for id, note in notes.items()]
    call = ours.api.update_batch("contacts", rows=rows)
    assert len(matched(call, ours.send(call)).results) == 3
    assert {id: _pinned(sdk, "contacts", id) for id in contacts} == notes


def test_an_upsert_pins_what_is_associated_already(sdk: Sdk, ours: Ours, contact: str) -> None:
    note = _activity(ours, contact)
    properties = {"email": "ann@example.org", PINNED: note}
    row = UpsertRow(key="ann@example.org", properties=properties, trace="t")
    call = ours.api.upsert_batch("contacts", key_property="email", rows=[row])
    assert [row.new for row in matched(call, ours.send(call)).results] == [False]
    assert _pinned(sdk, "contacts", contact) == note


def test_a_pin_of_what_is_not_associated_is_refused_or_not_shown_by_preset(
    account: Account, sdk: Sdk, ours: Ours, contact: str
) -> None:
    note = sdk.create("notes", {"hs_timestamp": NOW})["id"]
    call = ours.api.pin("contacts", contact, activity_id=note)
    if account.strict:
        refused = ours.refused(call)
        assert (refused.status, refused.category) == (400, "VALIDATION_ERROR")
        assert PINNED in hints(refused).properties or PINNED in str(refused)
        assert _pinned(sdk, "contacts", contact) == ""
    else:
        ours.send(call)
        assert _pinned(sdk, "contacts", contact) == note


@pytest.mark.parametrize("as_number", [True, False])
def test_a_pin_is_a_number_or_a_text(
    plain: Plain, ours: Ours, contact: str, *, as_number: bool
) -> None:
    note = _activity(ours, contact)
    value = int(note) if as_number else note
    answer = plain("PATCH", f"objects/contacts/{contact}", {"properties": {PINNED: value}})
    assert (answer.status, answer.body["properties"][PINNED]) == (200, note)
