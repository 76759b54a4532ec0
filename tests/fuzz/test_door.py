"""Whatever is sent to whichever endpoint: never a fault of ours, and nothing left of a refusal."""

import base64
import gzip
import json
import uuid
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.fuzz.gate import MAX_BODY, Gate, Said, gate
from workers import sources
from workers.crm.calls import Api
from workers.errors import Permanent
from workers.plan.jobs import Job
from workers.rehearsal import rehearse
from workers.store.embedded import EmbeddedStore
from workers.translate import translate, why_nothing

SHIPPED = sources.shipped()
SAMPLES = Path(__file__).parent.parent / "sources"
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
MEANT = (200, 202, 400, 401, 403, 404, 405, 413, 415)  # and 503 of a store, which is there

each_source = pytest.mark.parametrize("name", SHIPPED)
# The application and its store are the same for all examples; what is kept is counted.
fuzzed = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with (
        EmbeddedStore.start(tmp_path_factory.mktemp("fuzz"), appendfsync="no") as server,
        gate(server.url) as found,
    ):
        yield found


class Watched:
    """Looks whether anything was kept of what was refused."""

    def __init__(self, at: Gate) -> None:
        self.at = at
        self.keys = at.keys()
        self.accepted = at.accepted()

    def check(self, said: Said) -> None:
        assert said.status in MEANT, (said.status, said.body)
        if said.status >= 300:
            assert self.at.keys() == self.keys
            assert self.at.accepted() == self.accepted
            assert said.headers["content-type"] == "application/problem+json"
            assert json.loads(said.body)["status"] == said.status
        else:
            kept = self.at.accepted() - self.accepted
            assert kept <= 5_000
            _translated(self.at, said, kept=kept)


def delivered(at: Gate, name: str, body: bytes, headers: list[tuple[str, str]]) -> None:
    """Check what becomes of a delivery that is signed as it is."""
    watched = Watched(at)
    try:
        said = at.deliver(name, body, headers=headers)
    except ValueError:  # no sender could sign this
        assume(False)  # noqa: FBT003
        raise
    watched.check(said)


def _translated(at: Gate, said: Said, *, kept: int) -> None:
    """Check that what was kept can be read again, and means something or says why not."""
    if not kept or not said.headers["content-type"].startswith("application/json"):
        return
    told = json.loads(said.body)
    for id in told.get("ids") or [told["id"]]:
        event = at.runtime.store.event(id)
        assert event is not None
        source = at.runtime.sources[event.endpoint]
        try:
            changes = translate(event, source)
        except Permanent as error:  # a dead letter
            reason = str(error)
        else:
            rehearse([Job(event=event, changes=changes)], api=Api())
            reason = why_nothing(event, source) if not changes else "it means something"
        assert reason


