"""No person of a captured event can be told from its sample, and the sample still works."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.filters.addresses import FREE_MAIL, company_domain, phone
from workers.pseudonyms import EMAIL, pseudonymous

KEY = "a-key"
NAMES = st.text("abcdefghijklmnopqrstuvwxyzåäöéABCDEFGH", min_size=3, max_size=12)
HOSTS = st.from_regex(r"[a-z]{3,10}\.(com|no|example)", fullmatch=True)
EMAILS = st.builds(
    "{}@{}".format, st.from_regex(r"[a-z][a-z0-9.+_-]{2,10}[a-z0-9]", fullmatch=True), HOSTS
)
PHONES = st.from_regex(r"\+(46|47|1|44)[1-9][0-9]{8}", fullmatch=True)


def masked(value: object, key: str = KEY) -> str:
    return json.dumps(pseudonymous(value, key=key), ensure_ascii=False)


@given(first=NAMES, last=NAMES, email=EMAILS, number=PHONES)
def test_nothing_of_a_person_survives_wherever_it_stands(
    first: str, last: str, email: str, number: str
) -> None:
    payload = {
        "id": "evt_1",
        "customer": {"name": f"{first} {last}", "email": email.upper(), "phone": number},
        "merges": {"FNAME": first, "LNAME": last},
        "note": f"Call {first} {last} <{email}> at {number}, or {last}.",
        "fields": [{"name": "full_name", "values": [f"{first} {last}"]}],
        "nested": [{"billing_details": {"firstName": first, "mobilePhone": number}}],
    }
    found = masked(payload)
    assert email.lower() not in found.lower()
    assert number not in found
    text = " ".join(re.findall(r'(?<=: ")[^"]*|(?<=\[")[^"]*', found))
    for name in (first, last):
        assert not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)


@given(email=EMAILS)
def test_an_address_becomes_the_same_address_wherever_it_stands(email: str) -> None:
    payload = {"email": email, "text": f"from {email.upper()} today", "to": [email]}
    found = pseudonymous(payload, key=KEY)
    assert isinstance(found, dict)
    assert EMAIL.fullmatch(found["email"])
    assert found["to"] == [found["email"]]
    assert found["text"] == f"from {found['email']} today"
    assert masked(payload) == masked(payload)
    assert masked(payload) != masked(payload, "another-key")


@given(email=EMAILS, other=EMAILS)
def test_who_works_for_one_company_still_does(email: str, other: str) -> None:
    one, two = (str(pseudonymous(each, key=KEY)) for each in (email, other))
    assert (company_domain(one) == company_domain(two)) is (
        company_domain(email) == company_domain(other)
    )


def test_a_public_provider_stays_one() -> None:
    found = str(pseudonymous("zoe@gmail.com", key=KEY))
    assert found.rpartition("@")[2] in FREE_MAIL
    assert not found.startswith("zoe")


@given(number=PHONES)
def test_a_number_stays_a_number_of_its_country(number: str) -> None:
    found = pseudonymous({"phone": number}, key=KEY)
    assert isinstance(found, dict)
    assert found["phone"] != number
    assert found["phone"][:4] == number[:4]
    assert len(found["phone"]) == len(number)
    assert phone(found["phone"]) == found["phone"]


def test_what_names_objects_and_what_steers_a_mapping_stays() -> None:
    payload = {
        "id": "evt_1",
        "type": "customer.created",
        "customer_id": "cus_42",
        "objectId": 5001,
        "amount": 129000,
        "currency": "sek",
        "created": 1790000000,
        "at": "2026-09-21T14:13:20Z",
        "paid": True,
        "nothing": None,
        "field": {"name": "plan_level", "value": "gold"},
        "customer": {"name": "customer", "email": "a@b.example"},
    }
    found = pseudonymous(payload, key=KEY)
    assert isinstance(found, dict)
    same = {name: value for name, value in payload.items() if name != "customer"}
    assert {name: found[name] for name in same} == same


def test_addresses_and_secrets_become_others_of_the_same_form() -> None:
    payload = {
        "shipping": {"address": {"line1": "Storgatan 12 B", "postal_code": "111 22"}},
        "ip": "192.0.2.17",
        "authorization": "Bearer abc.def",
        "api_token": "tok12345",
        "url": "https://pay.example/i?key=sk_live_abcdefgh12345678",
        "country": "SE",
    }
    found = pseudonymous(payload, key=KEY)
    assert isinstance(found, dict)
    text = json.dumps(found)
    for gone in ("Storgatan", "111 22", "192.0.2.17", "abc.def", "tok12345", "abcdefgh12345678"):
        assert gone not in text
    assert re.fullmatch(r"[A-Z][a-z]{8} \d\d [A-Z]", found["shipping"]["address"]["line1"])
    assert found["country"] == "SE"


SAMPLES = sorted((Path(__file__).parent.parent / "sources").glob("*/*.sample.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_address_of_any_sender_s_payload_survives(path: Path) -> None:
    text = path.read_text("utf-8")
    found = masked(json.loads(text)).lower()
    assert not [each for each in EMAIL.findall(text) if each.lower() in found]


SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
KEYS = st.sampled_from(["name", "phone", "ip", "email", "id", "value", "token"]) | st.text()


@given(
    st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20
    )
)
def test_any_payload_keeps_its_shape(payload: object) -> None:
    assert _shape(pseudonymous(payload, key=KEY)) == _shape(payload)


def _shape(value: object) -> object:
    match value:
        case dict():
            return {name: _shape(each) for name, each in value.items()}
        case list():
            return [_shape(each) for each in value]
        case _:
            return type(value)
