"""Each sender's side of a delivery: what its own library signs, where it has one.

Nothing of this comes from Hookline's own signing. Where no library of the vendor's signs, the
scheme is written out from its documentation with the standard library.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qs, quote

import standardwebhooks
import stripe
import svix
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hubspot.utils.signature import Signature
from sendgrid.helpers.eventwebhook import EventWebhook
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ID = "msg_2Lh9KRb0pzN4LePd3XiA4v12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request that is about to be signed."""

    url: str
    body: bytes
    now: datetime
    kind: str = JSON
    id: str = ID

    @property
    def stamp(self) -> str:
        return str(int(self.now.timestamp()))

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the sender adds to its request."""

    headers: Mapping[str, str]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How one source's sender signs, with a secret; and what the endpoint is given of it."""

    headers: Callable[[str, Outgoing], dict[str, str]]
    secret: Callable[[int], str] = field(default=lambda number: f"a secret of {number} words")
    known: Callable[[str], str] = field(default=lambda secret: secret)  # the endpoint's part of it
    address: Callable[[str, Outgoing], str] = field(default=lambda _, request: request.url)
    window_s: int | None = None  # between its clock and ours; None if it signs no time
    covers: bool = True  # False where a secret is shown, and nothing else is proved
    vendor: str = ""  # whose library it is that signs

    def sign(self, secret: str, request: Outgoing) -> Signed:
        url = self.address(secret, request)
        moved = Outgoing(
            url=url, body=request.body, now=request.now, kind=request.kind, id=request.id
        )
        return Signed(headers=self.headers(secret, moved), url=url)


# What has a library of the vendor's own


def _stripe(secret: str, request: Outgoing) -> dict[str, str]:
    made = stripe.WebhookSignature.generate_signature_header(
        request.text, secret, int(request.stamp)
    )
    return {"Stripe-Signature": made}


def _calendly(secret: str, request: Outgoing) -> dict[str, str]:
    (made,) = _stripe(secret, request).values()  # the same by its documentation
    return {"Calendly-Webhook-Signature": made}


def _hubspot(secret: str, request: Outgoing) -> dict[str, str]:
    stamp = f"{request.stamp}000"
    made = {
        version: Signature.get_signature(
            client_secret=secret,
            request_body=request.text,
            signature_version=version,
            http_uri=request.url,
            http_method="POST",
            timestamp=stamp,
        )
        for version in ("v1", "v3")
    }
    return {  # a subscription's webhook carries both
        "X-HubSpot-Signature-v3": made["v3"],
        "X-HubSpot-Request-Timestamp": stamp,
        "X-HubSpot-Signature": made["v1"],
        "X-HubSpot-Signature-Version": "v1",
    }


def _slack(secret: str, request: Outgoing) -> dict[str, str]:
    made = SignatureVerifier(secret).generate_signature(timestamp=request.stamp, body=request.body)
    return {"X-Slack-Signature": str(made), "X-Slack-Request-Timestamp": request.stamp}


def _zoom(secret: str, request: Outgoing) -> dict[str, str]:
    made = _slack(secret, request)["X-Slack-Signature"]  # the same by its documentation
    return {"x-zm-signature": made, "x-zm-request-timestamp": request.stamp}


def _twilio_url(_: str, request: Outgoing) -> str:
    if request.kind == FORM:
        return request.url
    mark = "&" if "?" in request.url else "?"
    return f"{request.url}{mark}bodySHA256={hashlib.sha256(request.body).hexdigest()}"


def _twilio(secret: str, request: Outgoing) -> dict[str, str]:
    params = parse_qs(request.text, keep_blank_values=True) if request.kind == FORM else {}
    fields = {name: values[0] for name, values in params.items()}
    made = RequestValidator(secret).compute_signature(request.url, fields)
    return {"X-Twilio-Signature": made}


def _standard(secret: str, request: Outgoing) -> dict[str, str]:
    made = standardwebhooks.Webhook(secret).sign(request.id, request.now, request.text)
    return {
        "webhook-id": request.id,
        "webhook-timestamp": request.stamp,
        "webhook-signature": made,
    }


def _svix(secret: str, request: Outgoing) -> dict[str, str]:
    made = svix.Webhook(secret).sign(request.id, request.now, request.text)
    return {"svix-id": request.id, "svix-timestamp": request.stamp, "svix-signature": made}