# Bodies

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**25), max_value=10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "\x00", "é", "😀", "null", "{{ body }}", "<script>", "%1000d", "1e999"]
    ),
    st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**400, 1e308, 9007199254740993, -0.0]),
)
NAMES = st.sampled_from(
    [
        *("id", "type", "event", "data", "object", "time", "created", "timestamp", "body", "email"),
        *("__class__", "constructor", "", "\x00", "payload", "items", "keys", "batch", "entry"),
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


ODD = st.sampled_from(
    [
        b"",
        b" ",
        b"\x00",
        b"null",
        b"[]",
        b"{}",
        b"[[]]",
        b"0",
        b'"text"',
        b"NaN",
        b"[NaN]",
        b'{"id":Infinity}',
        b"{'id':1}",
        b'{"id":1,}',
        b'{"id":1}{"id":2}',
        b'{"id":1} x',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b'{"id":"\xff"}',
        b'{"id":"\xed\xa0\x80"}',
        b'{"id":"\\ud800"}',
        b'{"id":"\\ud800","n":12345678901234567890}',
        b'{"id":"\\u0000"}',
        b'{"id":1,"id":2,"type":"a","type":"b"}',
        b'{"id":1e400}',
        b'{"id":' + b"0" * 100 + b"}",
        b"[" * 63 + b"]" * 63,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"a[b][c]=1&a=2",
        b"a[b]=1&a[b][c]=2&a[b][]=3",
        b"a" + b"[b]" * 100 + b"=1",
        b"a[]=%ff",
        b"payload=%7B",
        b"payload=%5B1%5D",
        b"=&=&=",
        b"type=%00&type=%00",
    ]
)
LARGE: Mapping[str, bytes] = {  # by name, which is what a failure shows
    "deep array": b"[" * 100_000,
    "deep object": b'{"a":' * 20_000,
    "many objects": b"[" + b"{}," * 5_001 + b"{}]",
    "many arrays": b"[" + b"[]," * 6_000 + b"[]]",
    "many fields": b"a=1&" * 20_000,
    "over the limit": b"x" * (MAX_BODY + 1),
    "long number": b'{"id":' + b"9" * 5_000 + b"}",
    "long negative number": b'{"id":-' + b"9" * 5_000 + b',"type":"a"}',
    "long id": b'{"id":"' + b"i" * 5_000 + b'","type":"a"}',
    "long type": b'{"id":"1","type":"' + b"t" * 5_000 + b'"}',
}
BODIES: st.SearchStrategy[bytes | str] = st.one_of(
    st.binary(max_size=200), VALUES.map(_written), ODD, st.sampled_from(sorted(LARGE))
)


def content(body: bytes | str) -> bytes:
    """The body itself, or the one of that name."""
    return LARGE[body] if isinstance(body, str) else body


def samples(name: str) -> list[tuple[Mapping[str, str], Any]]:
    """Headers and body of each sample of a source."""
    found = []
    for path in sorted((SAMPLES / name).glob("*.sample.json")):
        given = json.loads(path.read_text("utf-8"))
        found.append((given["headers"], given.get("body", given.get("raw"))))
    return found


@st.composite
def _changed(draw: st.DrawFn, value: Any) -> Any:
    """Draw the same with some part of it made something else."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 9)):
            return {key: each for key, each in value.items() if key != name}
        return {**value, name: draw(_changed(value[name]))}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], draw(_changed(value[place])), *value[place + 1 :]]
    return draw(VALUES)


@st.composite
def deliveries(draw: st.DrawFn, name: str) -> tuple[list[tuple[str, str]], bytes]:
    """Draw a delivery that is nearly one of the source's own."""
    headers, body = draw(st.sampled_from(samples(name)))
    given = {**headers}
    for header in sorted(given):
        if header != "content-type" and not draw(st.integers(0, 5)):
            given[header] = draw(st.sampled_from(["", "x", "é", "1" * 400, "%ff", "\x7f"]))
    if isinstance(body, str):
        place = draw(st.integers(0, len(body)))
        text = body[:place] + draw(st.text(max_size=5)) + body[place + draw(st.integers(0, 4)) :]
        return list(given.items()), text.encode("utf-8", "surrogatepass")
    changed = draw(_changed(body))
    if isinstance(changed, dict) and isinstance(changed.get("id"), str):
        changed["id"] += uuid.uuid4().hex[:6]  # so that it is new
    written = _written(changed)
    if not draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(written)))
        written = written[:place] + draw(st.binary(max_size=3)) + written[place + 1 :]
    return list(given.items()), written


@each_source
@fuzzed
@given(body=BODIES, kind=st.sampled_from([JSON, FORM, None]))
def test_any_body_that_is_signed_is_answered(
    at: Gate, name: str, body: bytes | str, kind: tuple[str, str] | None
) -> None:
    delivered(at, name, content(body), [kind] if kind else [])


@each_source
@fuzzed
@given(data=st.data())
def test_what_is_nearly_a_senders_delivery_is_answered(
    at: Gate, name: str, data: st.DataObject
) -> None:
    headers, body = data.draw(deliveries(name))
    delivered(at, name, body, headers)


@each_source
@fuzzed
@given(body=BODIES)
def test_nothing_unsigned_is_kept(at: Gate, name: str, body: bytes | str) -> None:
    watched = Watched(at)
    said = at.ask(f"/hooks/{name}", headers=[JSON], body=content(body))
    watched.check(said)
    assert said.status in (400, 401, 403, 413, 415)


# Headers, methods, URLs

