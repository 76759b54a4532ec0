"""The endpoints: the URL to paste at the sender, and whether its events arrive and verify."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.desk.events import EventRow, list_events
from app.desk.refusals import Missing
from workers import measures
from workers.settings import Endpoint
from workers.signatures import Kind
from workers.sources import Source
from workers.store import Query

RECENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """Deliveries that were turned away for their signature."""

    at: datetime
    reason: str
    detail: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretUse:
    """One of the endpoint's secrets: once nothing is signed with the old one, it can go."""

    place: int  # in the configuration, from 1
    last: datetime | None  # to some seconds; None: not in the last month


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """An endpoint, and how it does."""

    name: str
    url: str  # to paste at the sender
    source: str
    portals: tuple[str, ...]
    enabled: bool
    secrets: int  # how many are good at the moment: two while one is rotated
    proved: tuple[SecretUse, ...]  # when each of them was last used
    trouble: str  # what keeps events from being taken; empty if nothing does
    mapping: str  # the file
    types: tuple[str, ...]  # of events that the mapping is for
    proofs: tuple[str, ...]  # where a sender proves itself
    accepted: int
    duplicates: int
    refused: int  # for their signature
    last: datetime | None  # when the newest event came
    recent: tuple[EventRow, ...]
    refusals: tuple[RefusalRow, ...]  # the newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPage:
    """All of them."""

    endpoints: tuple[EndpointRow, ...]


def list_endpoints(desk: Desk, *, outside: str, portals: Sequence[str]) -> EndpointPage:
    """Return the endpoints that write to `portals`; `outside` is what stands before /hooks."""
    counts = _counts(desk, portals)
    return EndpointPage(
        endpoints=tuple(
            _row(desk, each, counts, outside=outside, portals=portals, recent=1)
            for each in desk.settings.endpoints.values()
            if {*each.portals} & {*portals}
        )
    )


def endpoint_detail(desk: Desk, name: str, *, outside: str, portals: Sequence[str]) -> EndpointRow:
    """Return one endpoint, with its last events. Raises Missing."""
    found = desk.settings.endpoints.get(name)
    if found is None or not {*found.portals} & {*portals}:
        raise Missing(f"there is no endpoint {name[:64]!r}; look at the list")
    counts = _counts(desk, portals)
    return _row(desk, found, counts, outside=outside, portals=portals, recent=RECENT)


def types_of(source: Source) -> tuple[str, ...]:
    """Return the event types that a mapping is for, as one would choose them at the sender."""
    families = [f"{beginning}…" for beginning, _ in source.families]
    return (*source.on, *families, *(["all others"] if source.default else []))


def proofs_of(source: Source) -> tuple[str, ...]:
    """Return in which headers, or where else, a sender proves itself."""
    found: list[str] = []
    for way in source.scheme.ways:
        found += [f"header {name}" for name in way.header]
        found += [f"URL parameter {way.query}"] if way.query else []
    return tuple(dict.fromkeys(found))


def trouble_of(endpoint: Endpoint, source: Source) -> str:
    """Return what keeps an endpoint from taking events; nothing if it does."""
    if not endpoint.enabled:
        return "switched off in the configuration: it answers 503"
    if not endpoint.secrets and any(way.kind is not Kind.NONE for way in source.scheme.ways):
        return "its secret is not set: it answers 503"
    return ""


def _row(
    desk: Desk,
    endpoint: Endpoint,
    counts: dict[tuple[str, str], int],
    *,
    outside: str,
    portals: Sequence[str],
    recent: int,
) -> EndpointRow:
    source = desk.sources[endpoint.name]
    events = list_events(desk, Query(endpoint=endpoint.name), portals=portals, limit=recent).events
    used = desk.store.proofs(endpoint.name)
    return EndpointRow(
        name=endpoint.name,
        url=f"{outside}/hooks/{endpoint.name}",
        source=source.name,
        portals=tuple(each for each in endpoint.portals if each in portals),
        enabled=endpoint.enabled,
        secrets=len(endpoint.secrets),
        proved=tuple(
            SecretUse(place=place + 1, last=used.get(place))
            for place in range(len(endpoint.secrets))
        ),
        trouble=trouble_of(endpoint, source),
        mapping=source.file,
        types=types_of(source),
        proofs=proofs_of(source),
        accepted=counts.get((measures.ACCEPTED.name, endpoint.name), 0),
        duplicates=counts.get((measures.DUPLICATES.name, endpoint.name), 0),
        refused=counts.get((measures.SIGNATURES.name, endpoint.name), 0),
        last=events[0].received if events else None,
        recent=events,
        refusals=tuple(
            RefusalRow(at=each.at, reason=each.reason, detail=each.detail, times=each.times)
            for each in desk.store.refusals(endpoint.name)
        ),
    )


def _counts(desk: Desk, portals: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return what was counted at each endpoint, by (family, endpoint)."""
    found: dict[tuple[str, str], int] = {}
    for each in desk.store.measured(portals):
        if each.family in (measures.ACCEPTED, measures.DUPLICATES):
            endpoint = each.labels[1]
        elif each.family is measures.SIGNATURES:
            endpoint = each.labels[0]
        else:
            continue
        if isinstance(each.value, int | float):
            key = (each.family.name, endpoint)
            found[key] = found.get(key, 0) + int(each.value)
    return found
