"""What Hookline itself wrote, and HubSpot tells it of, ends there."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import pytest

from tests.app.conftest import Door
from workers.changes import Upsert
from workers.sources import Source
from workers.store import Query
from workers.translate import translate, why_nothing

OURS, ANOTHER = 77, 88
_ids = count(1)


def change(**more: object) -> dict[str, object]:
    """A change of a contact's city, as HubSpot tells of it."""
    return {
        "eventId": next(_ids),
        "subscriptionId": 12,
        "portalId": 4455,
        "appId": OURS,  # the app that subscribed, whoever made the change
        "occurredAt": 1_790_000_000_123,
        "subscriptionType": "contact.propertyChange",
        "objectId": 5001,
        "propertyName": "city",
        "propertyValue": "Oslo",
        **more,
    }


def asked(door: Door, source: Source, told: Mapping[str, object]) -> tuple[bool, str]:
    """Whether a change that the door took is written on, and if not, why."""
    door.deliver("hubspot", json.dumps([told]).encode())
    (row,) = door.store.browse(["acme"], Query(endpoint="hubspot"), limit=1).rows
    event = row.event
    assert json.loads(event.body) == told
    found = translate(event, source)
    assert all(isinstance(each, Upsert) for each in found)
    return bool(found), "" if found else why_nothing(event, source)


@pytest.mark.parametrize(
    ("own_apps", "change_source", "source_id", "written"),
    [
        ([], "CRM_UI", "userId:9", True),
        ([], "INTEGRATION", str(OURS), False),
        ([], "INTEGRATION", str(ANOTHER), False),  # whose it is cannot be told
        ([], "API", None, False),
        ([OURS], "CRM_UI", "userId:9", True),
        ([OURS], "INTEGRATION", str(OURS), False),
        ([str(OURS)], "INTEGRATION", str(OURS), False),
        ([OURS], "INTEGRATION", OURS, False),
        ([OURS], "INTEGRATION", str(ANOTHER), True),
        ([OURS], "INTEGRATION", "7", True),  # part of the number is not the number
        ([OURS, ANOTHER], "INTEGRATION", str(ANOTHER), False),
        ([OURS], "INTEGRATION", None, False),  # whose it is cannot be told
    ],
)
def test_a_change_of_our_own_is_ignored_with_the_reason(
    door: Door,
    own_apps: list[object],
    change_source: str,
    source_id: object,
    written: bool,  # noqa: FBT001 (a parameter of the table above)
) -> None:
    source = door.runtime.sources["hubspot"]
    source = replace(source, variables={**source.variables, "own_apps": own_apps})
    told = change(changeSource=change_source, sourceId=source_id)
    is_asked, why = asked(door, source, told)
    assert is_asked is written
    if not written:
        assert why.startswith("sources/hubspot.yaml:")
        assert why.endswith("ignored: an integration made this change, perhaps our own")
