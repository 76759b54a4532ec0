"""The vectors of senders and of their own libraries, and everything that must be refused."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import stripe
import svix
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hubspot.utils.signature import Signature
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import Clock, SignatureVerifier

from workers import signatures
from workers.errors import Permanent
from workers.signatures import Reason, Request, Scheme, Verdict
from workers.signatures.presets import PRESETS

NOW = datetime.fromtimestamp(1_790_000_000, tz=UTC)
T = "1790000000"
SECRET = "demo-secret-1"
BODY = '{"id":"evt_demo_1","note":"Zoë €5"}'.encode()
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
HUBSPOT_URL = "https://hooks.example.com/in/hubspot?tenant=a%20b"
TWILIO_URL = "https://hooks.example.com/in/twilio?tenant=7"
TWILIO_FORM = (
    b"Body=Hi+Zo%C3%AB&Empty=&From=%2B15550100001&MessageSid=SM0001&NumMedia=0&To=%2B15550100002"
)
BODY_SHA256 = "a2aa9c8167f9ace419092ff78d7071288aee52eef32ef9abb59569f4190b6b23"
WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
WHPK = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
V1 = "v1,p14ZnBKDE6XjZGafq8GNbXh3PSgqCcxXLbd5P4J27kE="
V1A = "v1a,/9EEZVMWIV6fOaeKUf9t0YSDP5eIrQa27rjGlYWRqvDmqZFHNQd2z9/uY+FizBWkK4PimS7eF5GkbWN2qufbDA=="
SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+evkZBR8wQLZIyTQmdknwaUOQtV6CKEW/+wKKYGdjGVwuvfRKIiQKmoM"
    "HWet0QMSPIWatpv46UMck4STDUt+7g=="
)
SENDGRID_BODY = (
    b'[{"email":"zoe@example.com","event":"delivered","timestamp":1790000000,'
    b'"sg_event_id":"demo-1"}]\r\n'
)
SENDGRID_SIGNATURE = (
    "MEYCIQDpSavbK6mhlPdA2Z7B0dvYg6bKswRDRGZyGn6+pU6MhQIhAL6wMYAuawUj952qry8KIZQcH6HXZPsDvdp4z7A1"
    "5A15"
)
META_BODY = b'{"object":"page","entry":[]}'


def scheme(name: str, **changes: object) -> Scheme:
    """The scheme of that name, which must be without fault."""
    faults: list[str] = []
    found = signatures.parse(
        {"scheme": name, **changes}, place=lambda field: f"a.yaml:{field}", faults=faults
    )
    assert faults == []
    return found


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A request that is known to be genuine."""

    scheme: Scheme
    headers: Sequence[tuple[str, str]]
    secret: str = SECRET
    body: bytes = BODY
    url: str = "https://hooks.example.com/in"
    method: str = "POST"

    def request(self) -> Request:
        return Request.of(method=self.method, url=self.url, headers=self.headers, body=self.body)

    def verdict(
        self,
        *,
        secrets: Sequence[str] | None = None,
        request: Request | None = None,
        now: datetime = NOW,
    ) -> Verdict:
        return signatures.verify(
            self.scheme,
            request or self.request(),
            secrets=(self.secret,) if secrets is None else secrets,
            now=now,
        )


def standard(family: str, *, signature: str, secret: str) -> Vector:
    return Vector(
        scheme=scheme("svix" if family == "svix" else "standard_webhooks"),
        secret=secret,
        headers=[
            (f"{family}-id", "msg_demo_1"),
            (f"{family}-timestamp", T),
            (f"{family}-signature", signature),
        ],
    )


