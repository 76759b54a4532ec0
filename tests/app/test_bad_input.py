"""What a sender is told when it is wrong, and that nothing is kept of it."""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from tests.app import serving
from tests.app.conftest import FORM, JSON, Door, Said
from tests.app.test_delivery import stripe_event
from workers import signatures
from workers.signatures import Request


@pytest.fixture(autouse=True)
def nothing_is_kept(door: Door) -> Iterator[None]:
    """Every delivery of this file leaves the store as it was."""
    before = _everything(door)
    yield
    assert _everything(door) == before


def _everything(door: Door) -> Mapping[bytes, object]:
    keys: list[bytes] = door.store.redis.keys("*")
    others = (key for key in keys if not key.endswith(b":bell") and b":refused:" not in key)
    return {key: door.store.redis.dump(key) for key in others}


def refused(said: Said, *, status: int, detail: str) -> None:
    """Check that the answer is problem details with that status and this in its detail."""
    assert said.status == status
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json["status"] == status
    assert said.json["title"]
    assert detail in said.json["detail"]


# Signatures


def stripe(door: Door, *, signature: str | None, body: bytes | None = None) -> Said:
    """Post to Stripe's endpoint with this signature."""
    headers = [JSON] if signature is None else [JSON, ("Stripe-Signature", signature)]
    return door.send(
        "/hooks/stripe", headers=headers, body=stripe_event() if body is None else body
    )


def signature_of(door: Door, body: bytes, *, age_s: int = 0, secret: str = serving.SECRET) -> str:
    """A genuine signature of that age."""
    moment = serving.now() - timedelta(seconds=age_s)
    scheme = door.runtime.sources["stripe"].scheme
    signed = signatures.sign(scheme, Request.of(body=body), secret=secret, now=moment)
    return signed["stripe-signature"]


def test_a_missing_signature_is_401(door: Door) -> None:
    refused(stripe(door, signature=None), status=401, detail="no stripe-signature")


def test_a_wrong_signature_is_401(door: Door) -> None:
    body = stripe_event()
    signature = signature_of(door, body, secret="another secret")
    refused(stripe(door, signature=signature, body=body), status=401, detail="No signature matches")


def test_the_signature_of_another_body_is_401(door: Door) -> None:
    signature = signature_of(door, stripe_event())
    refused(stripe(door, signature=signature), status=401, detail="No signature matches")


@pytest.mark.parametrize("signature", ["", "t=1", "v1=", "t=1,v1=zz", "v1=aa", "é", "t=x,v1=aa"])
def test_a_malformed_signature_is_401(door: Door, signature: str) -> None:
    refused(stripe(door, signature=signature), status=401, detail="")


@pytest.mark.parametrize(
    ("age_s", "detail"), [(400, "s old, over 300"), (-400, "s ahead, over 300")]
)
def test_a_stale_signature_or_one_of_the_future_is_401(door: Door, age_s: int, detail: str) -> None:
    body = stripe_event()
    signature = signature_of(door, body, age_s=age_s)
    refused(stripe(door, signature=signature, body=body), status=401, detail=detail)


def test_a_doubled_signature_header_is_401(door: Door) -> None:
    body = stripe_event()
    good, bad = signature_of(door, body), signature_of(door, body, secret="another")
    joined = stripe(door, signature=f"{good},{good}", body=body)
    refused(joined, status=401, detail="2 time stamps, not one")
    headers = [JSON, ("Stripe-Signature", good), ("Stripe-Signature", bad)]
    said = door.send("/hooks/stripe", headers=headers, body=body)
    refused(said, status=401, detail="")


def test_an_endpoint_for_credentials_asks_for_them(door: Door) -> None:
    body = b'{"id":"1","type":"a"}'
    said = door.send("/hooks/basic", headers=[JSON], body=body)
    refused(said, status=401, detail="no authorization")
    assert said.headers["www-authenticate"] == 'Basic realm="hookline"'
    wrong = [JSON, ("Authorization", "Bearer of bad news")]
    refused(door.send("/hooks/bearer", headers=wrong, body=body), status=401, detail="not ours")


