"""/metrics for Prometheus: what all processes counted together, and how things stand now."""

import hmac
import ipaddress
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from flask import Blueprint, Request, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from app import __version__
from workers.errors import Retryable
from workers.measures import FAMILIES, Family, Histogram, Kind, Measured
from workers.reasons import Reason, reason_of
from workers.settings import Settings
from workers.store import Store

PREFIX = "hookline_"
CONFIGURED = "configured"  # paused in the configuration
OPERATOR = "operator"  # stopped by a person
PAUSES = (Reason.UNAUTHORIZED, Reason.THROTTLED, Reason.UNREACHABLE, Reason.OTHER)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
Sample = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily | InfoMetricFamily


class Runtime(Protocol):
    """What there is to tell."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102


def blueprint(runtime: Runtime) -> Blueprint:
    """Return the page that Prometheus asks for; any web process answers for all processes."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def metrics() -> Response:
        refused = _refused(request, runtime.settings)
        if refused is not None:
            return refused
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Exposition(runtime.store, runtime.settings, now=runtime.clock()))
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    return pages


def _refused(request: Request, settings: Settings) -> Response | None:
    """Return the refusal of a request that may not see the metrics."""
    token = settings.metrics_token
    if settings.metrics == "open":
        return None
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return None
    if settings.metrics == "loopback" and _local(request):
        return None
    if token:
        said = {"WWW-Authenticate": 'Bearer realm="hookline"'}
        return Response(
            "metrics: the token is missing or wrong\n", 401, said, mimetype="text/plain"
        )
    told = "metrics: only for this machine; the setting `metrics` opens them to others\n"
    return Response(told, 403, mimetype="text/plain")


def _local(request: Request) -> bool:
    """Return True if this machine asks for itself, and not for somebody behind a proxy on it."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class Exposition(Collector):
    """Every family, with or without a value: what is never there cannot be watched."""

    def __init__(self, store: Store, settings: Settings, *, now: datetime) -> None:
        self.store = store
        self.settings = settings
        self.now = now

    def collect(self) -> Iterator[Sample]:
        """Give each family; if the store is gone, only that it is."""
        yield InfoMetricFamily(f"{PREFIX}build", "The version.", value={"version": __version__})
        up = GaugeMetricFamily(f"{PREFIX}store_up", "1 if the store answers, else 0.")
        try:
            found = [*self._counted(), *self._standing()]
        except Retryable:
            up.add_metric((), 0)
            yield up
            return
        up.add_metric((), 1)
        yield up
        yield from found

    def _counted(self) -> Iterator[Sample]:
        self.store.flush_counts()
        values: dict[str, list[Measured]] = {}
        for each in self.store.measured(self.settings.portals):
            values.setdefault(each.family.name, []).append(each)
        for name, family in FAMILIES.items():
            yield _family(family, values.get(name, ()))

    def _standing(self) -> Iterator[Sample]:
        events = self._gauge("portal_events", "Events by where they stand.", "portal", "state")
        backlog = self._gauge(
            "backlog_events", "Events not yet taken up, or in hand.", "portal", "endpoint"
        )
        age = self._gauge(
            "backlog_oldest_age_seconds",
            "Age of the oldest event not yet taken up, or in hand; 0 if none is.",
            *("portal", "endpoint"),
        )
        for portal in self.settings.portals:
            for state, number in self.store.standing_in(portal).items():
                events.add_metric((portal, state), number)
            for lane in self.store.lane_backlog(portal, now=self.now):
                backlog.add_metric((portal, lane.endpoint), lane.waiting)
                age.add_metric((portal, lane.endpoint), lane.oldest_age_s or 0)
        yield from (events, backlog, age)
        yield from self._quota()
        yield from self._portals()
        yield from self._machines()

    def _quota(self) -> Iterator[Sample]:
        most = self._gauge(
            "quota_window_calls", "Calls that may be made in a window.", "portal", "meter"
        )
        used = self._gauge(
            "quota_window_used_calls", "Calls that count in the last window.", "portal", "meter"
        )
        for name, portal in self.settings.portals.items():
            for meter, limit, window_s in (
                ("crm", portal.calls_per_window, portal.window_s),
                ("search", portal.searches_per_s, 1.0),
            ):
                most.add_metric((name, meter), limit)
                in_use = self.store.quota_used(name, meter, window_s=window_s)
                used.add_metric((name, meter), in_use)
        yield from (most, used)

    def _portals(self) -> Iterator[Sample]:
        paused = self._gauge(
            "portal_paused", "1 while nothing is written, by the reason.", "portal", "reason"
        )
        writing = self._gauge("portal_writer", "1 while a writer holds the portal.", "portal")
        for name, portal in self.settings.portals.items():
            pause = self.store.paused(name, now=self.now)
            stopped = pause is not None and math.isinf(pause[0])
            why = None if pause is None or stopped else reason_of(pause[1])
            why = Reason.OTHER if why is not None and why not in PAUSES else why
            for reason in PAUSES:
                paused.add_metric((name, reason.value), int(why is reason))
            paused.add_metric((name, CONFIGURED), int(portal.paused))
            paused.add_metric((name, OPERATOR), int(stopped))
            writing.add_metric((name,), int(self.store.leased(name)))
        yield from (paused, writing)

    def _machines(self) -> Iterator[Sample]:
        seen = self._gauge("worker_seen_seconds", "Since the last sign of any worker.")
        seen_s = self.store.workers_seen(now=self.now)
        if seen_s is not None:
            seen.add_metric((), seen_s)
        room = self.store.room()
        used = self._gauge("store_memory_bytes", "Memory that the store uses.")
        used.add_metric((), room.used_bytes)
        ceiling = self._gauge(
            "store_memory_ceiling_bytes",
            "Memory from which on the door answers 503; 0 if there is no limit.",
        )
        ceiling.add_metric((), room.ceiling_bytes)
        yield from (seen, used, ceiling)

    def _gauge(self, name: str, about: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(PREFIX + name, about, labels=labels)


def _family(family: Family, values: Sequence[Measured]) -> Sample:
    name = PREFIX + family.name
    labels = ("portal", *family.labels) if family.of_portals else family.labels
    match family.kind:
        case Kind.COUNTER:
            counter = CounterMetricFamily(name, family.help, labels=labels)
            for each in values:
                if not isinstance(each.value, Histogram):
                    counter.add_metric(each.labels, each.value)
            return counter
        case Kind.GAUGE:
            gauge = GaugeMetricFamily(name, family.help, labels=labels)
            for each in values:
                if not isinstance(each.value, Histogram):
                    gauge.add_metric(each.labels, each.value)
            return gauge
        case Kind.HISTOGRAM:
            histogram = HistogramMetricFamily(name, family.help, labels=labels)
            for each in values:
                if isinstance(each.value, Histogram):
                    buckets = _cumulative(family.buckets, each.value)
                    histogram.add_metric(each.labels, buckets, each.value.sum_s)
            return histogram


def _cumulative(bounds: tuple[float, ...], value: Histogram) -> list[tuple[str, float]]:
    """Return the buckets as Prometheus wants them: each with all that is below its bound."""
    found: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*bounds, None), value.counts, strict=True):
        total += count
        found.append(("+Inf" if bound is None else str(float(bound)), total))
    return found
