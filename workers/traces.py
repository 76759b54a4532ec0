"""OpenTelemetry: from a request, by way of its events, to the calls that they led to. Optional.

The library is imported when a trace is to be sent somewhere, and not before. A call carries inputs
of up to a hundred events, so its span is linked to the span of each; where there is but one event,
it is the call's parent as well, and one trace goes from the request to the call.

The spans of a turn are made when it is over, of what was noted anyway: a turn pays nothing for it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from workers.errors import SettingsError
from workers.events import TRACEPARENT, Event
from workers.outcomes import EventState, Verdict
from workers.reasons import reason_of
from workers.sending import Made
from workers.stamps import microseconds
from workers.writer import Turn

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

SERVICE = "hookline"
QUEUE_SPANS = 16_384  # of a few turns: more than their exporter falls behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """The span of one request; `traceparent` is what its events keep."""

    traceparent: str
    answered: Callable[[int], None]


class Traces:
    """Makes the spans of one process, and sends them from a thread of their own."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation import tracecontext

        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)
        self._context = tracecontext.TraceContextTextMapPropagator()

    @contextmanager
    def inbound(self, *, method: str, route: str, headers: Mapping[str, str]) -> Iterator[Inbound]:
        """Give the span of a request for as long as it lasts; it goes on with the sender's trace.

        `headers` are traceparent and tracestate, if the sender sent them.
        """
        from opentelemetry.trace import SpanKind

        with self._tracer.start_as_current_span(
            f"{method} {route}",
            context=self._context.extract(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
        ) as span:

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    _mark(span, str(status))

            yield Inbound(traceparent=self._traceparent(span), answered=answered)

    def turn(self, portal: str, done: Turn, now: datetime) -> None:
        """Send the spans of a turn that is over: its own, its events', its calls'."""
        if not done.events:
            return
        began = done.taken or now
        attributes: dict[str, Any] = {
            "hookline.portal": portal,
            "hookline.events": len(done.events),
        }
        span = self._tracer.start_span(
            "turn", context=_root(), attributes=attributes, start_time=_ns(began)
        )
        by_call: dict[str, list[Span]] = {}
        for event in done.events:
            verdict = done.verdicts[event.id]
            handled = self._event(event, verdict, began=began, now=now)
            for call_id in {call for outcome in verdict.outcomes for call in outcome.calls}:
                by_call.setdefault(call_id, []).append(handled)
        for made in done.made:
            self._call(made, within=span, events=by_call.get(made.id, []))
        span.end(_ns(now))

    def _event(self, event: Event, verdict: Verdict, *, began: datetime, now: datetime) -> "Span":
        from opentelemetry.trace import SpanKind

        span = self._tracer.start_span(
            f"handle {event.endpoint}",
            context=self._context.extract(event.headers, context=_root()),
            kind=SpanKind.CONSUMER,
            attributes={
                "hookline.event.id": event.id,
                "hookline.event.type": event.type,
                "hookline.portal": event.portal,
                "hookline.state": verdict.state.value,
                "hookline.reason": reason_of(verdict.reason).value,
            },
            start_time=_ns(began),
        )
        if verdict.state in (EventState.DEAD, EventState.UNKNOWN):
            _mark(span, verdict.state.value)
        span.end(_ns(now))
        return span

    def _call(self, made: Made, *, within: "Span", events: "list[Span]") -> None:
        from opentelemetry.trace import Link, SpanKind, set_span_in_context

        parent = events[0] if len(events) == 1 else within
        attributes: dict[str, Any] = {
            "http.request.method": made.call.method,
            "url.path": made.call.path,
            "hookline.call.id": made.id,
            "hookline.call.inputs": made.call.inputs,
        }
        if made.reply is not None:
            attributes["http.response.status_code"] = made.reply.status
        span = self._tracer.start_span(
            made.call.name,
            context=set_span_in_context(parent),
            kind=SpanKind.CLIENT,
            attributes=attributes,
            links=[Link(event.get_span_context()) for event in events],
            start_time=_ns(made.at),
        )
        if made.error:
            _mark(span, reason_of(made.error).value)
        span.end(_ns(made.at + timedelta(seconds=made.took_s)))

    def _traceparent(self, span: "Span") -> str:
        from opentelemetry.trace import set_span_in_context

        carrier: dict[str, str] = {}
        self._context.inject(carrier, context=set_span_in_context(span))
        return carrier.get(TRACEPARENT, "")

    def flush(self) -> None:
        """Send what was not sent yet."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what was not sent yet, and stop."""
        self._provider.shutdown()


def traces(endpoint: str | None) -> Traces | None:
    """Return what sends traces by OTLP over HTTP to `endpoint`, None if that is not given.

    Raises SettingsError if the library is not there.
    """
    if endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        told = f"otlp_endpoint: needs {error.name}; install it: pip install 'hookline[traces]'"
        raise SettingsError([told]) from error
    resource = Resource.create()
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS))
    return Traces(provider)


def _root() -> "Context":
    """Return a context without any span: a turn is nobody's child."""
    from opentelemetry.context import Context

    return Context()


def _mark(span: "Span", why: str) -> None:
    """Say that a span did not end well."""
    from opentelemetry.trace import Status, StatusCode

    span.set_status(Status(StatusCode.ERROR, why))


def _ns(moment: datetime) -> int:
    return microseconds(moment) * 1000