# Endpoints and methods


def test_an_unknown_endpoint_is_404(door: Door) -> None:
    said = door.send("/hooks/nobody", headers=[JSON], body=stripe_event())
    refused(said, status=404, detail="no endpoint 'nobody'")


@pytest.mark.parametrize("path", ["/hooks", "/hooks/", "/hooks/a/b", "//hooks//stripe"])
def test_a_path_that_is_no_endpoints_is_404(door: Door, path: str) -> None:
    refused(door.send(path, body=b"{}"), status=404, detail="")


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_a_method_that_means_nothing_is_405(door: Door, method: str) -> None:
    said = door.send("/hooks/stripe", method=method)
    refused(said, status=405, detail=f"{method} means nothing here")
    assert said.headers["allow"] == "POST, PUT, PATCH"


def test_head_and_methods_nobody_knows_are_405(door: Door) -> None:
    assert door.send("/hooks/stripe", method="HEAD").status == 405
    refused(door.send("/hooks/stripe", method="PROPFIND"), status=405, detail="")


@pytest.mark.parametrize(
    ("name", "detail"), [("off", "switched off"), ("bare", "no secret"), ("sendgrid", "no secret")]
)
def test_an_endpoint_that_is_shut_is_503_so_that_nobody_gives_up(
    door: Door, name: str, detail: str
) -> None:
    body = stripe_event()
    headers = [JSON, ("Stripe-Signature", signature_of(door, body))]
    said = door.send(f"/hooks/{name}", headers=headers, body=body)
    refused(said, status=503, detail=detail)
    assert said.headers["retry-after"] == "300"


# Bodies


def test_ten_megabytes_are_413_and_not_read(door: Door) -> None:
    body = stripe_event(note="x" * 10_000_000)
    said = door.deliver("stripe", body)
    refused(said, status=413, detail="larger than 1,000,000 bytes")


def test_ten_megabytes_in_pieces_are_413(door: Door) -> None:
    body = stripe_event(note="x" * 10_000_000)
    path, headers = door.signed("stripe", body)
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    said = door.send(path, headers=headers, body=pieces)
    refused(said, status=413, detail="larger than 1,000,000 bytes")


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(door: Door) -> None:
    start = b'{"id":"'
    for size, status in ((serving.MAX_BODY, 400), (serving.MAX_BODY + 1, 413)):
        body = start + b"x" * (size - len(start))
        assert door.deliver("stripe", body).status == status


def test_a_small_body_that_inflates_to_a_large_one_is_413(door: Door) -> None:
    body = gzip.compress(b"x" * 50_000_000)
    path, headers = door.signed("stripe", body)
    said = door.send(path, headers=[*headers, ("Content-Encoding", "gzip")], body=body)
    refused(said, status=413, detail="larger than 1,000,000 bytes")


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_a_compressed_body_that_is_none_is_400(door: Door, cut: int) -> None:
    body = gzip.compress(stripe_event())[:cut] if cut else b"plain"
    path, headers = door.signed("stripe", body)
    said = door.send(path, headers=[*headers, ("Content-Encoding", "gzip")], body=body)
    refused(said, status=400, detail="The body is not gzip")