VECTORS = {
    "stripe": Vector(
        scheme=scheme("stripe"),
        secret="whsec_demo_stripe",
        headers=[
            (
                "Stripe-Signature",
                "t=1790000000,v1=0a481ae1afd85fb3a10a1f116eab67129058863d722abae8b68aa45f4be5a5b1",
            )
        ],
    ),
    "calendly": Vector(
        scheme=scheme("calendly"),
        headers=[
            (
                "Calendly-Webhook-Signature",
                "t=1790000000,v1=d04d7255029e112cdc236d2ec84cb60cb4bfcc7398be4867d1f40a1122373e79",
            )
        ],
    ),
    "hubspot v1": Vector(
        scheme=scheme("hubspot", accept=["v3", "v2", "v1"]),
        headers=[
            (
                "X-HubSpot-Signature",
                "c02472c419a51fde1ab8b4a79d4bc84980520bdff3fe69e5ca36495b676fba5f",
            ),
            ("X-HubSpot-Signature-Version", "v1"),
        ],
    ),
    "hubspot v2": Vector(
        scheme=scheme("hubspot", accept=["v3", "v2", "v1"]),
        url=HUBSPOT_URL,
        headers=[
            (
                "X-HubSpot-Signature",
                "7ad32d3a5bbeb589c5745d9167804cb15742a45d7b2f6b81712f9935f58c6508",
            ),
            ("X-HubSpot-Signature-Version", "v2"),
        ],
    ),
    "hubspot v2, as HubSpot publishes it": Vector(
        scheme=scheme("hubspot", accept="v2"),
        secret="yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
        method="GET",
        url="https://www.example.com/webhook_uri",
        body=b"",
        headers=[
            (
                "X-HubSpot-Signature",
                "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e",
            ),
            ("X-HubSpot-Signature-Version", "v2"),
        ],
    ),
    "hubspot v3": Vector(
        scheme=scheme("hubspot"),
        url=HUBSPOT_URL,
        headers=[
            ("X-HubSpot-Signature-v3", "K3aYUYnsiHrAhkUaUFQ0EhnY2oTy2zEaLPrkiD9ajlo="),
            ("X-HubSpot-Request-Timestamp", "1790000000000"),
        ],
    ),
    "hubspot v3, decoded": Vector(
        scheme=scheme("hubspot"),
        url="https://hooks.example.com/in/hubspot?next=%2Fa%20b",
        headers=[
            ("X-HubSpot-Signature-v3", "pK+Q6xUQUNUrhOv9yOixpFrR3bZCSX7j8/CF9d5FDZU="),
            ("X-HubSpot-Request-Timestamp", "1790000000000"),
        ],
    ),
    "slack": Vector(
        scheme=scheme("slack"),
        headers=[
            (
                "X-Slack-Signature",
                "v0=ad086d3918a09804e78382938339d5039604c004fda1ae50ecf415e3bd7bb65d",
            ),
            ("X-Slack-Request-Timestamp", T),
        ],
    ),
    "slack form": Vector(
        scheme=scheme("slack"),
        body=b"token=x&command=%2Fcrm&text=hello+world",
        headers=[
            FORM,
            (
                "X-Slack-Signature",
                "v0=dd9c47eb3c9947e6beb2c13e73e0413db355434726efceb1964d06b4ace293a4",
            ),
            ("X-Slack-Request-Timestamp", T),
        ],
    ),
    "zoom": Vector(
        scheme=scheme("zoom"),
        headers=[
            (
                "x-zm-signature",
                "v0=ad086d3918a09804e78382938339d5039604c004fda1ae50ecf415e3bd7bb65d",
            ),
            ("x-zm-request-timestamp", T),
        ],
    ),
    "shopify": Vector(
        scheme=scheme("shopify"),
        headers=[("X-Shopify-Hmac-Sha256", "eDPTf2/TSCYZ1Ka7bYu9wUUnqDg5UqaDCk1kjeYTjgo=")],
    ),
    "shopify, newer headers": Vector(
        scheme=scheme("shopify"),
        headers=[("shopify-hmac-sha256", "eDPTf2/TSCYZ1Ka7bYu9wUUnqDg5UqaDCk1kjeYTjgo=")],
    ),
    "docusign, first key": Vector(
        scheme=scheme("docusign"),
        headers=[("X-DocuSign-Signature-1", "eDPTf2/TSCYZ1Ka7bYu9wUUnqDg5UqaDCk1kjeYTjgo=")],
    ),
    "docusign, second key": Vector(
        scheme=scheme("docusign"),
        secret="demo-secret-2",
        headers=[
            ("X-DocuSign-Signature-1", "eDPTf2/TSCYZ1Ka7bYu9wUUnqDg5UqaDCk1kjeYTjgo="),
            ("X-DocuSign-Signature-2", "bqenkBrRIjOs0X6NeKocWk+BPFqb+dvjR8oihBsoNnY="),
        ],
    ),
    "typeform": Vector(
        scheme=scheme("typeform"),
        headers=[("Typeform-Signature", "sha256=eDPTf2/TSCYZ1Ka7bYu9wUUnqDg5UqaDCk1kjeYTjgo=")],
    ),
    "github": Vector(
        scheme=scheme("github"),
        headers=[
            (
                "X-Hub-Signature-256",
                "sha256=7833d37f6fd3482619d4a6bb6d8bbdc14527a8383952a6830a4d648de6138e0a",
            )
        ],
    ),
    "meta": Vector(
        scheme=scheme("meta"),
        body=META_BODY,
        headers=[
            (
                "X-Hub-Signature-256",
                "sha256=a03dee8b420708371f1f32b0aa0c3e8ffaeaaed67f4372fd257d93b987be1807",
            )
        ],
    ),
    "zendesk": Vector(
        scheme=scheme("zendesk"),
        headers=[
            ("X-Zendesk-Webhook-Signature", "YloIiWNvXWYXTT0n1YhHKAZkCj+TWyArtDf1tIIWzUw="),
            ("X-Zendesk-Webhook-Signature-Timestamp", "2026-09-21T14:13:20Z"),
        ],
    ),
    "intercom": Vector(
        scheme=scheme("intercom"),
        headers=[("X-Hub-Signature", "sha1=31a38c9605aa2dbc3e1a87c5f9d5368cd018c6c2")],
    ),
    "segment": Vector(
        scheme=scheme("segment"),
        headers=[("X-Signature", "31a38c9605aa2dbc3e1a87c5f9d5368cd018c6c2")],
    ),
    "segment batch": Vector(
        scheme=scheme("segment"),
        body=b"[" + BODY + b"," + BODY + b"]",
        headers=[
            ("X-Segment-Signature", "6d31de6ab5cc8b652134bfbd1b57ad9d89810eff"),
            ("X-Signature", "31a38c9605aa2dbc3e1a87c5f9d5368cd018c6c2"),
        ],
    ),
    "segment batch, its first event": Vector(
        scheme=scheme("segment", accept=["body", "single", "first_of_batch"]),
        body=b"[" + BODY + b"," + BODY + b"]",
        headers=[("X-Signature", "31a38c9605aa2dbc3e1a87c5f9d5368cd018c6c2")],
    ),
    "twilio form": Vector(
        scheme=scheme("twilio"),
        secret="demo-auth-token",
        url=TWILIO_URL,
        body=TWILIO_FORM,
        headers=[FORM, ("X-Twilio-Signature", "DN/Ulx1Pn8FLV6HQlqLAAPFfeGM=")],
    ),
    "twilio form, port in the URL": Vector(
        scheme=scheme("twilio"),
        secret="demo-auth-token",
        url=TWILIO_URL,
        body=TWILIO_FORM,
        headers=[FORM, ("X-Twilio-Signature", "8IjJLPz9GKqPjNzspindMbV8GEI=")],
    ),
    "twilio form, sha256": Vector(
        scheme=scheme("twilio", accept=["sha256", "sha1"]),
        secret="demo-auth-token",
        url=TWILIO_URL,
        body=TWILIO_FORM,
        headers=[
            FORM,
            ("X-Twilio-Signature", "uxckohiP8vqVTNSXlmY89DtlG1q5FwxUTEgpL4X9PxA="),
            ("X-Twilio-Webhooks-Signature-Settings", "key=k1,algorithm=HMAC_SHA256"),
        ],
    ),
    "twilio json": Vector(
        scheme=scheme("twilio"),
        secret="demo-auth-token",
        url=f"{TWILIO_URL}&bodySHA256={BODY_SHA256}",
        headers=[JSON, ("X-Twilio-Signature", "xfdC4RBrxMGElrfvvSV5SBVkwrM=")],
    ),
    "standard webhooks v1": standard("webhook", signature=V1, secret=WHSEC),
    "standard webhooks v1a": standard("webhook", signature=V1A, secret=WHPK),
    "svix": standard("svix", signature=f"v9,xx {V1A} {V1}", secret=WHSEC),
    "sendgrid": Vector(
        scheme=scheme("sendgrid"),
        secret=SENDGRID_KEY,
        body=SENDGRID_BODY,
        headers=[
            ("X-Twilio-Email-Event-Webhook-Signature", SENDGRID_SIGNATURE),
            ("X-Twilio-Email-Event-Webhook-Timestamp", T),
        ],
    ),
    "an empty body": Vector(
        scheme=scheme("hmac", header="X-Acme-Signature"),
        body=b"",
        headers=[
            (
                "X-Acme-Signature",
                "2093b628443ad5929529ad1ea8fdc4e4610e8667c660429a11990ca9c3209a9e",
            )
        ],
    ),
}
SHOWN = {
    "basic": Vector(
        scheme=scheme("basic"),
        secret="hook:p:ss",
        headers=[("Authorization", "Basic aG9vazpwOnNz")],
    ),
    "bearer": Vector(
        scheme=scheme("bearer"), secret="s3cret", headers=[("Authorization", "bEARER s3cret")]
    ),
    "token in a header": Vector(
        scheme=scheme("token", header="X-Gitlab-Token"), headers=[("X-Gitlab-Token", SECRET)]
    ),
    "token in the URL": Vector(
        scheme=scheme("mailchimp"),
        headers=[],
        secret="a b+c",
        url="https://hooks.example.com/in?x=1&token=a%20b%2Bc",
    ),
}
TIMED = [name for name, vector in VECTORS.items() if any(w.timed for w in vector.scheme.ways)]
TIMED = [name for name in TIMED if "hubspot v1" not in name and "hubspot v2" not in name]

