"""`hookline check`: everything that is wrong with configuration and mappings, at once."""

import json
from collections.abc import Iterable, Sized

import click

from app.cli.checked import Checked
from app.cli.environment import environ
from app.cli.faults import tell
from workers import settings
from workers.errors import Faults
from workers.settings import Settings
from workers.settings.fields import nearest
from workers.sources import shipped

EVERY = "all"


@click.command()
@click.argument("files", nargs=-1)
@click.option(
    "-p", "--portal", "portals", multiple=True, metavar="NAME",
    help="Ask this portal too what it has; `all` is each that an endpoint uses.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def check(files: tuple[str, ...], *, portals: tuple[str, ...], as_json: bool) -> None:
    """Look for faults in the configuration and the mappings it uses; tell all of them.

    FILES are further source files or names of shipped sources to look at; `all` is every one.
    With --portal, properties, options, keys and association labels are compared with what the
    portal has; FILES are then compared with it as well. Ends with 1 if there are faults; a
    warning is none.
    """
    checked = Checked()
    summary = ""
    found: Settings | None = None
    try:
        found = settings.load(environ())
    except Faults as error:
        checked.faults += error.faults
    else:
        checked.warnings += found.warnings
        checked.endpoints(found)
        summary = f"{_many(found.portals, 'portal')}, {_many(found.endpoints, 'endpoint')}"
    for file in dict.fromkeys(name for each in files for name in _named(each)):
        checked.file(file, search=() if found is None else found.sources_dirs)
    checked.by_themselves()
    if found is not None:
        for name in _chosen(portals, found):
            checked.against(found.portals[name], found)
    _tell(checked, summary, as_json=as_json)


def _tell(checked: Checked, summary: str, *, as_json: bool) -> None:
    faults = list(dict.fromkeys(checked.faults))
    warnings = list(dict.fromkeys(checked.warnings))
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
    return shipped() if file == EVERY else [file]


def _chosen(portals: Iterable[str], found: Settings) -> list[str]:
    """Return the portals that are to be asked. Raises Faults for one that there is not."""
    used = dict.fromkeys(name for each in found.endpoints.values() for name in each.portals)
    chosen: dict[str, None] = {}
    for name in portals:
        if name != EVERY and name not in found.portals:
            raise Faults([f"there is no portal {name!r}; {nearest(name, found.portals)}"])
        chosen.update(used if name == EVERY else {name: None})
    return list(chosen)