def test_an_encoding_that_nobody_asked_for_is_415(door: Door) -> None:
    body = stripe_event()
    path, headers = door.signed("stripe", body)
    said = door.send(path, headers=[*headers, ("Content-Encoding", "br")], body=body)
    refused(said, status=415, detail="send gzip, deflate or none")
    assert said.headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json"]
)
def test_a_wrong_content_type_is_415(door: Door, kind: str) -> None:
    said = door.deliver("stripe", stripe_event(), kind=("Content-Type", kind))
    refused(said, status=415, detail="send JSON or a URL-encoded form")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is empty"),
        (b" \n", "The body is empty"),
        (b'{"id":"evt_1","type":"a"', "The body is not JSON"),
        (b'{"id":"evt_1","type":"a"}x', "The body is not JSON"),
        (b'{"id":"evt_1","type":"a","x":NaN}', "The body is not JSON"),
        (b'{"id":"evt_1","type":"a","x":Infinity}', "The body is not JSON"),
        (b'{"id":"evt_1","type":"a","x":1e999}', "The body is not JSON"),
        (b'{"id":"evt_1","type":"a","x":"\xff"}', "The body is not JSON"),
        (b'{"id":"evt_1","type":"a","x":"\\ud800"}', "The body is not JSON"),
        (b"id=1", "The body is not JSON"),
        (b'"evt_1"', "neither an object nor an array"),
        (b"17", "neither an object nor an array"),
        (b"null", "neither an object nor an array"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested more than 64 levels deep"),
        (b"[" * 900 + b"]" * 900, "nested more than 64 levels deep"),
        (b"[" * 400_000, "nested more than 64 levels deep"),
        (b'{"type":"a"}', "id: is missing"),
        (b'{"id":"","type":"a"}', "id: is missing"),
        (b'{"id":null,"type":"a"}', "id: is missing"),
        (b'{"id":"evt_1"}', "type: is missing"),
        (b'{"id":{"a":1},"type":"a"}', "id: "),
        (b'{"id":"evt_1","type":{"a":1}}', "type: "),
        (b'{"id":"evt_1","type":"a","created":"soon"}', "time: "),
        (b"[]", "is missing"),
        (b'[{"id":"evt_1","type":"a"}]', "is missing"),
    ],
    ids=repr,
)
def test_a_malformed_body_is_400(door: Door, body: bytes, detail: str) -> None:
    refused(door.deliver("stripe", body), status=400, detail=detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty form"),
        (b"id=%ff", "not in UTF-8"),
        (b"id=\xff", "not in UTF-8"),
        (b"&".join(b"a=1" for _ in range(10_001)), "more than 10,000 fields"),
        (b"a=1&a[b]=2", "both as a value and as a group"),
        (b"a[b]=2&a=1", "both as a value and as a group"),
        (b"a" + b"[b]" * 64 + b"=1", "nested more than 64 levels deep"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else repr(value[:40]),
)
def test_a_malformed_form_is_400(door: Door, body: bytes, detail: str) -> None:
    refused(door.deliver("stripe", body, kind=FORM), status=400, detail=detail)


def test_where_an_id_should_be_is_said(door: Door) -> None:
    said = door.deliver("stripe", b'{"type":"a"}')
    assert said.json["title"] == "Not an event"
    assert "sources/stripe.yaml:" in said.json["detail"]


@pytest.mark.parametrize("body", [[{"id": "1"}], [{"source": "s", "type": "t"}, 7, None]])
def test_a_delivery_without_one_good_event_is_400(door: Door, body: list[object]) -> None:
    headers = [JSON, ("Authorization", f"Bearer {serving.SECRET}")]
    said = door.send("/hooks/cloudevents", headers=headers, body=json.dumps(body).encode())
    refused(said, status=400, detail="sources/cloudevents.yaml:")


def test_more_events_than_fit_into_one_step_are_413(door: Door) -> None:
    event = b'{"specversion":"1.0","id":"%d","source":"s","type":"t"}'
    body = b"[" + b",".join(event % number for number in range(5_001)) + b"]"
    headers = [JSON, ("Authorization", f"Bearer {serving.SECRET}")]
    said = door.send("/hooks/cloudevents", headers=headers, body=body)
    refused(said, status=413, detail="5,001 events")


# Faults of ours


def test_a_bug_is_500_and_says_nothing_of_itself(door: Door) -> None:
    said = door.send("/broken", method="GET")
    refused(said, status=500, detail="Something is wrong here")
    assert b"secret-of-a-stack-trace" not in said.body