each_vector = pytest.mark.parametrize("name", VECTORS)
each_shown = pytest.mark.parametrize("name", SHOWN)
each_timed = pytest.mark.parametrize("name", TIMED)


def signature_header(vector: Vector) -> int:
    """Which of the headers holds the signature that counts."""
    names = {name.replace("-#", "-1") for way in vector.scheme.ways for name in way.header}
    return next(i for i, (name, _) in enumerate(vector.headers) if name.lower() in names)


@each_vector
def test_a_genuine_signature_is_accepted(name: str) -> None:
    verdict = VECTORS[name].verdict()
    assert (verdict.ok, verdict.reason, verdict.secret_index) == (True, Reason.VERIFIED, 0)


@each_vector
def test_an_altered_body_is_refused(name: str) -> None:
    vector = VECTORS[name]
    body = vector.body.replace(b"demo", b"dem0").replace(b"page", b"pag3").replace(b"SM", b"MS")
    body = body.replace(b"crm", b"cmr") if body == vector.body else body
    verdict = vector.verdict(request=replace(vector.request(), body=body or b" "))
    assert (verdict.ok, verdict.reason) == (False, Reason.MISMATCH)


@each_vector
def test_a_body_with_a_newline_more_is_refused(name: str) -> None:
    vector = VECTORS[name]
    verdict = vector.verdict(request=replace(vector.request(), body=vector.body + b"\n"))
    assert verdict.ok is ("its first event" in name)


