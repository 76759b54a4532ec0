"""What senders want to hear before they send, answered only when their proof is right."""

import hmac
import json

import pytest

from tests.app import serving
from tests.app.conftest import JSON, Door

CHALLENGE = json.dumps({"type": "url_verification", "challenge": "c-123", "token": "t"}).encode()
PLAIN = json.dumps(
    {"event": "endpoint.url_validation", "payload": {"plainToken": "plain-1"}, "event_ts": 1}
).encode()


def test_slacks_challenge_is_echoed_as_text(door: Door) -> None:
    before = door.accepted()
    said = door.deliver("slack", CHALLENGE)
    assert (said.status, said.body) == (200, b"c-123")
    assert said.headers["content-type"] == "text/plain; charset=utf-8"
    assert door.accepted() == before


def test_slacks_challenge_is_not_echoed_without_its_signature(door: Door) -> None:
    said = door.send("/hooks/slack", headers=[JSON], body=CHALLENGE)
    assert said.status == 401
    assert b"c-123" not in said.body


@pytest.mark.parametrize("challenge", ["<script>", "a b", "x" * 600, "", None, 7, {"a": 1}])
def test_a_challenge_that_is_no_plain_word_is_not_echoed(door: Door, challenge: object) -> None:
    body = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
    assert door.deliver("slack", body).status == 403


def test_zooms_token_is_signed_with_the_secret_that_proved_it(door: Door) -> None:
    for secret in (serving.SECRET, serving.OLD_SECRET):
        said = door.deliver("zoom", PLAIN, secret=secret)
        digest = hmac.digest(secret.encode(), b"plain-1", "sha256").hex()
        assert (said.status, said.json) == (
            200,
            {"plainToken": "plain-1", "encryptedToken": digest},
        )
    assert door.send("/hooks/zoom", headers=[JSON], body=PLAIN).status == 401


def test_an_event_that_only_speaks_of_a_handshake_is_an_event(door: Door) -> None:
    body = json.dumps(
        {
            "type": "event_callback",
            "event_id": "Ev1",
            "event_time": 1_790_000_000,
            "event": {"type": "message", "text": "url_verification"},
        }
    ).encode()
    assert door.deliver("slack", body).status == 202


META = "/hooks/meta_lead_ads?hub.mode=subscribe&hub.challenge=123&hub.verify_token="


def test_metas_challenge_is_echoed_when_its_token_is_right(door: Door) -> None:
    said = door.send(META + serving.VERIFY_TOKEN, method="GET")
    assert (said.status, said.body) == (200, b"123")
    assert said.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("token", ["", "wrong", "%ff", f"{serving.VERIFY_TOKEN}&hub.verify_token="])
def test_metas_challenge_is_refused_when_its_token_is_wrong(door: Door, token: str) -> None:
    said = door.send(META + token, method="GET")
    assert said.status in (400, 403)
    assert b"123" not in said.body


def test_a_get_that_is_no_handshake_is_405(door: Door) -> None:
    said = door.send("/hooks/meta_lead_ads", method="GET")
    assert (said.status, said.headers["allow"]) == (405, "POST, PUT, PATCH, GET")


@pytest.mark.parametrize(
    ("name", "method"), [("mailchimp", "GET"), ("mailchimp", "HEAD"), ("intercom", "HEAD")]
)
def test_a_look_at_the_url_is_200_and_empty(door: Door, name: str, method: str) -> None:
    said = door.send(f"/hooks/{name}", method=method)
    assert (said.status, said.body) == (200, b"")


def test_a_token_to_be_signed_is_signed_if_it_could_be_no_event(door: Door) -> None:
    said = door.send("/hooks/crc?crc_token=abc-1", method="GET")
    assert said.json["response_token"].startswith("sha256=")
    for other in ("%7B%22id%22:1%7D", "id=1", "a%20b", ""):
        assert door.send(f"/hooks/crc?crc_token={other}", method="GET").status == 403


def test_cloudevents_consent_names_origin_and_rate(door: Door) -> None:
    asked = [("WebHook-Request-Origin", "sender.example"), ("WebHook-Request-Rate", "120")]
    said = door.send("/hooks/cloudevents", method="OPTIONS", headers=asked)
    assert said.status == 200
    assert said.headers["webhook-allowed-origin"] == "sender.example"
    assert said.headers["webhook-allowed-rate"] == "*"
    assert said.headers["allow"] == "POST"


@pytest.mark.parametrize("origin", [None, "", "a b", "<x>"])
def test_cloudevents_consent_is_not_given_to_nobody(door: Door, origin: str | None) -> None:
    asked = [] if origin is None else [("WebHook-Request-Origin", origin)]
    said = door.send("/hooks/cloudevents", method="OPTIONS", headers=asked)
    assert said.status == 405
    assert "webhook-allowed-origin" not in said.headers


def test_an_endpoint_that_is_off_answers_no_handshake(door: Door) -> None:
    assert door.send("/hooks/off", method="GET").status == 503
