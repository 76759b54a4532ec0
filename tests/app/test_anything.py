"""Whatever is sent, the door does not break, and keeps nothing that it does not believe."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app import serving
from tests.app.conftest import Door

NAMES = sorted(serving.settings_of("redis://127.0.0.1:1").endpoints)
SIGNED = [name for name in NAMES if name not in ("open", "picky", "off", "bare", "sendgrid")]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "type", "event", "data", "payload", "time", "created", "object"])
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
LETTERS = st.characters(codec="ascii", categories=["L", "N"])
HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60).map(
    str.strip
)
HEADER_NAMES = st.sampled_from(
    [
        *("Content-Type", "Content-Encoding", "Authorization", "Stripe-Signature"),
        *("X-Hub-Signature-256", "webhook-id", "webhook-timestamp", "webhook-signature"),
        *("X-Slack-Signature", "X-Slack-Request-Timestamp", "ce-specversion", "ce-id"),
        *("X-GitHub-Event", "X-Shopify-Topic", "X-Forwarded-Host", "Cookie"),
    ]
)
BODIES = st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode())
KINDS = st.sampled_from(
    [
        *("application/json", "application/x-www-form-urlencoded", "application/cloudevents+json"),
        *("", "text/plain", "application/json; charset=utf-16"),
    ]
)
unhurried = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@unhurried
@given(
    name=st.sampled_from(NAMES) | st.text(LETTERS),
    method=st.sampled_from(["POST", "PUT", "GET", "OPTIONS", "DELETE"]),
    headers=st.lists(st.tuples(HEADER_NAMES, HEADER_TEXT), max_size=6),
    body=BODIES,
    query=st.text(
        st.characters(codec="ascii", categories=["L", "N"]) | st.sampled_from("%&=."), max_size=20
    ),
)
def test_no_request_breaks_the_door(
    door: Door,
    name: str,
    method: str,
    headers: list[tuple[str, str]],
    body: bytes,
    query: str,
) -> None:
    before = door.accepted()
    said = door.send(f"/hooks/{name}?{query}", method=method, headers=headers, body=body)
    assert said.status < 500 or said.status == 503
    if name not in ("open", "picky"):
        assert said.status == 200 or said.status >= 400
        assert door.accepted() == before


@unhurried
@given(name=st.sampled_from(SIGNED), kind=KINDS, body=BODIES)
def test_no_genuine_delivery_breaks_the_door(door: Door, name: str, kind: str, body: bytes) -> None:
    before = door.accepted()
    try:
        path, headers = door.signed(name, body, kind=("Content-Type", kind))
    except ValueError:
        return  # a signature cannot cover this body
    said = door.send(path, headers=headers, body=body)
    assert said.status < 500
    if said.status not in (200, 202):
        assert door.accepted() == before
        assert said.json["detail"]
