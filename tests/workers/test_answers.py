"""Handshakes and answers as files write them, and what is wrong with them."""

import pytest

from workers.answers import Answer, Proof, parse_answer, parse_handshakes, recognised, reply
from workers.answers.model import PRESETS
from workers.signatures import Request


def place(field: str) -> str:
    """Where a setting stands."""
    return f"a.yaml:{field}"


@pytest.mark.parametrize("name", PRESETS)
def test_every_named_handshake_is_sound(name: str) -> None:
    faults: list[str] = []
    assert len(parse_handshakes({name: None}, place=place, faults=faults)) == 1
    assert faults == []


def test_a_handshake_of_ones_own_is_settings_alone() -> None:
    faults: list[str] = []
    own = {
        "method": "GET",
        "query": {"mode": "check"},
        "proof": "token",
        "token": "key",
        "echo": "query.word",
        "reply": {"said": "<{echo}>"},
    }
    (handshake,) = parse_handshakes({"acme": own}, place=place, faults=faults)
    assert (faults, handshake.proof) == ([], Proof.TOKEN)
    asked = Request.of(method="GET", url="https://h/?mode=check&key=k&word=w")
    assert recognised([handshake], asked) is handshake
    answered = reply(handshake, asked, token="k")
    assert answered is not None
    assert answered.body == {"said": "<w>"}
    for wrong in (None, "", "other"):
        assert reply(handshake, asked, token=wrong) is None
    assert recognised([handshake], Request.of(method="GET", url="https://h/?mode=no")) is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"slak": {}}, "a.yaml:slak: there is no handshake 'slak'; did you mean slack?"),
        ({"slack": "yes"}, "a.yaml:slack: slack is 'yes'; write its settings"),
        ({"own": {"method": "DELETE"}}, "a.yaml:own: own: method is 'DELETE'; use one of: GET"),
        ({"own": {"method": "POST"}}, "a.yaml:own: own: an event would look the same"),
        ({"meta": {"token": ""}}, "a.yaml:meta: meta: which parameter holds the token is not said"),
        ({"get": {"proof": "signature"}}, "a.yaml:get: get: only what is posted is signed"),
        ({"get": {"proof": "luck"}}, "a.yaml:get: get: proof is 'luck'; use one of"),
        ({"get": {"echo": "header.x"}}, "a.yaml:get: get: echo is 'header.x'; write query.NAME"),
        ({"get": {"ecko": "query.x"}}, "a.yaml:get: get: has no 'ecko'; it must be one of"),
        ({"get": {"query": "x"}}, "a.yaml:get: get: query is 'x'; write it as a mapping"),
    ],
)
def test_every_fault_of_a_handshake_is_named(spec: dict[str, object], expected: str) -> None:
    faults: list[str] = []
    assert parse_handshakes(spec, place=place, faults=faults) == ()
    assert len(faults) == 1
    assert faults[0].startswith(expected)


def test_an_answer_is_a_status_and_a_body() -> None:
    faults: list[str] = []
    spec = {"status": 200, "body": "<ok/>", "type": "text/xml"}
    answer = parse_answer(spec, place=place, faults=faults)
    assert answer == Answer(status=200, body="<ok/>", type="text/xml")
    assert parse_answer({}, place=place, faults=faults) is None
    assert faults == []


def test_every_fault_of_an_answer_is_named() -> None:
    faults: list[str] = []
    spec = {"status": 404, "body": 7, "type": "xml", "headers": {}}
    assert parse_answer(spec, place=place, faults=faults) is None
    assert faults == [
        "a.yaml:headers: answer has no 'headers'; it must be one of: status, body, type",
        "a.yaml:status: status is 404; use one from 200 to 299",
        "a.yaml:body: body is 7; put it in quotes",
        "a.yaml:type: type is 'xml'; write it like text/plain",
    ]
