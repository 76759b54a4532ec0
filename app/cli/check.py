"""`hookline check`: everything that is wrong with configuration and mappings, at once."""

import json
from collections.abc import Sized

import click

from app.cli.environment import environ
from app.cli.faults import tell
from workers import settings
from workers.errors import Faults
from workers.settings import Settings
from workers.signatures import Kind
from workers.sources import Source, load, shipped


@click.command()
@click.argument("files", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def check(files: tuple[str, ...], *, as_json: bool) -> None:
    """Look for faults in the configuration and the mappings it uses; tell all of them.

    FILES are further source files or names of shipped sources to look at; `all` is every one.
    Ends with 1 if there are faults; a warning is none.
    """
    faults: list[str] = []
    warnings: list[str] = []
    summary = ""
    try:
        found = settings.load(environ())
    except Faults as error:
        faults += error.faults
    else:
        warnings += found.warnings
        sources = _sources(found, faults)
        warnings += _unsigned(found, sources)
        summary = f"{_many(found.portals, 'portal')}, {_many(found.endpoints, 'endpoint')}"
    for file in dict.fromkeys(name for each in files for name in _named(each)):
        _load(file, faults)
    faults = list(dict.fromkeys(faults))
    if as_json:
        click.echo(json.dumps({"faults": faults, "warnings": warnings}, indent=2))
    else:
        for warning in warnings:
            click.echo(f"warning: {warning}")
        tell(*faults)
        told = f"{_many(faults, 'fault')}, {_many(warnings, 'warning')}"
        click.echo(told if faults else f"no faults: {summary}")
    if faults:
        raise SystemExit(1)


def _many(things: Sized, word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _named(file: str) -> list[str]:
    return shipped() if file == "all" else [file]


def _sources(found: Settings, faults: list[str]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for name, endpoint in found.endpoints.items():
        try:
            sources[name] = load(
                endpoint.source, mapping=endpoint.mapping, search=found.sources_dirs
            )
        except Faults as error:
            faults += error.faults
    return sources


def _load(file: str, faults: list[str]) -> None:
    try:
        load(file)
    except Faults as error:
        faults += error.faults


def _unsigned(found: Settings, sources: dict[str, Source]) -> list[str]:
    """Return a warning for each endpoint that cannot verify anybody, or need not."""
    warnings: list[str] = []
    for name, source in sources.items():
        endpoint = found.endpoints[name]
        needs = any(way.kind is not Kind.NONE for way in source.scheme.ways)
        told = any(f"endpoints.{name}.secret" in each for each in found.warnings)
        if needs and not endpoint.secrets and not told:
            warnings.append(f"endpoint {name}: has no secret, so it answers 503; add `secret`")
        if not needs:
            warnings.append(f"endpoint {name}: takes events from anybody; give its source `verify`")
    return warnings
