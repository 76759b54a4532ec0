"""`hookline new`: makes what a source of one's own begins with."""

import re
import shlex
from pathlib import Path

import click

from app.cli import expectations, samples, schema, skeletons
from app.cli.environment import environ
from workers import settings
from workers.errors import Faults
from workers.sources import load, shipped

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@click.group()
def new() -> None:
    """Make what something of your own begins with."""


@new.command()
@click.argument("name")
@click.option(
    "--scheme", type=click.Choice(list(skeletons.SIGNINGS)), default="hmac", show_default=True,
    help="How the sender proves itself.",
)  # fmt: skip
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="Where; the first of the configuration's `sources`, or sources/, if it is not said.",
)  # fmt: skip
def source(name: str, *, scheme: str, folder: Path | None) -> None:
    """Make the definition of the source NAME, two samples, and the plans that they lead to.

    It passes `hookline check` and `hookline test` as it is; change it from there. What is there
    already is never overwritten.
    """
    if not NAME.fullmatch(name):
        raise Faults([f"{name!r} is no name for a source; use lower-case letters, digits, - and _"])
    if name in shipped():
        what = f"{name} is shipped already, and another would take its place"
        advice = "choose another name, or write a mapping for it: `mapping:` of an endpoint"
        raise Faults([f"{what}; {advice}"])
    known = settings.load(environ()).sources_dirs
    folder = folder or next(iter(known), Path("sources"))
    signing = skeletons.SIGNINGS[scheme]
    file, own = folder / f"{name}.yaml", folder / name
    files = {file: skeletons.definition(name, signing, folder=str(own))}
    for sample, text in skeletons.samples(signing).items():
        files[own / f"{sample}{samples.SUFFIX}"] = text
    plans = [expectations.expectation(each) for each in files if each != file]
    there = [path for path in (*files, *plans) if path.exists()]
    if there:
        raise Faults(
            [f"{path}: is there already; choose another name, or remove it" for path in there]
        )
    own.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text, "utf-8")
    made = load(str(file), search=known)
    for path in files:
        if path != file:
            expectations.write(expectations.compared(path, made, endpoint=name))
    described = folder / schema.FILE
    if not described.exists():
        described.write_text(schema.written(), "utf-8")
        files[described] = ""
    for path in sorted((*files, *plans)):
        click.echo(path)
    _tell_what_next(name, signing, file=file, own=own, is_known=folder in known)


def _tell_what_next(
    name: str, signing: skeletons.Signing, *, file: Path, own: Path, is_known: bool
) -> None:
    click.echo("\nLook at it, change it, and then:")
    for verb, path in (("check", file), ("test", own)):
        click.echo(f"  hookline {verb} {shlex.quote(str(path))}")
    click.echo("\nGive it a URL, /hooks/" + name + ", in your configuration:")
    if not is_known:
        click.echo(f"  sources: [{file.parent}]")
    click.echo(f"  endpoints:\n    {name}:\n      source: {name}\n      portal: PORTAL")
    variable = f"{name.replace('-', '_').upper()}_SECRET"
    click.echo(f"      secret: ${{{variable}}}  # {signing.secret}")
