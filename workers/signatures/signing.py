"""What a sender would add to its request: for samples, and for tests of the verifier."""

import base64
import hashlib
import uuid
from datetime import UTC, datetime
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workers.errors import Permanent
from workers.signatures.keys import base64_bytes
from workers.signatures.messages import body_hash, messages
from workers.signatures.request import FORM, Request
from workers.signatures.scheme import Encoding, Format, Kind, Scheme, Token, Unit, Way
from workers.signatures.verifying import digest_of


def sign(
    scheme: Scheme, request: Request, *, secret: str, now: datetime, id: str | None = None
) -> dict[str, str]:
    """Return the headers that make `verify` accept the request, in the scheme's preferred way.

    For ECDSA and Ed25519 the secret is the private key (PEM, base64 DER or `whsk_…`). `request.url`
    must be what `address` returned. Raises Permanent if the secret is of no use.
    """
    way = scheme.ways[0]
    match way.kind:
        case Kind.NONE:
            return {}
        case Kind.TOKEN:
            return {way.header[0]: way.prefix + secret} if way.header else {}
        case Kind.BEARER:
            return {way.header[0]: f"Bearer {secret}"}
        case Kind.BASIC:
            return {way.header[0]: "Basic " + base64.b64encode(secret.encode()).decode()}
        case Kind.HMAC | Kind.HASH | Kind.ECDSA | Kind.ED25519:
            return _signed(way, request, secret, now, id or f"msg_{uuid.uuid4().hex}")


def address(scheme: Scheme, request: Request, *, secret: str) -> str:
    """Return the URL to send to: with the token, or the body's hash, if it belongs there."""
    way = scheme.ways[0]
    if way.kind is Kind.TOKEN and way.query:
        return _with(request.url, way.query, quote(secret, safe=""))
    plain = request.content_type == FORM or not request.body
    if Token.FORM in way.signs and not plain and body_hash(way, request) is None:
        digest = hashlib.sha256(request.body).hexdigest()
        return _with(request.url, way.body_hash_query, digest)
    return request.url


def _with(url: str, name: str, value: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{name}={value}"


def _signed(way: Way, request: Request, secret: str, now: datetime, id: str) -> dict[str, str]:
    stamp = _stamp(way, now)
    message = next(messages(way, request, secret=secret, timestamp=stamp, id=id))
    raw = _signature(way, secret, message)
    text = raw.hex() if way.encoding is Encoding.HEX else base64.b64encode(raw).decode()
    text = way.prefix + text
    match way.format:
        case Format.BARE:
            value = text
        case Format.PAIRS:
            value = f"{way.label}={text}"
            if way.timestamp_label:
                value = f"{way.timestamp_label}={stamp},{value}"
        case Format.LIST:
            value = f"{way.label},{text}"
    found = {way.header[0].replace("-#", "-1"): value}
    if way.timestamp_header:
        found[way.timestamp_header] = stamp
    if way.id_header:
        found[way.id_header] = id
    if way.when_header:
        found[way.when_header] = way.when_value
    return found


def _stamp(way: Way, now: datetime) -> str:
    match way.timestamp_unit:
        case Unit.S:
            return str(int(now.timestamp()))
        case Unit.MS:
            return str(int(now.timestamp() * 1000))
        case Unit.ISO8601:
            return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(way: Way, secret: str, message: bytes) -> bytes:
    if way.kind in (Kind.HMAC, Kind.HASH):
        digest = digest_of(way, secret, message)
        if digest is None:
            raise Permanent(f"secret: is not written as {way.key}; copy it again")
        return digest
    key = _private_key(secret)
    if way.kind is Kind.ECDSA and isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if way.kind is Kind.ED25519 and isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    raise Permanent(f"secret: is no private key for {way.kind}; give one in PEM, or whsk_…")


def _private_key(secret: str) -> object:
    secret = secret.strip()
    if secret.startswith("whsk_"):
        raw = base64_bytes(secret.removeprefix("whsk_")) or b""
        return Ed25519PrivateKey.from_private_bytes(raw[:32]) if len(raw) in (32, 64) else None
    lines = [line for line in secret.splitlines() if not line.startswith("-----")]
    try:
        return serialization.load_der_private_key(
            base64_bytes("".join("".join(lines).split())) or b"", password=None
        )
    except (ValueError, TypeError):
        return None
