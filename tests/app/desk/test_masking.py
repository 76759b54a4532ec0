"""What is hidden of a payload."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.desk.masking import HIDDEN, USUAL, masked

PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
NAMES = st.sampled_from(["id", "name", "items", "api_token", "Password", "card_number", "CVC"])
PAYLOADS = st.recursive(
    PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner))
)


def test_what_stands_under_a_secret_name_is_hidden_whatever_it_is() -> None:
    payload = {
        "id": "evt_1",
        "user": {"Password": "hunter2", "name": "Ada", "refresh_token": {"value": "t", "n": 1}},
        "cards": [{"card_number": "4242", "cvc": None, "brand": "visa"}],
        "secrets": ["a", "b"],
    }
    assert masked(payload, USUAL) == {
        "id": "evt_1",
        "user": {
            "Password": HIDDEN,
            "name": "Ada",
            "refresh_token": {"value": HIDDEN, "n": HIDDEN},
        },
        "cards": [{"card_number": HIDDEN, "cvc": None, "brand": "visa"}],
        "secrets": [HIDDEN, HIDDEN],
    }


def test_names_are_patterns_in_any_case() -> None:
    assert masked({"X-Key": "1", "key": "2"}, ["x-*"]) == {"X-Key": HIDDEN, "key": "2"}
    assert masked({"key": "2"}, []) == {"key": "2"}


@given(PAYLOADS)
def test_without_names_nothing_is_changed(payload: object) -> None:
    assert masked(payload, []) == payload


@given(PAYLOADS, st.text(st.characters(categories=["L"]), min_size=12, max_size=12))
def test_no_secret_comes_through(payload: object, secret: str) -> None:
    whole = {"name": payload, "api_token": {"name": [secret, {"id": secret}]}}
    assert secret not in json.dumps(masked(whole, USUAL), ensure_ascii=False)


@given(PAYLOADS)
def test_what_is_hidden_once_is_hidden_alike_again(payload: object) -> None:
    once = masked(payload, USUAL)
    assert masked(once, USUAL) == once