@each_vector
def test_another_secret_is_refused(name: str) -> None:
    vector = VECTORS[name]
    others = {WHSEC: "whsec_" + "A" * 32, WHPK: WHPK.replace("A6", "B6")}
    other = others.get(vector.secret, vector.secret + "x")
    if name == "sendgrid":
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        other = base64.b64encode(
            key.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ).decode()
    verdict = vector.verdict(secrets=[other])
    assert verdict.ok is False
    assert verdict.reason in (Reason.MISMATCH, Reason.NO_SECRET)


@each_vector
def test_a_secret_being_rotated_is_found_among_the_others(name: str) -> None:
    vector = VECTORS[name]
    verdict = vector.verdict(secrets=["", "an-old-one", f" {vector.secret}\n"])
    assert (verdict.ok, verdict.secret_index) == (True, 2)


@each_vector
@pytest.mark.parametrize("secrets", [[], [""], ["  \n"]])
def test_without_a_secret_nothing_is_accepted(name: str, secrets: list[str]) -> None:
    verdict = VECTORS[name].verdict(secrets=secrets)
    assert (verdict.ok, verdict.reason) == (False, Reason.NO_SECRET)


@each_vector
def test_a_missing_signature_is_refused(name: str) -> None:
    vector = VECTORS[name]
    verdict = vector.verdict(request=replace(vector.request(), headers={}))
    assert (verdict.ok, verdict.reason) == (False, Reason.MISSING)
    assert verdict.detail.startswith("the request has no ")


@each_vector
@pytest.mark.parametrize("text", ["", "x", "=", ",", "sha256=", "v1,", "t=,v1=", "é", "\x00" * 99])
def test_a_malformed_signature_is_refused(name: str, text: str) -> None:
    vector = VECTORS[name]
    headers = list(vector.headers)
    at = signature_header(vector)
    headers[at] = (headers[at][0], text)
    headers = [h for i, h in enumerate(headers) if i <= at or "signature-2" not in h[0].lower()]
    verdict = vector.verdict(request=replace(vector, headers=headers).request())
    assert verdict.ok is False
    assert verdict.reason in (Reason.MALFORMED, Reason.MISSING, Reason.MISMATCH)


@each_vector
def test_a_doubled_signature_header_is_refused(name: str) -> None:
    vector = VECTORS[name]
    headers = [*vector.headers, vector.headers[signature_header(vector)]]
    verdict = vector.verdict(request=replace(vector, headers=headers).request())
    assert (verdict.ok, verdict.reason) == (False, Reason.DOUBLED)


