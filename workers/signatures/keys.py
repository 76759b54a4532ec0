"""A secret as it was written → the key that it is."""

import base64
import binascii
from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from workers.signatures.scheme import Key, Kind, Scheme, Way

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | Ed25519PublicKey


def base64_bytes(text: str) -> bytes | None:
    """Return what base64 in either alphabet, padded or not, says; None if it is not that."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def hex_bytes(text: str) -> bytes | None:
    """Return what hex digits of either case say; None if it is not that."""
    try:
        return binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        return None


@lru_cache(maxsize=1024)
def shared_key(secret: str, key: Key) -> bytes | None:
    """Return the bytes of a shared secret; None if it is empty or not written like that.

    A public key is never taken for a shared one: everybody knows it.
    """
    secret = secret.strip()
    match key:
        case Key.TEXT:
            return secret.encode() or None
        case Key.BASE64:
            return base64_bytes(secret) or None
        case Key.HEX:
            return hex_bytes(secret) or None
        case Key.WHSEC:
            if secret.startswith(("whpk_", "whsk_")):
                return None
            return base64_bytes(secret.removeprefix("whsec_")) or None
        case Key.WHPK | Key.SPKI:
            return None


@lru_cache(maxsize=1024)
def public_key(secret: str, way: Way) -> PublicKey | None:
    """Return the public key that a secret is, if it is of the way's kind; None if not."""
    secret = secret.strip()
    if way.key is Key.WHPK:
        raw = base64_bytes(secret.removeprefix("whpk_")) if secret.startswith("whpk_") else None
        return Ed25519PublicKey.from_public_bytes(raw) if raw and len(raw) == 32 else None
    lines = [line for line in secret.splitlines() if not line.startswith("-----")]
    der = base64_bytes("".join("".join(lines).split()))
    try:
        key = serialization.load_der_public_key(der or b"")
    except (ValueError, UnsupportedAlgorithm):
        return None
    if way.kind is Kind.ED25519 and isinstance(key, Ed25519PublicKey):
        return key
    if way.kind is Kind.ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
        return key if isinstance(key.curve, ec.SECP256R1) else None
    return None


def usable(scheme: Scheme, secret: str) -> bool:
    """Return whether the scheme can verify anything with this secret."""
    return any(usable_in(way, secret) for way in scheme.ways)


def usable_in(way: Way, secret: str) -> bool:
    """Return whether a secret is written as this way needs it."""
    match way.kind:
        case Kind.NONE:
            return True
        case Kind.ECDSA | Kind.ED25519:
            return public_key(secret, way) is not None
        case Kind.BASIC:
            return ":" in secret.strip()
        case Kind.BEARER | Kind.TOKEN:
            return bool(secret.strip())
        case Kind.HMAC | Kind.HASH:
            return shared_key(secret, way.key) is not None