def _whsec(number: int) -> str:
    return "whsec_" + base64.b64encode(hashlib.sha256(b"%d" % number).digest()[:24]).decode()


# SendGrid's library verifies alone; what is signed here it must accept


@cache
def _key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number + 2, ec.SECP256R1())


def _pem(number: int) -> str:
    return (
        _key(number)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _spki(pem: str) -> str:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(public).decode()


def _sendgrid(secret: str, request: Outgoing) -> dict[str, str]:
    key = serialization.load_pem_private_key(secret.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    raw = key.sign(request.stamp.encode() + request.body, ec.ECDSA(hashes.SHA256()))
    made = base64.b64encode(raw).decode()
    assert EventWebhook(_spki(secret)).verify_signature(request.text, made, request.stamp)
    return {
        "X-Twilio-Email-Event-Webhook-Signature": made,
        "X-Twilio-Email-Event-Webhook-Timestamp": request.stamp,
    }


# What no library of the vendor's signs: by the documentation


def _hmac(
    header: str, *, algorithm: str = "sha256", prefix: str = "", in_hex: bool = True
) -> Sender:
    def headers(secret: str, request: Outgoing) -> dict[str, str]:
        digest = hmac.digest(secret.encode(), request.body, algorithm)
        text = digest.hex() if in_hex else base64.b64encode(digest).decode()
        return {header: prefix + text}

    return Sender(headers=headers)


def _zendesk(secret: str, request: Outgoing) -> dict[str, str]:
    stamp = request.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.digest(secret.encode(), stamp.encode() + request.body, "sha256")
    return {
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }


def _basic(secret: str, _: Outgoing) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def _bearer(secret: str, _: Outgoing) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def _nothing(_: str, __: Outgoing) -> dict[str, str]:
    return {}


def _with_token(secret: str, request: Outgoing) -> str:
    mark = "&" if "?" in request.url else "?"
    return f"{request.url}{mark}token={quote(secret, safe='')}"


BEARER = Sender(headers=_bearer, secret=lambda number: f"token-{number}-of-the-tests", covers=False)
IN_URL = Sender(headers=_nothing, address=_with_token, covers=False)

SENDERS: Mapping[str, Sender] = {
    "basic": Sender(headers=_basic, secret=lambda number: f"user{number}:pa:ss", covers=False),
    "bearer": BEARER,
    "calendly": Sender(headers=_calendly, window_s=180),
    "cloudevents": BEARER,
    "docusign": _hmac("X-DocuSign-Signature-1", in_hex=False),
    "github": _hmac("X-Hub-Signature-256", prefix="sha256="),
    "hmac": _hmac("X-Signature"),
    "hubspot": Sender(headers=_hubspot, window_s=300, vendor="hubspot-api-client"),
    "intercom": _hmac("X-Hub-Signature", algorithm="sha1", prefix="sha1="),
    "mailchimp": IN_URL,
    "meta_lead_ads": _hmac("X-Hub-Signature-256", prefix="sha256="),
    "segment": _hmac("X-Segment-Signature", algorithm="sha1"),
    "sendgrid": Sender(
        headers=_sendgrid, secret=_pem, known=_spki, window_s=600, vendor="sendgrid"
    ),
    "shopify": _hmac("X-Shopify-Hmac-Sha256", in_hex=False),
    "slack": Sender(headers=_slack, window_s=300, vendor="slack_sdk"),
    "standard_webhooks": Sender(
        headers=_standard, secret=_whsec, window_s=300, vendor="standardwebhooks"
    ),
    "stripe": Sender(
        headers=_stripe,
        secret=lambda number: f"whsec_of_{number}_words",
        window_s=300,
        vendor="stripe",
    ),
    "svix": Sender(headers=_svix, secret=_whsec, window_s=300, vendor="svix"),
    "token": IN_URL,
    "twilio": Sender(headers=_twilio, address=_twilio_url, vendor="twilio"),
    "typeform": _hmac("Typeform-Signature", prefix="sha256=", in_hex=False),
    "zendesk": Sender(headers=_zendesk, window_s=300),
    "zoom": Sender(headers=_zoom, window_s=300),
}
