"""Which handshake is this, and what is it answered?"""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence

from workers.answers.model import Handshake, Proof, Reply
from workers.signatures import Request

_ECHOED = re.compile(r"[A-Za-z0-9._~:/=+-]{1,512}", re.ASCII)  # no markup
_SIGNED = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)  # nothing that could be an event's body
_WORD = re.compile(r"\{(\w+)\}", re.ASCII)
_ORIGIN = re.compile(r"[A-Za-z0-9.:_-]{1,253}", re.ASCII)
_RATE = re.compile(r"[0-9]{1,9}", re.ASCII)


def recognised(
    handshakes: Sequence[Handshake], request: Request, *, body: object = None
) -> Handshake | None:
    """Return the handshake that a request is, None if it is none. Raises ValueError for its URL."""
    for each in handshakes:
        if each.method != request.method:
            continue
        query = dict(request.query()) if each.query else {}
        asked = all(
            name in query and value in ("", query[name]) for name, value in each.query.items()
        )
        if asked and all(_at(body, path) == value for path, value in each.body.items()):
            return each
    return None


def reply(
    handshake: Handshake,
    request: Request,
    *,
    body: object = None,
    secret: str = "",
    token: str | None = None,
) -> Reply | None:
    """Return what the handshake is answered; None if its proof is wrong or its echo unfit.

    Its signature is checked already, if it needs one; `secret` is the one that proved it. `token`
    is what the endpoint expects.
    """
    if handshake.proof is Proof.TOKEN and not _proved(handshake, request, token):
        return None
    if handshake.consent:
        return _consent(handshake, request)
    if not handshake.echo:
        return Reply()
    where, _, path = handshake.echo.partition(".")
    found = dict(request.query()).get(path) if where == "query" else _at(body, path)
    if not isinstance(found, str) or not _ECHOED.fullmatch(found):
        return None
    if not handshake.reply:
        return Reply(body=found)
    signed = any("{hmac" in template for template in handshake.reply.values())
    if signed and not (secret.strip() and _SIGNED.fullmatch(found)):
        return None
    digest = hmac.digest(secret.strip().encode(), found.encode(), "sha256")
    words = {"hmac": digest.hex(), "hmac_base64": base64.b64encode(digest).decode(), "echo": found}
    return Reply(
        body={
            name: _WORD.sub(lambda at: words.get(at[1], at[0]), template)
            for name, template in handshake.reply.items()
        }
    )


def _proved(handshake: Handshake, request: Request, token: str | None) -> bool:
    given = [value for name, value in request.query() if name == handshake.token]
    if not token or len(given) != 1:
        return False
    return hmac.compare_digest(given[0].encode(), token.strip().encode())


def _consent(handshake: Handshake, request: Request) -> Reply | None:
    """Return CloudEvents' consent; the header gives it, so that a refusal has none."""
    origin = (request.header("webhook-request-origin") or "").strip()
    allowed = handshake.consent.get("origins", "*").split()
    if not _ORIGIN.fullmatch(origin) or ("*" not in allowed and origin not in allowed):
        return None
    headers = {"Allow": "POST", "WebHook-Allowed-Origin": origin}
    rate = (request.header("webhook-request-rate") or "").strip()
    if rate:
        limit = handshake.consent.get("rate", "*")
        if limit.isdigit() and _RATE.fullmatch(rate):
            limit = str(min(int(limit), int(rate)))
        headers["WebHook-Allowed-Rate"] = limit
    return Reply(headers=headers)


def _at(body: object, path: str) -> object:
    """Return what is at a dotted path, None if there is nothing."""
    for part in path.split("."):
        if not isinstance(body, Mapping) or part not in body:
            return None
        body = body[part]
    return body