@each_vector
def test_a_doubled_signature_header_is_refused_when_a_proxy_has_joined_it(name: str) -> None:
    vector = VECTORS[name]
    headers = list(vector.headers)
    at = signature_header(vector)
    headers[at] = (headers[at][0], f"{headers[at][1]},{headers[at][1]}")
    headers = [h for h in headers if "signature-2" not in h[0].lower()]
    assert vector.verdict(request=replace(vector, headers=headers).request()).ok is False


@each_timed
@pytest.mark.parametrize(
    ("age_s", "reason"),
    [(601, Reason.STALE), (-601, Reason.FUTURE), (86_400 * 365, Reason.STALE)],
)
def test_the_window_has_two_sides(name: str, age_s: int, reason: Reason) -> None:
    verdict = VECTORS[name].verdict(now=NOW + timedelta(seconds=age_s))
    assert (verdict.ok, verdict.reason) == (False, reason)


@each_timed
@pytest.mark.parametrize("age_s", [-170, 170])
def test_a_signature_within_the_window_is_accepted(name: str, age_s: int) -> None:
    assert VECTORS[name].verdict(now=NOW + timedelta(seconds=age_s)).ok


@each_timed
def test_an_altered_time_stamp_is_refused(name: str) -> None:
    vector = VECTORS[name]
    headers = [
        (name, value.replace("1790000000", "1790000001").replace(":20Z", ":21Z"))
        for name, value in vector.headers
    ]
    verdict = vector.verdict(request=replace(vector, headers=headers).request())
    assert (verdict.ok, verdict.reason) == (False, Reason.MISMATCH)


@each_timed
@pytest.mark.parametrize(
    "text", ["-1790000000", "1e9", "nan", "９" * 10, "9" * 40, " ", "1790000000.5"]
)
def test_a_time_stamp_that_is_no_time_is_refused(name: str, text: str) -> None:
    vector = VECTORS[name]
    headers = [
        (name, value.replace("1790000000000", text).replace("1790000000", text))
        if value != "2026-09-21T14:13:20Z"
        else (name, text)
        for name, value in vector.headers
    ]
    verdict = vector.verdict(request=replace(vector, headers=headers).request())
    assert verdict.ok is False
    assert verdict.reason in (Reason.MALFORMED, Reason.MISSING)


def test_an_altered_message_id_is_refused() -> None:
    vector = VECTORS["svix"]
    headers = [("svix-id", "msg_demo_2"), *vector.headers[1:]]
    assert vector.verdict(request=replace(vector, headers=headers).request()).ok is False


def test_a_body_that_was_parsed_and_written_again_is_refused() -> None:
    headers = [
        (
            "X-Hub-Signature-256",
            "sha256=9901c38c560e59444104597def55bf9a95082231fbbb458d26111012e467af2f",
        )
    ]
    assert Vector(scheme=scheme("github"), headers=headers).verdict().ok is False


def test_a_body_without_its_last_line_end_is_refused() -> None:
    vector = VECTORS["sendgrid"]
    request = replace(vector.request(), body=SENDGRID_BODY.rstrip())
    assert vector.verdict(request=request).reason is Reason.MISMATCH


def test_hex_of_either_case_and_base64_without_padding_are_the_same_signature() -> None:
    github, shopify = VECTORS["github"], VECTORS["shopify"]
    digest = github.headers[0][1].removeprefix("sha256=").upper()
    upper = replace(github, headers=[("x-hub-signature-256", f"sha256={digest}")])
    bare = replace(shopify, headers=[(shopify.headers[0][0], shopify.headers[0][1].rstrip("="))])
    assert upper.verdict().ok
    assert bare.verdict().ok


# A request cannot choose a weaker way


def test_an_older_signature_of_hubspot_is_refused_unless_it_is_accepted() -> None:
    for name in ("hubspot v1", "hubspot v2"):
        assert replace(VECTORS[name], scheme=scheme("hubspot")).verdict().reason is Reason.MISSING


def test_a_wrong_newer_signature_is_not_excused_by_a_right_older_one() -> None:
    old = VECTORS["hubspot v1"]
    headers = [
        *old.headers,
        ("X-HubSpot-Signature-v3", base64.b64encode(b"x" * 32).decode()),
        ("X-HubSpot-Request-Timestamp", "1790000000000"),
    ]
    assert replace(old, headers=headers).verdict().reason is Reason.MISMATCH


def test_a_version_that_is_not_accepted_is_named_as_such() -> None:
    vector = replace(VECTORS["hubspot v1"], scheme=scheme("hubspot", accept=["v2"]))
    assert vector.verdict().reason is Reason.UNSUPPORTED


