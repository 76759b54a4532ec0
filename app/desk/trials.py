"""Trying a mapping: the exact calls that events would lead to. Nothing is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.desk.masking import masked
from app.desk.refusals import Misasked
from workers.bodies import Unreadable, decoded
from workers.crm.calls import Api
from workers.errors import Faults, MappingError, Permanent
from workers.events import Event
from workers.outcomes import State
from workers.plan.jobs import Job
from workers.rehearsal import as_accepted, rehearse
from workers.settings import Endpoint
from workers.signatures import Request
from workers.sources import Source, arrivals, load_text
from workers.sources.portals import by_portal
from workers.translate import translate, why_nothing

MOST_EVENTS = 100  # of one payload


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedStep:
    """What would become of a step, at a portal that holds nothing yet and refuses nothing."""

    step: str
    state: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedEvent:
    """An event, and what its mapping makes of it."""

    portal: str
    source_id: str
    type: str
    time: datetime
    ignored: str  # why nothing is asked for; empty if something is
    fault: str  # why the mapping cannot be applied to it; empty if it can
    steps: tuple[TriedStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCall:
    """A call that would be made."""

    portal: str
    method: str
    path: str
    query: Mapping[str, str]
    body: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a mapping would do; `faults` tells what is wrong with it, and then nothing is tried."""

    faults: tuple[str, ...]
    events: tuple[TriedEvent, ...]
    calls: tuple[TriedCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What is tried: an event that was accepted, or a payload as its sender would send it."""

    event: str | None = None
    payload: str = ""
    headers: Mapping[str, str] | None = None


def try_mapping(
    desk: Desk,
    endpoint: Endpoint,
    sample: Sample,
    *,
    text: str | None,
    portals: Sequence[str],
    provisioned: bool = True,
) -> Trial:
    """Return what `text`, in place of the endpoint's mapping, would do with the sample.

    Raises Missing, and Misasked if the payload cannot be read.
    """
    try:
        source = source_of(desk, endpoint, text)
    except Faults as error:
        return Trial(faults=error.faults, events=(), calls=())
    seen = [each for each in endpoint.portals if each in portals]
    if sample.event is not None:
        events = [desk.event(sample.event, portals=seen)]
    else:
        events = _sent(desk, endpoint, source, sample, seen)
    jobs: list[Job] = []
    tried: list[TriedEvent] = []
    for event in events:
        try:
            changes = translate(event, source)
        except Permanent as error:
            tried.append(_tried(event, fault=str(error)))
            continue
        if changes:
            jobs.append(Job(event=event, changes=changes))
        else:
            tried.append(_tried(event, ignored=why_nothing(event, source)))
    calls: list[TriedCall] = []
    for portal in seen:
        its = [job for job in jobs if job.event.portal == portal]
        api = Api(desk.settings.portals[portal].api)
        found = rehearse(its, api=api, provisioned=provisioned)
        calls += [
            TriedCall(
                portal=portal,
                method=call.method,
                path=call.path,
                query=dict(call.query),
                body=masked(call.body, desk.mask),
            )
            for call in found.calls
        ]
        tried += [
            _tried(
                job.event,
                steps=tuple(
                    TriedStep(step=o.step, state=o.state.value, where=o.where, reason=o.reason)
                    for o in found.outcomes.get(job.event.id, ())
                ),
            )
            for job in its
        ]
    return Trial(faults=(), events=tuple(tried), calls=tuple(calls))


def source_of(desk: Desk, endpoint: Endpoint, text: str | None) -> Source:
    """Return the endpoint's source with `text` as its mapping, or as it is. Raises Faults."""
    if text is None:
        return desk.sources[endpoint.name]
    return load_text(endpoint, text, search=desk.settings.sources_dirs)


def _sent(
    desk: Desk, endpoint: Endpoint, source: Source, sample: Sample, seen: Sequence[str]
) -> list[Event]:
    """Return the events of a payload, read as the door reads them, for the portals `seen`."""
    now = desk.now()
    headers = {"content-type": "application/json", **(sample.headers or {})}
    try:
        request = Request.of(headers=headers, body=sample.payload.encode())
        body = decoded(request.body, content_type=request.header("content-type") or "")
        found = arrivals(source, endpoint=endpoint.name, headers=headers, body=body, received=now)
    except (Unreadable, MappingError, UnicodeEncodeError) as error:
        raise Misasked(f"payload: {error}") from error
    if len(found) > MOST_EVENTS:
        raise Misasked(f"payload: it has {len(found)} events; try at most {MOST_EVENTS} at once")
    kept = by_portal(found, source, portals=endpoint.portals, received=now)
    return as_accepted({name: its for name, its in kept.items() if name in seen}, now=now)


def _tried(
    event: Event, *, ignored: str = "", fault: str = "", steps: tuple[TriedStep, ...] = ()
) -> TriedEvent:
    rejected = [each.reason for each in steps if each.state == State.REJECTED.value]
    return TriedEvent(
        portal=event.portal,
        source_id=event.source_id,
        type=event.type,
        time=event.time,
        ignored=ignored,
        fault=fault or "; ".join(rejected),
        steps=steps,
    )
