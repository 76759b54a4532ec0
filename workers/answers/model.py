"""What a handshake and an answer are, and the handshakes that have a name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

METHODS = ("GET", "HEAD", "OPTIONS", "POST")


class Proof(StrEnum):
    """What a handshake has to show before it is answered."""

    NONE = "none"
    SIGNATURE = "signature"  # it is signed like an event
    TOKEN = "token"  # noqa: S105 (a URL parameter is the endpoint's handshake_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said to a delivery in place of our own words."""

    status: int
    body: str = ""
    type: str = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a handshake is answered."""

    status: int = 200
    body: str | Mapping[str, str] = ""  # text, or the fields of a JSON object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One exchange that a sender wants before it sends, or from time to time."""

    name: str
    method: str
    query: Mapping[str, str] = field(default_factory=dict)  # "" is any value
    body: Mapping[str, str] = field(default_factory=dict)  # path.in.the.body: value
    proof: Proof = Proof.NONE
    token: str = ""  # the parameter that holds the token
    echo: str = ""  # "query.NAME" or "body.PATH"
    reply: Mapping[str, str] = field(default_factory=dict)  # JSON; {echo}, {hmac}, {hmac_base64}
    consent: Mapping[str, str] = field(default_factory=dict)  # CloudEvents: origins, rate


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "get": {"method": "GET"},
    "head": {"method": "HEAD"},
    "slack": {
        "method": "POST",
        "body": {"type": "url_verification"},
        "proof": "signature",
        "echo": "body.challenge",
    },
    "zoom": {
        "method": "POST",
        "body": {"event": "endpoint.url_validation"},
        "proof": "signature",
        "echo": "body.payload.plainToken",
        "reply": {"plainToken": "{echo}", "encryptedToken": "{hmac}"},
    },
    "meta": {
        "method": "GET",
        "query": {"hub.mode": "subscribe"},
        "proof": "token",
        "token": "hub.verify_token",
        "echo": "query.hub.challenge",
    },
    "crc": {
        "method": "GET",
        "query": {"crc_token": ""},
        "echo": "query.crc_token",
        "reply": {"response_token": "sha256={hmac_base64}"},
    },
    "cloudevents": {"method": "OPTIONS", "consent": {"origins": "*", "rate": "*"}},
}
