"""What senders want to hear before they send, answered only when their proof is right."""

import hmac
import json

import pytest

from tests.app import serving
from tests.app.conftest import FORM, JSON, Door

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


# Each vendor's, right and wrong


def test_slacks_challenge_needs_its_own_signature_and_a_fresh_one(door: Door) -> None:
    for altered in (CHALLENGE + b" ", CHALLENGE.replace(b"c-123", b"c-124")):
        path, headers = door.signed("slack", CHALLENGE)
        said = door.send(path, headers=headers, body=altered)
        assert said.status == 401
        assert b"c-12" not in said.body
    path, headers = door.signed("slack", CHALLENGE, secret="somebody-elses")
    assert door.send(path, headers=headers, body=CHALLENGE).status == 401
    stale = [
        (name, str(int(value) - 900) if name == "x-slack-request-timestamp" else value)
        for name, value in door.signed("slack", CHALLENGE)[1]
    ]
    assert door.send("/hooks/slack", headers=stale, body=CHALLENGE).status == 401


def test_slacks_form_that_only_checks_the_certificate_is_no_event_and_no_fault(door: Door) -> None:
    before = door.accepted()
    said = door.deliver("slack", b"ssl_check=1&token=t", kind=FORM)
    assert said.status in (200, 202, 400)
    assert door.accepted() <= before + 1


@pytest.mark.parametrize("token", ["", "a b", "<x>", '{"id":1}', "x" * 300, None, 7, ["p"]])
def test_zoom_signs_no_token_that_could_be_an_event(door: Door, token: object) -> None:
    """Whoever may have tokens signed must not have the signature of a body of theirs."""
    body = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": token}})
    said = door.deliver("zoom", body.encode())
    assert said.status == 403
    assert b"encryptedToken" not in said.body


def test_zooms_challenge_is_answered_each_time_it_is_asked(door: Door) -> None:
    """It is asked anew every 72 hours, and is no duplicate of itself."""
    before = door.accepted()
    first, again = (door.deliver("zoom", PLAIN) for _ in range(2))
    assert first.json == again.json
    assert (first.status, again.status) == (200, 200)
    assert first.headers["content-type"] == "application/json"
    assert door.accepted() == before


def test_metas_challenge_needs_every_part_of_its_question(door: Door) -> None:
    token = f"hub.verify_token={serving.VERIFY_TOKEN}"
    for query, status in (
        (f"hub.mode=subscribe&{token}&hub.challenge=123", 200),
        (f"hub.challenge=123&{token}&hub.mode=subscribe", 200),
        (f"hub.mode=unsubscribe&{token}&hub.challenge=123", 405),
        (f"{token}&hub.challenge=123", 405),
        (f"hub.mode=subscribe&{token}", 403),
        (f"hub.mode=subscribe&{token}&hub.challenge=", 403),
        (f"hub.mode=subscribe&{token}&hub.challenge=%3Cscript%3E", 403),
        ("hub.mode=subscribe&hub.challenge=123", 403),
        (f"hub.mode=subscribe&{token}x&hub.challenge=123", 403),
        (f"hub.mode=subscribe&{token[:-1]}&hub.challenge=123", 403),
        (f"hub.mode=subscribe&{token.upper()}&hub.challenge=123", 403),
    ):
        said = door.send(f"/hooks/meta_lead_ads?{query}", method="GET")
        assert (said.status, said.body == b"123") == (status, status == 200), query


def test_metas_events_need_their_signature_whatever_token_is_shown(door: Door) -> None:
    body = b'{"object":"page","entry":[]}'
    said = door.send(META + serving.VERIFY_TOKEN, headers=[JSON], body=body)
    assert said.status == 401
    assert door.deliver("meta_lead_ads", body).status == 200


def test_mailchimps_look_needs_no_token_and_its_events_do(door: Door) -> None:
    form = b"type=campaign&fired_at=2026-09-21+14%3A13%3A20&data[id]=handshake"
    assert door.send("/hooks/mailchimp?token=wrong", method="GET").status == 200
    for query in ("", "?token=", "?token=wrong", f"?Token={serving.SECRET}"):
        assert door.send(f"/hooks/mailchimp{query}", headers=[FORM], body=form).status == 401
    said = door.send(f"/hooks/mailchimp?token={serving.SECRET}", headers=[FORM], body=form)
    assert said.status == 202


def test_cloudevents_consent_says_no_rate_that_nobody_asked_for(door: Door) -> None:
    asked = [("WebHook-Request-Origin", "sender.example")]
    said = door.send("/hooks/cloudevents", method="OPTIONS", headers=asked)
    assert said.status == 200
    assert "webhook-allowed-rate" not in said.headers
    assert said.body == b""


@pytest.mark.parametrize("name", ["stripe", "github", "hubspot", "svix", "zendesk", "typeform"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_who_needs_no_handshake_gets_none(door: Door, name: str, method: str) -> None:
    said = door.send(f"/hooks/{name}", method=method)
    assert (said.status, said.headers["allow"]) == (405, "POST, PUT, PATCH")


@pytest.mark.parametrize(
    ("name", "headers", "body"),
    [
        ("github", [("X-GitHub-Event", "ping"), ("X-GitHub-Delivery", "ping-1")], {"zen": "z"}),
        ("intercom", [], {"id": None, "topic": "ping", "created_at": 1_790_000_000}),
    ],
)
def test_a_ping_that_is_signed_is_kept_as_an_event_to_be_ignored(
    door: Door, name: str, headers: list[tuple[str, str]], body: dict[str, object]
) -> None:
    content = json.dumps(body).encode()
    assert door.deliver(name, content, headers=headers).status in (200, 202)
    source = door.runtime.sources[name]
    assert source.steps_for("ping") == ()
    assert door.send(f"/hooks/{name}", headers=[JSON, *headers], body=content).status == 401


def test_zendesks_test_with_an_empty_body_is_no_event(door: Door) -> None:
    """A webhook with GET or DELETE signs the time alone; it carries nothing to keep."""
    said = door.deliver("zendesk", b"")
    assert (said.status, said.json["title"]) == (400, "Malformed body")