def test_twilios_other_algorithm_does_not_count_unless_it_is_accepted() -> None:
    vector = replace(VECTORS["twilio form, sha256"], scheme=scheme("twilio"))
    assert vector.verdict().reason is Reason.MISMATCH


def test_a_json_body_that_twilios_signature_would_not_cover_is_refused() -> None:
    url = f"{TWILIO_URL}&other=1"
    digest = hmac.digest(b"demo-auth-token", url.encode(), "sha1")
    vector = Vector(
        scheme=scheme("twilio"),
        secret="demo-auth-token",
        url=url,
        headers=[JSON, ("X-Twilio-Signature", base64.b64encode(digest).decode())],
    )
    assert vector.verdict().reason is Reason.MALFORMED


def test_a_batch_that_is_signed_in_its_first_event_only_is_refused_by_default() -> None:
    vector = replace(VECTORS["segment batch, its first event"], scheme=scheme("segment"))
    assert vector.verdict().reason is Reason.MISMATCH


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    message = b"msg_demo_1." + T.encode() + b"." + BODY
    for known in (WHPK, WHPK.removeprefix("whpk_")):
        digest = hmac.digest(base64.b64decode(known.removeprefix("whpk_")), message, "sha256")
        forged = standard(
            "webhook", signature="v1," + base64.b64encode(digest).decode(), secret=WHPK
        )
        assert forged.verdict().ok is False


def test_more_signatures_than_anybody_needs_are_not_looked_at() -> None:
    noise = " ".join("v1," + base64.b64encode(bytes([i]) * 32).decode() for i in range(10))
    assert standard("webhook", signature=f"{noise} {V1}", secret=WHSEC).verdict().ok is False


# Secrets that are shown as they are


@each_shown
def test_the_right_credentials_are_accepted(name: str) -> None:
    vector = SHOWN[name]
    verdict = vector.verdict(secrets=["an:old one", vector.secret])
    assert (verdict.ok, verdict.secret_index) == (True, 1)


@each_shown
def test_wrong_credentials_are_refused(name: str) -> None:
    vector = SHOWN[name]
    assert vector.verdict(secrets=[vector.secret + "x"]).reason is Reason.MISMATCH


@each_shown
def test_missing_credentials_are_refused(name: str) -> None:
    vector = SHOWN[name]
    request = Request.of(url="https://hooks.example.com/in?x=1", body=vector.body)
    assert vector.verdict(request=request).reason is Reason.MISSING


@each_shown
def test_doubled_credentials_are_refused(name: str) -> None:
    vector = SHOWN[name]
    doubled = replace(
        vector, headers=[*vector.headers, *vector.headers], url=f"{vector.url}&token=b"
    )
    assert doubled.verdict().reason is Reason.DOUBLED


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic aG9vaw==", "Bearer x", "é"])
def test_malformed_basic_credentials_are_refused(value: str) -> None:
    vector = replace(SHOWN["basic"], headers=[("Authorization", value)])
    assert vector.verdict().ok is False


def test_a_source_that_is_not_signed_needs_no_secret() -> None:
    verdict = Vector(scheme=scheme("none"), headers=[]).verdict(secrets=[])
    assert (verdict.ok, verdict.reason) == (True, Reason.UNSIGNED)
    assert not scheme("none").needs_secret


# Genuine signers


def test_what_stripe_signs_is_accepted() -> None:
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, int(T))
    assert Vector(scheme=scheme("stripe"), headers=[("Stripe-Signature", header)]).verdict().ok


def test_what_slack_signs_is_accepted() -> None:
    class Then(Clock):
        def now(self) -> float:
            return NOW.timestamp()

    signature = SignatureVerifier(SECRET, Then()).generate_signature(timestamp=T, body=BODY)
    headers = [("X-Slack-Signature", str(signature)), ("X-Slack-Request-Timestamp", T)]
    assert Vector(scheme=scheme("slack"), headers=headers).verdict().ok


def test_what_svix_signs_is_accepted() -> None:
    signature = svix.Webhook(WHSEC).sign("msg_9", NOW, BODY.decode())
    headers = [("svix-id", "msg_9"), ("svix-timestamp", T), ("svix-signature", signature)]
    assert Vector(scheme=scheme("svix"), secret=WHSEC, headers=headers).verdict().ok


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_what_hubspots_library_signs_is_accepted(version: str) -> None:
    signature = Signature.get_signature(
        client_secret=SECRET,
        request_body=BODY.decode(),
        signature_version=version,
        http_uri=HUBSPOT_URL,
        http_method="POST",
        timestamp=f"{T}000",
    )
    headers = [("X-HubSpot-Signature", signature), ("X-HubSpot-Signature-Version", version)]
    if version == "v3":
        headers = [("X-HubSpot-Signature-v3", signature)]
    headers += [("X-HubSpot-Request-Timestamp", f"{T}000")]
    vector = Vector(scheme=scheme("hubspot", accept=[version]), headers=headers, url=HUBSPOT_URL)
    assert vector.verdict().ok


