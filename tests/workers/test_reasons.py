"""Every reason has a class, and the class quotes nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reasons import Reason, reason_of


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", Reason.NONE),
        ("shop.yaml:7: contact: POST /crm/v3/objects/contacts/batch/upsert: 429 ten", "throttled"),
        ("portal acme: its limit of 190 calls in 10 s", Reason.THROTTLED),
        ("portal acme: 9 of the day's 250000 calls are left, and 12 are kept", Reason.THROTTLED),
        ("POST /crm/v3/objects/notes/batch/create: 401 expired", Reason.UNAUTHORIZED),
        ("POST /crm/v3/objects/notes/batch/create: 403 scopes", Reason.FORBIDDEN),
        ("the token may not read the properties of deals; grant it the scope", Reason.FORBIDDEN),
        ("POST /crm/v3/objects/notes/batch/create: 502", Reason.CRM_FAULT),
        ("POST /x: 400 Property values were not valid: [{…}]", Reason.INVALID_VALUE),
        ("POST /x: could not connect (refused)", Reason.UNREACHABLE),
        ("POST /x: no answer in time", Reason.UNANSWERED),
        ("the answer left this input out", Reason.UNANSWERED),
        ("shop.yaml:9: note: needs contact: POST /x: 423 locked", Reason.LOCKED),
        ("stale: newer values were written", Reason.STALE),
        ("is there, and nothing else was to be set", Reason.PRESENT),
        ("the CRM knows no such record", Reason.NO_RECORD),
        ("contacts has no property 'x' in this portal; make it first", Reason.NO_PROPERTY),
        ("contacts → deals has no association label 'boss'", Reason.NO_LABEL),
        ("shop.yaml maps no 'x.y'; add it under `on`, or `default`", Reason.NOT_MAPPED),
        ("shop.yaml:4: no step's `when` was true", Reason.NOT_WANTED),
        ("shop.yaml:4: set.amount: not a number; in {{ body.a / 100 }}", Reason.MAPPING),
        ("a fault in Hookline itself: KeyError: 'x'", Reason.BUG),
        ("given up after 3 days; the last reason: POST /x: 503 busy", Reason.CRM_FAULT),
        ("zoe@acme.example", Reason.OTHER),
    ],
)
def test_a_reason_has_its_class(words: str, reason: Reason | str) -> None:
    assert reason_of(words) == reason


@given(st.text())
def test_whatever_the_words_the_class_is_one_of_the_set(words: str) -> None:
    assert reason_of(words) in set(Reason)
