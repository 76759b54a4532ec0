"""`hookline forget`: takes a person out of the store, and asks the CRM to do the same."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from app.cli import samples, tables
from app.cli.environment import environ
from app.cli.people import HOW
from app.desk import Desk, persons
from app.desk.persons import PersonPage
from workers.errors import Faults
from workers.marks import Marks
from workers.runtime import Runtime
from workers.settings.fields import nearest
from workers.store.audit import Deed


@click.command()
@click.argument("email")
@click.option("-p", "--portal", "portals", multiple=True, help="Only this one; without it, all.")
@click.option(
    "--samples", "folders", multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of captured samples: those with the address are deleted.",
)  # fmt: skip
@click.option("--keep-crm", is_flag=True, help="Do not ask for the CRM's GDPR delete.")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(
    email: str,
    *,
    portals: tuple[str, ...],
    folders: tuple[Path, ...],
    keep_crm: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Erase the person with this EMAIL: events, calls, clocks, identities; and from the CRM.

    With - for EMAIL it is read from the input, and stands on no command line. First it is told what
    would go. Whatever is said of the person later is a new event, and handled like any other.
    """
    address = persons.address(sys.stdin.readline() if email == "-" else email)
    runtime = Runtime.build(environ())
    desk = Desk(runtime=runtime)
    names = _portals(runtime, portals)
    files = _samples(folders, Marks(address))
    found = persons.look(desk, address, portals=names)
    _tell(found, files, keep_crm=keep_crm)
    if dry_run or (found.nothing and not files and keep_crm):
        return
    if not yes:
        click.confirm("Erase all this? It cannot be undone", abort=True, err=True)
    gone = persons.forget(desk, address, portals=names, keep_crm=keep_crm)
    _note(runtime, gone)
    for each in gone.portals:
        what = f"{len(each.events)} events and {each.calls} calls erased"
        click.echo(f"{each.portal}: {what}; CRM: {each.crm}")
    for file in files:
        file.unlink(missing_ok=True)
    if files:
        click.echo(f"{len(files)} samples deleted")
    click.echo(f"on record as {gone.who}")
    if gone.faults:
        raise Faults(list(gone.faults))


def _portals(runtime: Runtime, given: Sequence[str]) -> list[str]:
    known = runtime.settings.portals
    faults = [f"there is no portal {each!r}; {nearest(each, known)}" for each in given]
    faults = [fault for fault, each in zip(faults, given, strict=True) if each not in known]
    if faults:
        raise Faults(faults)
    return list(given or known)


def _samples(folders: Iterable[Path], marks: Marks) -> list[Path]:
    files = {file for folder in folders for file in folder.rglob(f"*{samples.SUFFIX}")}
    return sorted(file for file in files if marks.in_bytes(file.read_bytes()))


def _tell(found: PersonPage, files: Sequence[Path], *, keep_crm: bool) -> None:
    tables.show(
        ("portal", "contacts", "events", "calls", "identities"),
        (
            (
                each.portal,
                ", ".join(each.contacts) or "none",
                ", ".join(f"{number} {state}" for state, number in each.states) or "none",
                str(each.calls),
                str(each.identities),
            )
            for each in found.portals
        ),
        whole="portal",
    )
    for row in found.portals:
        for event in row.events:
            click.echo(f"  {event.id}  {event.type}")
    for file in files:
        click.echo(f"  {file}")
    if not keep_crm:
        click.echo("The CRM is asked to delete the contact for good, and to refuse the address.")


def _note(runtime: Runtime, gone: PersonPage) -> None:
    for on, detail in persons.deeds(gone):
        runtime.store.note_deed(
            Deed(
                who=HOW,
                how=HOW,
                what="forget",
                on=on,
                at=runtime.clock(),
                place="",
                detail=detail,
            )
        )
