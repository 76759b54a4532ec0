"""The task `hookline.accept`: an event that another Celery application sends by name.

    app.send_task("hookline.accept", queue="hookline.accept", kwargs={
        "endpoint": "shop",           # whose events these are
        "body": {"id": 1, …},         # what the sender would POST: a JSON value, or its text
        "headers": {"X-Shop": "s1"},  # as over HTTP; need not be given
    })

The caller imports nothing of ours and shares nothing with us but the broker, whose credentials
are all that is asked for: there is no signature. Sent twice it is one event. A call that can
never be understood fails, and is kept in the queue `hookline.accept.dead`, as `consume` keeps it.

On a Redis broker, Celery gives what a killed worker had in hand to another after some minutes, and
loses a task that it was just about to note. RabbitMQ has neither, nor has `consume` on either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from urllib.parse import unquote

from workers.bodies import Unreadable, media_type
from workers.errors import Faults, Permanent, Retryable
from workers.logs import log
from workers.queues.brokers import connection_to
from workers.queues.inlets import UNKNOWN, Inlet, Runtime, count
from workers.queues.messages import JSON, Message
from workers.queues.taps import DeadLetters

NAMES = ("endpoint", "body", "headers")
CLOSED_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the task was called with."""

    args: Sequence[object]
    kwargs: Mapping[str, object]

    @property
    def endpoint(self) -> str:
        """The endpoint that it names, or tries to."""
        return str(self._given().get("endpoint", ""))[:64]

    def message(self) -> Message:
        """Return the message that it would be in a queue. Raises Permanent."""
        given = self._given()
        faults = [f"{name[:40]!r} is not known" for name in sorted(set(self.kwargs) - set(NAMES))]
        faults += [f"{name} is missing" for name in NAMES[:2] if given.get(name) is None]
        faults += [f"{len(self.args)} positional arguments"] if len(self.args) > len(NAMES) else []
        headers = given.get("headers") or {}
        if isinstance(headers, Mapping) and not faults:
            return _message(given["body"], {str(name).lower(): headers[name] for name in headers})
        faults += [] if isinstance(headers, Mapping) else ["headers is no mapping"]
        raise Permanent(
            f"hookline.accept: {'; '.join(faults)}; call it with endpoint, body and headers"
        )

    def whole(self) -> Message:
        """Return a message that holds the call, for one that makes no other."""
        return Message(
            body=dumps({"args": list(self.args), "kwargs": dict(self.kwargs)}).encode(),
            content_type=JSON,
        )

    def _given(self) -> dict[str, object]:
        return {**dict(zip(NAMES, self.args, strict=False)), **self.kwargs}


def _message(body: object, headers: Mapping[str, object]) -> Message:
    # Over HTTP the attributes of a CloudEvent are percent-encoded; in a queue they are plain.
    plain = {
        name: unquote(value) if name.startswith("ce-") and isinstance(value, str) else value
        for name, value in headers.items()
        if name != "content-type"
    }
    kind = str(headers.get("content-type") or JSON)
    if isinstance(body, str):
        return Message(body=body.encode(), content_type=kind, headers=plain)
    if not media_type(kind).endswith("json"):
        kind = JSON
    return Message(body=dumps(body).encode(), content_type=kind, headers=plain)


def accept(runtime: Runtime, call: Call) -> list[str]:
    """Keep the events of a call; return their ids.

    Raises Permanent if it can never be understood, Retryable if nothing is kept at the moment.
    """
    message = call.message()
    inlet = Inlet.of(runtime, call.endpoint)
    if not inlet.endpoint.enabled:
        raise Retryable(
            f"endpoint {call.endpoint}: is switched off at the moment", retry_after_s=CLOSED_S
        )
    received = inlet.keep(inlet.read(message))
    count(runtime.store, inlet.endpoint.name, kept=1)
    log.info(
        "task accepted",
        endpoint=inlet.endpoint.name,
        events=received.fresh,
        duplicates=len(received.receipts) - received.fresh,
        event_id=received.receipts[0].id if received.receipts else None,
    )
    return [each.id for each in received.receipts]


def bury(
    runtime: Runtime, dead: Call | Message, *, queue: str, reason: str, endpoint: str = ""
) -> None:
    """Keep what can never be understood among the dead letters of `queue`.

    Raises Retryable if the broker does not confirm it.
    """
    about = {
        "x-hookline-reason": reason[:1000],
        "x-hookline-queue": queue,
        "x-hookline-endpoint": endpoint,
        "x-hookline-time": runtime.clock().isoformat(),
    }
    connection = connection_to(runtime.settings.broker_url)
    try:
        with connection:
            DeadLetters(connection, f"{queue}.dead").send(_letter(dead), about)
    except (*connection.connection_errors, *connection.channel_errors) as error:
        raise Retryable(f"broker: dead letters are not kept ({type(error).__name__})") from error
    known = endpoint in runtime.settings.endpoints
    count(runtime.store, endpoint if known else UNKNOWN, dead=1)
    log.warning("message dead", queue=f"{queue}.dead", reason=reason.partition(":")[0])


def _letter(dead: Call | Message) -> Message:
    if isinstance(dead, Message):
        return dead
    try:
        return dead.message()
    except Permanent:
        return dead.whole()


def reason_of(error: Exception) -> str:
    """Return why a call is dead, as its caller and its dead letter are told."""
    match error:
        case Unreadable():
            return f"{error.title}: {error}"
        case Faults() | Permanent():
            return f"Not understood: {error}"
        case _:
            return f"Fault of ours: {type(error).__name__}; the log says why"
