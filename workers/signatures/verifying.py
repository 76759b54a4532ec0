"""Is this request from who it says? One verdict, whatever the scheme."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from workers.signatures.keys import PublicKey, hex_bytes, public_key, shared_key, usable_in
from workers.signatures.messages import Uncovered, body_hash, messages
from workers.signatures.presenting import (
    Presented,
    credentials,
    is_met,
    is_there,
    only,
    presented_by,
)
from workers.signatures.request import Request
from workers.signatures.scheme import Kind, Scheme, Token, Way
from workers.signatures.verdict import Reason, Refused, Verdict


def verify(scheme: Scheme, request: Request, *, secrets: Sequence[str], now: datetime) -> Verdict:
    """Return whether any of `secrets` proves the request, at `now`.

    The signature is checked before the time, so that the window tells a forger nothing. Digests
    are compared in constant time.
    """
    try:
        return _verdict(scheme, request, secrets, now)
    except Refused as refused:
        if any(usable_in(way, each) for way in scheme.ways for each in secrets):
            return refused.verdict
        what = "there is no secret that this scheme can use"
        return Verdict(ok=False, reason=Reason.NO_SECRET, detail=what)


def _verdict(scheme: Scheme, request: Request, secrets: Sequence[str], now: datetime) -> Verdict:
    if not scheme.needs_secret:
        return Verdict(ok=True, reason=Reason.UNSIGNED, detail="the source is not signed")
    ways = _chosen(scheme, request)
    if ways[0].kind in (Kind.BASIC, Kind.BEARER, Kind.TOKEN):
        return _shown(ways[0], request, secrets)
    refusals: list[Refused] = []
    for way in ways:
        try:
            presented = presented_by(way, request)
            index = _proved(way, request, presented, secrets)
        except Refused as refused:
            refusals.append(refused)
            continue
        if index is not None:
            _check_time(way, presented, now)
            return _verified(way, index)
        what = "no signature matches the request and a secret of ours"
        refusals.insert(0, Refused(Reason.MISMATCH, what))
    raise refusals[0]


def _verified(way: Way, index: int) -> Verdict:
    return Verdict(
        ok=True, reason=Reason.VERIFIED, detail=f"verified by {way.name}", secret_index=index
    )


def _chosen(scheme: Scheme, request: Request) -> Sequence[Way]:
    """Return the way that decides, and those that read the same header, which count with it."""
    for way in scheme.ways:
        if is_there(way, request) and is_met(way, request):
            if len(scheme.ways) == 1:
                return scheme.ways
            key = (way.header, way.when_header, way.when_value)
            return [
                each
                for each in scheme.ways
                if (each.header, each.when_header, each.when_value) == key
            ]
    if any(is_there(way, request) for way in scheme.ways):
        raise Refused(Reason.UNSUPPORTED, "the request is signed in a way that is not accepted")
    wanted = [way.header[0] if way.header else f"?{way.query}=" for way in scheme.ways]
    if not wanted:
        raise Refused(Reason.UNSUPPORTED, "the source's scheme has faults and verifies nothing")
    raise Refused(Reason.MISSING, f"the request has no {' or '.join(dict.fromkeys(wanted))}")


# Proofs


def _proved(way: Way, request: Request, presented: Presented, secrets: Sequence[str]) -> int | None:
    """Return which secret made one of the signatures, None if none did."""
    try:
        hashed = body_hash(way, request)
        if hashed is not None:
            given = hex_bytes(hashed) or b""
            if not hmac.compare_digest(given, hashlib.sha256(request.body).digest()):
                return None
        signed: list[bytes] = []
        for index, secret in enumerate(secrets):
            if not signed or Token.SECRET in way.signs:
                signed = list(
                    messages(
                        way, request, secret=secret, timestamp=presented.timestamp, id=presented.id
                    )
                )
            for message in signed:
                if _matches(way, secret, message, presented.signatures):
                    return index
    except Uncovered as error:
        raise Refused(Reason.MALFORMED, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Refused(Reason.MALFORMED, "what the signature covers cannot be read") from error
    return None


def _matches(way: Way, secret: str, message: bytes, signatures: Sequence[bytes]) -> bool:
    if way.kind in (Kind.ECDSA, Kind.ED25519):
        key = public_key(secret, way)
        return key is not None and any(_signed_by(key, message, each) for each in signatures)
    digest = digest_of(way, secret, message)
    return digest is not None and any(hmac.compare_digest(digest, each) for each in signatures)


def _signed_by(key: PublicKey, message: bytes, signature: bytes) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def digest_of(way: Way, secret: str, message: bytes) -> bytes | None:
    """Return the digest that proves a message, None if the secret is not one for this way."""
    key = shared_key(secret, way.key)
    if key is None:
        return None
    if way.kind is Kind.HASH:
        return hashlib.new(way.hash, message).digest()
    return hmac.digest(key, message, way.hash)


def _shown(way: Way, request: Request, secrets: Sequence[str]) -> Verdict:
    """Return the verdict on a secret that is shown as it is."""
    if way.query:
        try:
            given = [value for name, value in request.query() if name == way.query]
        except ValueError as error:
            raise Refused(Reason.MALFORMED, "the URL's parameters cannot be read") from error
        if len(given) != 1:
            reason = Reason.DOUBLED if given else Reason.MISSING
            raise Refused(reason, f"the URL has {len(given)} {way.query}, not one")
        shown = given[0].encode()
    else:
        name = next(each for each in way.header if each in request.headers)
        shown = credentials(way, name, only(request, name))
    proof = hashlib.sha256(shown).digest()  # equal lengths, so that the time tells nothing
    for index, secret in enumerate(secrets):
        if not usable_in(way, secret):
            continue
        if hmac.compare_digest(hashlib.sha256(secret.strip().encode()).digest(), proof):
            return _verified(way, index)
    raise Refused(Reason.MISMATCH, f"the {way.kind} credentials are not ours")


# The window


def _check_time(way: Way, presented: Presented, now: datetime) -> None:
    if presented.at is None:
        return
    age_s = (now - presented.at).total_seconds()
    if age_s > way.tolerance_s:
        raise Refused(Reason.STALE, f"the signature is {age_s:.0f} s old, over {way.tolerance_s}")
    if -age_s > way.future_s:
        raise Refused(
            Reason.FUTURE, f"the signature is from {-age_s:.0f} s ahead, over {way.future_s}"
        )