# Signing

SIGNABLE = sorted(set(PRESETS) - {"hmac", "token", "sendgrid"})


def key_for(name: str) -> str:
    return {
        "svix": WHSEC,
        "standard_webhooks": WHSEC,
        "basic": "user:pass:word",
    }.get(name, SECRET)


@pytest.mark.parametrize("name", SIGNABLE)
@pytest.mark.parametrize("kind", [JSON, FORM])
def test_what_we_sign_we_accept(name: str, kind: tuple[str, str]) -> None:
    body = BODY if kind == JSON else TWILIO_FORM
    request = Request.of(url=HUBSPOT_URL, headers=[kind], body=body)
    secret = key_for(name)
    request = replace(request, url=signatures.address(scheme(name), request, secret=secret))
    added = signatures.sign(scheme(name), request, secret=secret, now=NOW, id="msg_1")
    signed = Request.of(url=request.url, headers=[kind, *added.items()], body=body)
    assert signatures.verify(scheme(name), signed, secrets=[secret], now=NOW).ok
    altered = replace(signed, body=body.replace(b"1", b"2"))
    protected = name not in ("basic", "bearer", "mailchimp", "none")
    assert signatures.verify(scheme(name), altered, secrets=[secret], now=NOW).ok is not protected


def test_what_we_sign_with_a_private_key_is_accepted_with_the_public_one() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    request = Request.of(headers=[JSON], body=BODY)
    added = signatures.sign(scheme("sendgrid"), request, secret=pem, now=NOW)
    signed = Request.of(headers=added, body=BODY)
    assert signatures.verify(scheme("sendgrid"), signed, secrets=[public.decode()], now=NOW).ok


def test_the_ed25519_vector_is_what_we_sign() -> None:
    seed = bytes(range(32))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    asymmetric = scheme("standard_webhooks", accept="v1a")
    secret = "whsk_" + base64.b64encode(seed + public).decode()
    added = signatures.sign(
        asymmetric, Request.of(body=BODY), secret=secret, now=NOW, id="msg_demo_1"
    )
    assert added["webhook-signature"] == V1A


def test_a_secret_that_cannot_sign_is_said_to_be_the_trouble() -> None:
    request = Request.of(body=BODY)
    for name, secret in (("standard_webhooks", "whsec_é"), ("sendgrid", SENDGRID_KEY)):
        with pytest.raises(Permanent, match=r"^secret: is "):
            signatures.sign(scheme(name), request, secret=secret, now=NOW)


@pytest.mark.parametrize(
    ("name", "secret", "expected"),
    [
        ("stripe", "whsec_x", True),
        ("stripe", " ", False),
        ("standard_webhooks", "whsec_é", False),
        ("standard_webhooks", "whpk_short", False),
        ("standard_webhooks", WHPK, True),
        ("sendgrid", SENDGRID_KEY, True),
        ("sendgrid", "a-shared-secret", False),
        ("basic", "user", False),
    ],
)
def test_a_secret_of_the_wrong_kind_is_known_before_the_first_request(
    *, name: str, secret: str, expected: bool
) -> None:
    assert signatures.usable(scheme(name), secret) is expected


# Settings of one's own


def test_a_scheme_of_ones_own_is_settings_alone() -> None:
    acme = scheme(
        "hmac",
        header="X-Acme-Proof",
        hash="sha512",
        encoding="base64",
        prefix="acme ",
        signs="{method}|{timestamp}|{body}",
        timestamp_header="X-Acme-Time",
        timestamp_unit="ms",
        tolerance_s=60,
        key="hex",
    )
    message = b"POST|1790000000000|" + BODY
    digest = hmac.digest(bytes.fromhex("00ff00ff"), message, hashlib.sha512)
    vector = Vector(
        scheme=acme,
        secret="00FF00FF",
        headers=[
            ("X-Acme-Proof", "acme " + base64.urlsafe_b64encode(digest).decode()),
            ("X-Acme-Time", "1790000000000"),
        ],
    )
    assert vector.verdict().ok
    assert vector.verdict(now=NOW + timedelta(seconds=61)).reason is Reason.STALE


