"""What happens to a delivery, step by step; knows nothing of the web framework."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import orjson

from app.ingest.gates import DELIVERIES, Gate, gates
from app.ingest.problems import JSON, Told, problem
from workers.answers import Handshake, recognised, reply
from workers.bodies import Unreadable, decoded, inflated
from workers.errors import Flooded, Full, Retryable, StoreDown
from workers.receive import Received, receive
from workers.settings import Settings
from workers.signatures import Reason, Request, Verdict, verify
from workers.sources import Source
from workers.store import Store

CLOSED_S = 300.0  # until a closed endpoint may have been opened
RETRY_S = 5.0
MAX_IDS = 100  # in one answer


class Runtime(Protocol):
    """What the door works with."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def sources(self) -> Mapping[str, Source]: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102

    def ring(self, portal: str) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """A request whose body is still to be read."""

    name: str  # of the endpoint
    method: str
    url: str
    headers: Mapping[str, list[str]]
    read: Callable[[], bytes]  # raises Unreadable
    trace: str = ""  # the traceparent that its events keep


class Door:
    """Every endpoint's way in."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.gates = gates(runtime.settings.endpoints, runtime.sources)

    def answer(self, knock: Knock) -> Told:
        """Return what the sender is told. It is told 2xx only after everything is kept."""
        gate = self.gates.get(knock.name)
        if gate is None:
            return problem(
                404,
                title="Unknown endpoint",
                detail=f"There is no endpoint {knock.name[:64]!r} here; check the URL.",
                reason="unknown_endpoint",
            )
        if not gate.endpoint.enabled:
            return _closed("The endpoint is switched off at the moment.", reason="disabled")
        try:
            if knock.method not in DELIVERIES:
                return self._asked(gate, knock)
            return self._delivered(gate, knock)
        except Unreadable as error:
            return problem(
                error.status,
                title=error.title,
                detail=str(error),
                reason=error.title.lower().replace(" ", "_"),
                headers={"Accept-Encoding": "gzip, deflate"} if error.status == 415 else None,
            )
        except Flooded as error:
            return problem(
                429,
                detail="More events come than this endpoint may take; send again later.",
                reason="rate",
                retry_after_s=error.retry_after_s,
                cause=str(error),
            )
        except Retryable as error:
            return problem(
                503,
                detail="Events cannot be kept at the moment; send again later.",
                reason="full" if isinstance(error, Full) else "store_down",
                retry_after_s=error.retry_after_s or RETRY_S,
                cause=str(error),
            )

    # Events

    def _delivered(self, gate: Gate, knock: Knock) -> Told:
        limit = self.runtime.settings.max_body_bytes
        request = Request(
            method=knock.method, url=knock.url, headers=knock.headers, body=knock.read()
        )
        encoding = request.header("content-encoding")
        plain = request
        if encoding:
            body = inflated(request.body, encoding=encoding, max_bytes=limit)
            plain = replace(request, body=body)
        unsigned = self._posted(gate, plain, signed=False)
        if unsigned is not None:
            return unsigned
        now = self.runtime.clock()
        verdict = verify(gate.scheme, request, secrets=gate.endpoint.secrets, now=now)
        if not verdict.ok and encoding:  # some senders sign what they compress
            verdict = verify(gate.scheme, plain, secrets=gate.endpoint.secrets, now=now)
        if not verdict.ok:
            self._note(gate, verdict, now)
            return _refused(gate, verdict)
        challenged = self._posted(gate, plain, signed=True, verdict=verdict)
        if challenged is not None:
            return challenged
        received = receive(
            plain,
            endpoint=gate.endpoint,
            source=gate.source,
            store=self.runtime.store,
            now=now,
            trace=knock.trace,
        )
        for portal in received.rings:
            self.runtime.ring(portal)
        if verdict.secret_index is not None:
            with suppress(StoreDown):
                self.runtime.store.note_proof(gate.endpoint.name, verdict.secret_index, now=now)
        return _kept(gate, received, verdict, size_bytes=len(request.body))

    def _note(self, gate: Gate, verdict: Verdict, now: datetime) -> None:
        """Remember why a delivery was turned away, for whoever sets the endpoint up."""
        with suppress(StoreDown):
            self.runtime.store.note_refusal(
                gate.endpoint.name, reason=str(verdict.reason), detail=verdict.detail, now=now
            )

    # Handshakes

    def _asked(self, gate: Gate, knock: Knock) -> Told:
        """Answer what carries no event."""
        request = Request(method=knock.method, url=knock.url, headers=knock.headers, body=b"")
        try:
            handshake = recognised(gate.handshakes, request)
            if handshake is not None:
                return _shaken(gate, handshake, request)
        except ValueError:
            return problem(
                400, detail="The URL's parameters cannot be read.", reason="malformed_url"
            )
        return _not_allowed(gate, knock.method)

    def _posted(
        self, gate: Gate, request: Request, *, signed: bool, verdict: Verdict | None = None
    ) -> Told | None:
        """Answer a handshake that arrives like an event; None if it is an event."""
        handshakes = gate.posted(signed=signed)
        needles = [value.encode() for each in handshakes for value in each.body.values()]
        if not any(needle in request.body for needle in needles):
            return None
        body = decoded(request.body, content_type=request.header("content-type") or "")
        handshake = recognised(handshakes, request, body=body)
        if handshake is None:
            return None
        return _shaken(gate, handshake, request, body=body, verdict=verdict)


def _shaken(
    gate: Gate,
    handshake: Handshake,
    request: Request,
    *,
    body: object = None,
    verdict: Verdict | None = None,
) -> Told:
    secrets = gate.endpoint.secrets
    index = verdict.secret_index if verdict is not None else 0
    answered = reply(
        handshake,
        request,
        body=body,
        secret=secrets[index] if secrets and index is not None else "",
        token=gate.endpoint.handshake_token,
    )
    if answered is None:
        if request.method == "OPTIONS":
            return _not_allowed(gate, request.method)
        return problem(
            403,
            title="Handshake refused",
            detail=f"The {handshake.name} handshake shows no proof that is known here.",
            reason="handshake_refused",
        )
    text = isinstance(answered.body, str)
    return Told(
        status=answered.status,
        body=answered.body.encode()
        if isinstance(answered.body, str)
        else orjson.dumps(dict(answered.body)),
        type="text/plain; charset=utf-8" if text else JSON,
        headers={**answered.headers, "X-Content-Type-Options": "nosniff"},
        about={"reason": f"handshake_{handshake.name}"},
    )


# Answers


def _kept(gate: Gate, received: Received, verdict: Verdict, *, size_bytes: int) -> Told:
    receipts = received.receipts
    fresh = received.fresh
    about = {
        "reason": "accepted" if fresh else "duplicate" if receipts else "empty",
        "events": len(receipts),
        "duplicates": len(receipts) - fresh,
        "event_id": receipts[0].id if receipts else None,
        "size_bytes": size_bytes,
        "secret": verdict.secret_index,
    }
    unreadable = {"unreadable": received.unreadable} if received.unreadable else {}
    about.update(unreadable)
    if gate.answer is not None:
        return Told(
            status=gate.answer.status,
            body=gate.answer.body.encode(),
            type=gate.answer.type,
            about=about,
        )
    said: dict[str, object]
    if len(receipts) == 1:
        said = {"id": receipts[0].id}
    else:
        said = {
            "ids": [receipt.id for receipt in receipts[:MAX_IDS]],
            "accepted": fresh,
            "duplicates": len(receipts) - fresh,
            **unreadable,
        }
    return Told(status=202 if fresh else 200, body=orjson.dumps(said), type=JSON, about=about)


def _refused(gate: Gate, verdict: Verdict) -> Told:
    if verdict.reason is Reason.NO_SECRET:
        return _closed(
            "The endpoint has no secret yet, so nothing can be verified.", reason="no_secret"
        )
    return problem(
        401,
        title="Signature refused",
        detail=f"{verdict.detail[:1].upper()}{verdict.detail[1:]}.",
        reason=f"signature_{verdict.reason}",
        headers=gate.challenge,
    )


def _closed(detail: str, *, reason: str) -> Told:
    """Return the answer of an endpoint that is shut: some senders give up at the first 404."""
    return problem(503, detail=detail, reason=reason, retry_after_s=CLOSED_S)


def _not_allowed(gate: Gate, method: str) -> Told:
    return problem(
        405,
        detail=f"{method[:16]} means nothing here; events are sent with POST.",
        reason="method",
        headers={"Allow": gate.allow},
    )
