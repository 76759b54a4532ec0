"""What we sign for samples is genuine to the vendors' own verifiers, and their vectors to ours."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
import standardwebhooks
import stripe
import svix
from hubspot.utils.signature import Signature
from sendgrid.helpers.eventwebhook import EventWebhook
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from tests.senders import FORM, JSON, SENDERS
from workers import signatures, sources
from workers.signatures import Request

BODY = '{"id":"evt_demo_1","note":"Zoë €5"}'.encode()
FIELDS = b"Body=Hi+Zo%C3%AB&Empty=&From=%2B15550100001&MessageSid=SM0001"
URL = "https://hooks.example.com/hooks/it?tenant=7"


def ours(name: str, *, kind: str = JSON, body: bytes = BODY) -> Request:
    """A delivery that Hookline itself has signed, as of now: the libraries look at their clocks."""
    scheme = sources.load(name).scheme
    secret = SENDERS[name].secret(0)
    request = Request.of(url=URL, headers={"Content-Type": kind}, body=body)
    request = replace(request, url=signatures.address(scheme, request, secret=secret))
    added = signatures.sign(scheme, request, secret=secret, now=datetime.now(UTC), id="msg_1")
    return Request.of(url=request.url, headers={"Content-Type": kind, **added}, body=body)


def headers_of(request: Request) -> Mapping[str, str]:
    return {name: values[0] for name, values in request.headers.items()}


def by_stripe(request: Request, secret: str) -> bool:
    header = headers_of(request)["stripe-signature"]
    try:
        return bool(
            stripe.WebhookSignature.verify_header(request.body.decode(), header, secret, 300)
        )
    except stripe.SignatureVerificationError:
        return False


def by_slack(request: Request, secret: str) -> bool:
    headers = headers_of(request)
    stamp, signature = headers["x-slack-request-timestamp"], headers["x-slack-signature"]
    return SignatureVerifier(secret).is_valid(request.body, stamp, signature)


def by_svix(request: Request, secret: str) -> bool:
    try:
        svix.Webhook(secret).verify(request.body, dict(headers_of(request)))
    except svix.WebhookVerificationError:
        return False
    return True


def by_the_standard(request: Request, secret: str) -> bool:
    try:
        standardwebhooks.Webhook(secret).verify(request.body, dict(headers_of(request)))
    except standardwebhooks.WebhookVerificationError:
        return False
    return True


def by_hubspot(request: Request, secret: str) -> bool:
    headers = headers_of(request)
    return bool(
        Signature.is_valid(
            signature=headers["x-hubspot-signature-v3"],
            client_secret=secret,
            request_body=request.body.decode(),
            http_uri=request.url,
            http_method="POST",
            signature_version="v3",
            timestamp=headers["x-hubspot-request-timestamp"],
        )
    )


def by_twilio(request: Request, secret: str) -> bool:
    signature = headers_of(request)["x-twilio-signature"]
    if request.content_type != FORM:
        return bool(
            RequestValidator(secret).validate(request.url, request.body.decode(), signature)
        )
    fields = parse_qs(request.body.decode(), keep_blank_values=True)
    params = {name: values[0] for name, values in fields.items()}
    return bool(RequestValidator(secret).validate(request.url, params, signature))


def by_sendgrid(request: Request, secret: str) -> bool:
    headers = headers_of(request)
    return bool(
        EventWebhook(SENDERS["sendgrid"].known(secret)).verify_signature(
            request.body.decode(),
            headers["x-twilio-email-event-webhook-signature"],
            headers["x-twilio-email-event-webhook-timestamp"],
        )
    )


VERIFIERS: Mapping[str, Callable[[Request, str], bool]] = {
    "stripe": by_stripe,
    "slack": by_slack,
    "svix": by_svix,
    "standard_webhooks": by_the_standard,
    "hubspot": by_hubspot,
    "twilio": by_twilio,
    "sendgrid": by_sendgrid,
}


def test_every_library_of_a_vendor_is_asked() -> None:
    assert set(VERIFIERS) == {name for name, sender in SENDERS.items() if sender.vendor}


@pytest.mark.parametrize("name", VERIFIERS)
def test_what_we_sign_is_genuine_to_the_vendors_own_library(name: str) -> None:
    check, secret = VERIFIERS[name], SENDERS[name].secret(0)
    genuine = ours(name)
    assert check(genuine, secret)
    assert not check(replace(genuine, body=BODY.replace(b"demo", b"dem0")), secret)
    assert not check(genuine, SENDERS[name].secret(1))


def test_a_form_that_we_sign_is_genuine_to_twilio() -> None:
    genuine = ours("twilio", kind=FORM, body=FIELDS)
    secret = SENDERS["twilio"].secret(0)
    assert by_twilio(genuine, secret)
    assert not by_twilio(replace(genuine, body=FIELDS.replace(b"Hi", b"Ho")), secret)


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
def test_either_algorithm_of_twilio_is_taken_where_it_is_accepted(algorithm: str) -> None:
    faults: list[str] = []
    spec = {"scheme": "twilio", "accept": ["sha256", "sha1"]}
    scheme = signatures.parse(spec, place=lambda field: field, faults=faults)
    assert faults == []
    params = {name: values[0] for name, values in parse_qs(FIELDS.decode(), True).items()}  # noqa: FBT003
    made = RequestValidator("token").compute_signature(URL, params, algorithm)
    headers = {"Content-Type": FORM, "X-Twilio-Signature": made}
    if algorithm == "HMAC_SHA256":
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=k1,algorithm={algorithm}"
    request = Request.of(url=URL, headers=headers, body=FIELDS)
    assert signatures.verify(scheme, request, secrets=["token"], now=datetime.now(UTC)).ok
    names = [name for name in request.headers if name.endswith("settings")]
    switched = {name: values for name, values in request.headers.items() if name not in names}
    if names:  # what is signed in the one way is not taken for the other
        again = replace(request, headers=switched)
        assert not signatures.verify(scheme, again, secrets=["token"], now=datetime.now(UTC)).ok


def test_the_vector_of_githubs_documentation_is_taken() -> None:
    request = Request.of(
        headers={
            "X-Hub-Signature-256": "sha256="
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        },
        body=b"Hello, World!",
    )
    scheme = sources.load("github").scheme
    secret = "It's a Secret to Everybody"
    assert signatures.verify(scheme, request, secrets=[secret], now=datetime.now(UTC)).ok
    other = hashlib.sha256(secret.encode()).hexdigest()
    assert not signatures.verify(scheme, request, secrets=[other], now=datetime.now(UTC)).ok
