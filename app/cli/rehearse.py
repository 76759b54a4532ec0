"""`hookline rehearse`: past events under a changed mapping: what would differ. Sends nothing."""

import json
import re
from datetime import timedelta
from pathlib import Path

import click

from app.cli import tables
from app.cli.environment import environ
from workers import documents, sources
from workers.changes import Change
from workers.differences import asked, differences
from workers.errors import Faults, Permanent
from workers.events import Event
from workers.runtime import Runtime
from workers.settings.fields import nearest
from workers.sources import Source
from workers.translate import translate

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
Works = list[tuple[Event, list[Change]]]


def _period(_: click.Context, __: click.Parameter, text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no period; write it like 7d, 12h or 30m")
    return timedelta(seconds=int(found.group(1)) * UNITS_S[found.group(2)])


@click.command()
@click.option(
    "-m", "--mapping", required=True, type=click.Path(exists=True, path_type=Path),
    help="The changed mapping file.",
)  # fmt: skip
@click.option("--since", default="7d", show_default=True, callback=_period, help="How far back.")
@click.option("-e", "--endpoint", help="Only the events of one endpoint.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def rehearse(*, mapping: Path, since: timedelta, endpoint: str | None, as_json: bool) -> None:
    """Tell which properties of which records past events would leave otherwise under MAPPING.

    It takes the events of every endpoint whose source the mapping is for, as far back as they are
    kept, and nothing is sent.
    """
    runtime = Runtime.build(environ())
    before: Works = []
    after: Works = []
    faults: list[str] = []
    for name in _endpoints(runtime, mapping, endpoint):
        config = runtime.settings.endpoints[name]
        search = runtime.settings.sources_dirs
        changed = sources.load_for(config, mapping=mapping, search=search)
        for portal in config.portals:
            for event in runtime.store.since(portal, since=runtime.clock() - since):
                if event.endpoint == name:
                    _under(event, runtime.sources[name], before, [])
                    _under(event, changed, after, faults)
    found = differences(asked(before), asked(after))
    if as_json:
        rows = [
            {"record": d.record, "property": d.property, "before": d.before, "after": d.after}
            for d in found
        ]
        report = {"events": len(before), "differences": rows, "faults": faults}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    for fault in faults:
        click.echo(f"would be dead: {fault}")
    if found:
        tables.show(
            ("record", "property", "now", "then"),
            ((d.record, d.property, _shown(d.before), _shown(d.after)) for d in found),
            whole="property",
        )
    click.echo(f"{len(before)} events; {len(found)} properties would differ; nothing was sent")


def _endpoints(runtime: Runtime, mapping: Path, endpoint: str | None) -> list[str]:
    """Return the endpoints that the mapping is for."""
    configured = runtime.settings.endpoints
    if endpoint is not None:
        if endpoint not in configured:
            raise Faults([f"there is no endpoint {endpoint!r}; {nearest(endpoint, configured)}"])
        return [endpoint]
    stated = documents.read(mapping).items.get("source")
    if stated is None:
        raise Faults([f"{mapping}: it does not say `source:`; choose an endpoint with --endpoint"])
    return [name for name, config in configured.items() if config.source == stated.text]


def _under(event: Event, source: Source, works: Works, faults: list[str]) -> None:
    try:
        works.append((event, translate(event, source)))
    except Permanent as error:
        faults.append(f"{event.id}: {error}")
        works.append((event, []))


def _shown(value: str | None) -> str:
    return "(not set)" if value is None else value