def test_a_preset_may_be_changed() -> None:
    narrow = replace(VECTORS["stripe"], scheme=scheme("stripe", tolerance_s=10, future_s=5))
    assert narrow.verdict(now=NOW + timedelta(seconds=9)).ok
    assert narrow.verdict(now=NOW + timedelta(seconds=11)).reason is Reason.STALE
    assert narrow.verdict(now=NOW - timedelta(seconds=6)).reason is Reason.FUTURE


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["f:scheme: no scheme is named; "]),
        ({"scheme": "strip"}, ["f:scheme: no scheme is called 'strip'; did you mean stripe?"]),
        ({"scheme": ["x"]}, ["f:scheme: no scheme is called ['x']; "]),
        (
            {"scheme": "hmac"},
            ["f:scheme: which header holds the signature is not said; set `header`"],
        ),
        (
            {"scheme": "hmac", "header": "X-Y", "hsh": "sha1", "encoding": "b64", "tolerance_s": 0},
            [
                "f:hsh: verify has no 'hsh'; did you mean hash?",
                "f:encoding: encoding is 'b64'; it must be one of: hex, base64",
                "f:tolerance_s: tolerance_s is 0; it must be a whole number",
            ],
        ),
        (
            {"scheme": "hmac", "header": "X-Y", "signs": "{timestmp}.{body}"},
            ["f:signs: signs is '{timestmp}.{body}'; it cannot hold {timestmp}; did you mean"],
        ),
        (
            {"scheme": "hmac", "header": "X-Y", "signs": "{timestamp}"},
            [
                "f:signs: the body is not signed, so that anybody could change it; add {body}",
                "f:signs: where {timestamp} is from is not said; set `timestamp_header`",
            ],
        ),
        ({"scheme": "hmac", "header": "X Y"}, ["f:header: header is 'X Y'; it must be the name"]),
        ({"scheme": "hubspot", "accept": ["v4"]}, ["f:accept: hubspot has no way 'v4'; it must"]),
        ({"scheme": "hubspot", "accept": []}, ["f:accept: accept is []; list some of: v3, v2, v1"]),
        ({"scheme": "token"}, ["f:scheme: a token is in a header or in the URL; set"]),
        (
            {"scheme": "hmac", "header": "X-Y", "kind": "hash"},
            ["f:signs: a plain hash without {secret} proves nothing"],
        ),
        (
            {"scheme": "hmac", "header": "X-Y", "timestamp_header": "X-T"},
            ["f:signs: the time stamp is not signed"],
        ),
        (
            {"scheme": "hmac", "header": "X-Y", "format": "list"},
            ["f:format: which entries are signatures is not said; set `label`"],
        ),
    ],
)
def test_every_fault_of_a_scheme_is_named_with_its_place(
    spec: dict[str, object], expected: list[str]
) -> None:
    faults: list[str] = []
    broken = signatures.parse(spec, place=lambda field: f"f:{field}", faults=faults)
    assert len(faults) == len(expected), faults
    for fault, beginning in zip(faults, expected, strict=True):
        assert fault.startswith(beginning)
    verdict = signatures.verify(broken, Request.of(body=BODY), secrets=[SECRET], now=NOW)
    assert verdict.ok is False


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_sound(name: str) -> None:
    needed = {"hmac": {"header": "X-Y"}, "token": {"header": "X-Y"}}
    assert scheme(name, **needed.get(name, {}), accept=list(PRESETS[name])).ways


# Anything at all


@given(
    name=st.sampled_from(sorted(VECTORS)),
    value=st.text(max_size=200),
    other=st.text(max_size=40),
    body=st.binary(max_size=200),
)
def test_no_request_breaks_the_verifier(name: str, value: str, other: str, body: bytes) -> None:
    vector = VECTORS[name]
    at = signature_header(vector)
    headers = [
        (header, value if i == at else other) for i, (header, _) in enumerate(vector.headers)
    ]
    request = Request.of(url=f"{vector.url}&x={other}", headers=headers, body=body)
    assert vector.verdict(request=request).ok is False


def test_an_ecdsa_key_of_another_curve_is_not_usable() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    message = T.encode() + BODY
    signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    vector = Vector(
        scheme=scheme("sendgrid"),
        secret=base64.b64encode(der).decode(),
        headers=[
            (
                "X-Twilio-Email-Event-Webhook-Signature",
                base64.b64encode(signature).decode(),
            ),
            ("X-Twilio-Email-Event-Webhook-Timestamp", T),
        ],
    )
    assert vector.verdict().reason is Reason.NO_SECRET
