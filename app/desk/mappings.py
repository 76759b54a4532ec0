"""The mappings: what their files say, what is wrong with them, and what a changed one would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.desk import Desk
from app.desk.endpoints import types_of
from app.desk.masking import HIDDEN, masked
from app.desk.refusals import Missing
from app.desk.trials import Sample, Trial, source_of, try_mapping
from workers import checking
from workers.changes import Change
from workers.differences import Difference, asked, differences
from workers.errors import Faults, Permanent
from workers.events import Event
from workers.settings import Endpoint
from workers.sources import Source, file_of
from workers.store import Query
from workers.translate import translate

MOST_REHEARSED = 1_000  # past events; the command line takes all
MOST_FAULTS = 100
Works = list[tuple[Event, list[Change]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow:
    """The mapping of an endpoint."""

    endpoint: str
    source: str
    file: str
    portals: tuple[str, ...]
    types: tuple[str, ...]
    faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingPage:
    """All of them."""

    mappings: tuple[MappingRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is wrong with a mapping: by itself, and against what the portals have."""

    faults: tuple[str, ...]  # each with FILE:LINE, what is wrong and what to do
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingDetail:
    """The mapping of an endpoint, as its file says it."""

    endpoint: str
    source: str
    file: str
    text: str
    portals: tuple[str, ...]
    types: tuple[str, ...]
    checks: Checks


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """One property of one record that a changed mapping would leave otherwise."""

    record: str
    property: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What past events would leave otherwise; with `faults` of the mapping nothing is tried."""

    faults: tuple[str, ...]
    events: int
    whole: bool  # no event of the time that was asked for is left out
    dead: tuple[str, ...]  # events to which the changed mapping could not be applied, and why
    differences: tuple[DifferenceRow, ...]


def list_mappings(desk: Desk, *, portals: Sequence[str]) -> MappingPage:
    """Return the mapping of each endpoint that writes to `portals`."""
    return MappingPage(
        mappings=tuple(
            MappingRow(
                endpoint=each.name,
                source=desk.sources[each.name].name,
                file=desk.sources[each.name].file,
                portals=tuple(name for name in each.portals if name in portals),
                types=types_of(desk.sources[each.name]),
                faults=len(_checks(desk, each, desk.sources[each.name], portals).faults),
            )
            for each in desk.settings.endpoints.values()
            if {*each.portals} & {*portals}
        )
    )


def mapping_detail(desk: Desk, endpoint: str, *, portals: Sequence[str]) -> MappingDetail:
    """Return the mapping of an endpoint with its check results. Raises Missing."""
    found = endpoint_of(desk, endpoint, portals=portals)
    source = desk.sources[found.name]
    path = file_of(found, search=desk.settings.sources_dirs)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Missing(f"{source.file}: the file cannot be read any more") from error
    return MappingDetail(
        endpoint=found.name,
        source=source.name,
        file=source.file,
        text=text,
        portals=tuple(name for name in found.portals if name in portals),
        types=types_of(source),
        checks=_checks(desk, found, source, portals),
    )


def check_mapping(desk: Desk, endpoint: str, text: str, *, portals: Sequence[str]) -> Checks:
    """Return what is wrong with `text` as the endpoint's mapping, by itself. Raises Missing."""
    found = endpoint_of(desk, endpoint, portals=portals)
    try:
        source = source_of(desk, found, text)
    except Faults as error:
        return Checks(faults=error.faults, warnings=())
    return Checks(faults=tuple(map(str, checking.unreachable(source))), warnings=())


def preview(
    desk: Desk,
    endpoint: str,
    sample: Sample,
    *,
    text: str | None,
    portals: Sequence[str],
) -> Trial:
    """Return the exact calls that a sample would lead to under `text`. Nothing is sent."""
    found = endpoint_of(desk, endpoint, portals=portals)
    return try_mapping(desk, found, sample, text=text, portals=portals)


def rehearsal(
    desk: Desk,
    endpoint: str,
    text: str,
    *,
    since: timedelta,
    portals: Sequence[str],
    limit: int = MOST_REHEARSED,
) -> Rehearsed:
    """Return what the endpoint's newest events would leave otherwise under `text`.

    Nothing is sent. Raises Missing.
    """
    found = endpoint_of(desk, endpoint, portals=portals)
    try:
        changed = source_of(desk, found, text)
    except Faults as error:
        return Rehearsed(faults=error.faults, events=0, whole=True, dead=(), differences=())
    events, whole = _past(desk, found, since=since, portals=portals, limit=limit)
    dead: list[str] = []
    rows = compared(events, desk.sources[found.name], changed, dead)
    return Rehearsed(
        faults=(),
        events=len(events),
        whole=whole,
        dead=tuple(dead[:MOST_FAULTS]),
        differences=tuple(_row(desk, each) for each in rows),
    )


def compared(
    events: Sequence[Event], before: Source, after: Source, dead: list[str]
) -> list[Difference]:
    """Return what the events would leave otherwise; `dead` gets what `after` does not fit."""
    one: Works = [(event, _asked(event, before, [])) for event in events]
    other: Works = [(event, _asked(event, after, dead)) for event in events]
    return differences(asked(one), asked(other))


def endpoint_of(desk: Desk, name: str, *, portals: Sequence[str]) -> Endpoint:
    """Return an endpoint that writes to one of `portals`. Raises Missing."""
    found = desk.settings.endpoints.get(name)
    if found is None or not {*found.portals} & {*portals}:
        raise Missing(f"there is no endpoint {name[:64]!r}; look at the list")
    return found


def _past(
    desk: Desk, endpoint: Endpoint, *, since: timedelta, portals: Sequence[str], limit: int
) -> tuple[list[Event], bool]:
    """Return the endpoint's newest events, and whether these are all of the time."""
    query = Query(endpoint=endpoint.name, since=desk.now() - since)
    seen = [each for each in endpoint.portals if each in portals]
    page = desk.store.browse(seen, query, limit=min(limit, MOST_REHEARSED))
    return [found.event for found in reversed(page.rows)], page.next is None


def _asked(event: Event, source: Source, dead: list[str]) -> list[Change]:
    try:
        return translate(event, source)
    except Permanent as error:
        dead.append(f"{event.id}: {error}")
        return []


def _row(desk: Desk, each: Difference) -> DifferenceRow:
    hidden = masked({each.property: "x"}, desk.mask) != {each.property: "x"}
    return DifferenceRow(
        record=each.record,
        property=each.property,
        before=HIDDEN if hidden and each.before else each.before,
        after=HIDDEN if hidden and each.after else each.after,
    )


def _checks(desk: Desk, endpoint: Endpoint, source: Source, portals: Sequence[str]) -> Checks:
    """Return what is wrong by itself, and what the last look at each portal saw."""
    faults = [str(each) for each in checking.unreachable(source)]
    warnings: list[str] = []
    for portal in endpoint.portals:
        seen = desk.store.survey(portal) if portal in portals else None
        if seen is not None:
            faults += [each for each in seen.faults if each.startswith(f"{source.file}:")]
            warnings += [each for each in seen.warnings if each.startswith(f"{source.file}:")]
    return Checks(faults=tuple(dict.fromkeys(faults)), warnings=tuple(dict.fromkeys(warnings)))
