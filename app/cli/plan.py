"""`hookline plan`: payload in, the exact calls out, nothing sent."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
import orjson

from app.cli import samples
from app.cli.environment import environ
from workers import runtime, settings
from workers.bodies import Unreadable, decoded
from workers.crm.calls import Api, Call
from workers.errors import Faults, Permanent
from workers.events import Arrival
from workers.filters.times import from_iso
from workers.outcomes import State
from workers.plan.jobs import Job
from workers.rehearsal import Rehearsal, as_accepted, rehearse
from workers.settings import Settings
from workers.settings.fields import nearest
from workers.signatures import Request
from workers.sources import Source, arrivals, load, load_for
from workers.sources.portals import by_portal
from workers.translate import translate, why_nothing

PORTAL = "plan"  # what stands for a portal where none is said


@click.command()
@click.argument("file")
@click.option("-e", "--endpoint", help="The endpoint it is for: its mapping and portal are taken.")
@click.option("-s", "--source", "source_name", help="The source it is of, without an endpoint.")
@click.option(
    "-m",
    "--mapping",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A mapping file to try instead of the source's own.",
)
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header.")
@click.option("--portal", metavar="NAME", help="Show the calls to this one of its portals alone.")
@click.option("--provisioned/--not-provisioned", default=True, help="Has it our hookline_key?")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def plan(
    file: str,
    *,
    endpoint: str | None,
    source_name: str | None,
    mapping: Path | None,
    headers: tuple[str, ...],
    portal: str | None,
    provisioned: bool,
    as_json: bool,
) -> None:
    """Print the exact calls that a payload would lead to; send nothing.

    FILE is a payload (`-` reads it from standard input), a sample with its headers, or the name of
    a shipped one: stripe/invoice.paid. The portal is taken to hold nothing yet, so that the ids
    from 9001 on stand for those that it would give. Of an endpoint with several portals the calls
    to each are shown.
    """
    configured = settings.load(environ())
    given, guessed = _read(file)
    more = dict(header(each) for each in headers)
    given = replace(given, headers={**given.headers, **more})
    source, name, families = _who(configured, endpoint, source_name or guessed, mapping, portal)
    jobs = jobs_of(given, source=source, endpoint=name, now=runtime.now(), portals=[*families])
    if portal is not None:
        families = {each: family for each, family in families.items() if each == portal}
    rejected: list[str] = []
    plain: dict[str, object] = {}
    for each, family in families.items():
        its = [job for job in jobs if job.event.portal == each]
        found = rehearse(its, api=Api(family), provisioned=provisioned)
        reasons = {job.event.id: why_nothing(job.event, source) for job in its if not job.changes}
        plain[each] = _plain(found, its, reasons)
        if not as_json:
            _print(found, its, reasons, heading=each if len(families) > 1 else "")
        outcomes = [o for several in found.outcomes.values() for o in several]
        rejected += [
            f"{o.where}: {o.step}: {o.reason}" for o in outcomes if o.state is State.REJECTED
        ]
    if as_json:
        whole = {"portals": plain} if len(plain) > 1 else next(iter(plain.values()))
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False))
    if rejected:
        raise Faults(list(dict.fromkeys(rejected)))


def _read(file: str) -> tuple[samples.Sample, str | None]:
    """Return the payload, and the source's name where the file's place gives it away."""
    if file == "-":
        return samples.parse(sys.stdin.read(), name="standard input"), None
    path = Path(file)
    source, _, type_ = file.partition("/")
    if not path.exists() and type_ and source in {p.name for p in samples.folder().glob("*")}:
        return samples.sample(source, type_), source
    shipped = path.name.endswith(samples.SUFFIX)
    return samples.read(path), path.absolute().parent.name if shipped else None


def header(text: str) -> tuple[str, str]:
    """Return the name and the value of a header that is written as NAME: VALUE."""
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f"--header {text!r}: write it like 'X-GitHub-Event: issues'")
    return name.strip().lower(), value.strip()


def _who(
    configured: Settings,
    endpoint: str | None,
    source: str | None,
    mapping: Path | None,
    portal: str | None,
) -> tuple[Source, str, dict[str, str]]:
    """Return the source with its mapping, the endpoint's name, and each portal's family of paths.

    All portals of the endpoint, though one alone is asked for: the event chooses among them.
    """
    search = configured.sources_dirs
    if endpoint is None and source is None:
        raise click.UsageError("whose payload is this? add --endpoint NAME or --source NAME")
    if endpoint is None:
        families = {portal or PORTAL: "classic"}
        return load(source or "", mapping=mapping, search=search), "try", families
    found = configured.endpoints.get(endpoint)
    if found is None:
        what = f"there is no endpoint {endpoint!r}; {nearest(endpoint, configured.endpoints)}"
        raise Faults([what])
    if portal is not None and portal not in found.portals:
        what = f"endpoint {endpoint} has no portal {portal!r}; {nearest(portal, found.portals)}"
        raise Faults([what])
    read = load_for(found, mapping=mapping, search=search)
    return read, endpoint, {each: configured.portals[each].api for each in found.portals}


def jobs_of(
    given: samples.Sample,
    *,
    source: Source,
    endpoint: str,
    now: datetime,
    portals: Sequence[str] = (PORTAL,),
) -> list[Job]:
    """Return what the events of a payload ask for, as if it had come now: each of its portals.

    Raises Permanent.
    """
    found = arrived(given, source=source, endpoint=endpoint, now=now)
    events = as_accepted(by_portal(found, source, portals=portals, received=now), now=now)
    return [Job(event=event, changes=translate(event, source)) for event in events]


def arrived(
    given: samples.Sample, *, source: Source, endpoint: str, now: datetime
) -> list[Arrival]:
    """Return the events that a payload carries, read as the door reads them. Raises Permanent."""
    if given.event is not None:
        return [_kept(given, given.event, source=source, endpoint=endpoint)]
    request = Request.of(headers=given.headers, body=given.content())
    try:
        body = decoded(request.body, content_type=request.header("content-type") or "")
    except Unreadable as error:
        raise Permanent(f"payload: {error}") from error
    return arrivals(source, endpoint=endpoint, headers=dict(given.headers), body=body, received=now)


def _kept(
    given: samples.Sample, about: Mapping[str, str], *, source: Source, endpoint: str
) -> Arrival:
    """Return an event whose id, type and time its sample says. Raises Permanent."""
    if not about.get("id") or not about.get("type"):
        raise Permanent("payload: its `event` has no id or no type; add them")
    try:
        time = from_iso(about["time"]) if "time" in about else None
    except ValueError as error:
        raise Permanent(f"payload: the time of its `event`: {error}") from error
    return Arrival(
        endpoint=endpoint,
        source=source.name,
        source_id=about["id"],
        type=about["type"],
        time=time,
        headers={name: each for name, each in given.headers.items() if name in source.kept_headers},
        body=orjson.dumps(given.body),
    )


def shown(call: Call) -> dict[str, object]:
    """Return a call as it goes over the wire."""
    return {
        "method": call.method,
        "path": call.path,
        **({"query": dict(call.query)} if call.query else {}),
        "body": call.body,
    }


def _plain(found: Rehearsal, jobs: Sequence[Job], reasons: dict[str, str]) -> dict[str, object]:
    return {
        "events": [
            {
                "type": job.event.type,
                "id": job.event.source_id,
                "time": job.event.time.isoformat(),
                **({"ignored": reasons[job.event.id]} if job.event.id in reasons else {}),
                "steps": [
                    {"step": o.step, "state": o.state.value, "where": o.where, "reason": o.reason}
                    for o in found.outcomes.get(job.event.id, ())
                ],
            }
            for job in jobs
        ],
        "calls": [shown(call) for call in found.calls],
    }


def _print(found: Rehearsal, jobs: Sequence[Job], reasons: dict[str, str], *, heading: str) -> None:
    if heading:
        click.echo(f"\n## portal {heading}\n")
    for job in jobs:
        event = job.event
        click.echo(f"# {event.type} ({event.source_id}), {event.time.isoformat()}")
        if event.id in reasons:
            click.echo(f"#   nothing to do: {reasons[event.id]}")
        for change in job.changes:
            kind = type(change).__name__.lower()
            click.echo(f"#   {kind} {change.name}  ({change.where})")
    for number, call in enumerate(found.calls, start=1):
        click.echo(f"\n# call {number} of {len(found.calls)}: {_counted(call)}")
        click.echo(f"{call.method} {call.path}{_query(call.query)}")
        if call.body is not None:
            click.echo(json.dumps(call.body, indent=2, ensure_ascii=False))
    if not found.calls:
        click.echo("\n# no calls")


def _counted(call: Call) -> str:
    inputs = "1 input" if call.inputs == 1 else f"{call.inputs} inputs"
    return f"{call.name}, {call.object_type}, {inputs}"


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    text = "&".join(f"{name}={value}" for name, value in pairs)
    return f"?{text}" if text else ""