WORDS = st.sampled_from(
    [
        *("", " ", "x", "é", "\xff\xfe", "a" * 2_000, "v1=,t=", "t=1,v1=00", "v1,AAAA", "Basic"),
        *("Basic !", "Bearer", "Bearer  x", "sha256=", "v0=é", "1790000000", "-1", "1e9", "NaN"),
        *("9" * 400, "2026-09-21T14:13:20Z", "application/json", "text/xml", "gzip", "deflate"),
        *("br", "gzip, gzip", "chunked", "multipart/form-data", "application/json; charset=utf-16"),
        *("application/x-www-form-urlencoded; charset=latin-1", "%", ";", "\t", "utf-8''%ff"),
    ]
) | st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("Content-Type", "Content-Encoding", "Content-Length", "Authorization", "Host"),
                *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Accept", "Cookie"),
                *("Stripe-Signature", "X-Hub-Signature", "X-Hub-Signature-256", "X-Signature"),
                *("X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp", "X-Slack-Signature"),
                *("X-Slack-Request-Timestamp", "x-zm-signature", "x-zm-request-timestamp"),
                *(
                    "webhook-id",
                    "webhook-timestamp",
                    "webhook-signature",
                    "svix-id",
                    "X-GitHub-Event",
                ),
                *("svix-timestamp", "svix-signature", "X-Twilio-Signature", "Typeform-Signature"),
                *("X-Shopify-Hmac-Sha256", "X-Shopify-Topic", "X-DocuSign-Signature-1"),
                *("X-GitHub-Event", "X-GitHub-Delivery", "X-Segment-Signature"),
                *("X-DocuSign-Signature-999999", "X-Zendesk-Webhook-Signature", "ce-id", "ce-type"),
                *("X-Zendesk-Webhook-Signature-Timestamp", "ce-specversion", "ce-source"),
                *("WebHook-Request-Origin", "WebHook-Request-Rate", "Expect", "Transfer-Encoding"),
                *("X-Twilio-Email-Event-Webhook-Signature", "Calendly-Webhook-Signature"),
                "X-Twilio-Email-Event-Webhook-Timestamp",
            ]
        ),
        WORDS,
    ),
    max_size=6,
)


@each_source
@fuzzed
@given(
    headers=HEADERS,
    method=st.sampled_from(["POST", "PUT", "PATCH", "GET", "HEAD", "OPTIONS", "DELETE"]),
    query=st.sampled_from(["", "token=", "token=%ff", "hub.mode=subscribe", "a=1&a=2", "=&%", "%"])
    | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
    body=BODIES,
)
def test_any_request_is_answered_and_leaves_nothing_behind(
    at: Gate, name: str, headers: list[tuple[str, str]], method: str, query: str, body: bytes | str
) -> None:
    keys, accepted = at.keys(), at.accepted()
    said = at.ask(f"/hooks/{name}", method=method, query=query, headers=headers, body=content(body))
    assert said.status in MEANT, (said.status, said.body)
    assert (at.keys(), at.accepted()) == (keys, accepted)


@each_source
@fuzzed
@given(headers=HEADERS)
def test_strange_headers_beside_a_genuine_signature_are_answered(
    at: Gate, name: str, headers: list[tuple[str, str]]
) -> None:
    sample, body = samples(name)[0]
    whole = body.encode() if isinstance(body, str) else _written(body)
    delivered(at, name, whole, [*sample.items(), *headers])


@fuzzed
@given(path=st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=60))
def test_any_path_is_answered(at: Gate, path: str) -> None:
    keys = at.keys()
    said = at.ask(f"/hooks/{path}", headers=[JSON], body=b"{}")
    assert said.status in MEANT
    assert at.keys() == keys


# Encodings


PACKED = st.one_of(st.binary(max_size=200), VALUES.map(_written), ODD)


def _bomb(size: int, *, layers: int = 1) -> bytes:
    found = b"0" * size
    for _ in range(layers):
        found = gzip.compress(found, 9)
    return found


@each_source
@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_refused_before_it_is_inflated(at: Gate, name: str, layers: int) -> None:
    watched = Watched(at)
    said = at.deliver(
        name, _bomb(50_000_000, layers=layers), headers=[JSON, ("Content-Encoding", "gzip")]
    )
    watched.check(said)
    assert said.status == (413 if layers == 1 else 400)


@fuzzed
@given(
    body=st.one_of(
        st.binary(max_size=100),
        PACKED.map(gzip.compress),
        PACKED.map(zlib.compress),
        PACKED.map(lambda body: gzip.compress(body)[:-4]),
        PACKED.map(lambda body: gzip.compress(body) * 2),
        PACKED.map(base64.b64encode),
    ),
    encoding=st.sampled_from(["gzip", "deflate", "x-gzip", "identity", "br", "GZIP", "gzip,gzip"]),
    name=st.sampled_from(SHIPPED),
)
def test_any_encoding_is_answered(at: Gate, name: str, body: bytes, encoding: str) -> None:
    delivered(at, name, body, [JSON, ("Content-Encoding", encoding)])


def test_what_is_kept_says_when_it_came(at: Gate) -> None:
    """One that is well, so that the rest was no refusal of everything."""
    body = _written({"id": uuid.uuid4().hex, "type": "lead"})
    said = at.deliver("hmac", body, headers=[JSON])
    assert said.status == 202
    event = at.runtime.store.event(json.loads(said.body)["id"])
    assert event is not None
    assert event.received <= datetime.now(UTC)
