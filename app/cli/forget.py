"""`hookline forget`: takes a person out of the store, and asks the CRM to do the same."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import click

from app.cli import samples, tables
from app.cli.environment import environ
from app.cli.people import HOW
from workers.crm.calls import Api
from workers.errors import Faults
from workers.filters.addresses import email as bare
from workers.forgetting import NotDeleted, Recollection, delete, pseudonym
from workers.marks import Marks
from workers.runtime import Runtime
from workers.settings.fields import nearest
from workers.store.people import Deed


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
    address = bare(sys.stdin.readline() if email == "-" else email)
    if "@" not in address.strip("@"):
        raise Faults(["EMAIL: is no e-mail address; give the one that the contact has"])
    runtime = Runtime.build(environ())
    names = _portals(runtime, portals)
    files = _samples(folders, Marks(address))
    found = [runtime.recollect(name, address) for name in names]
    _tell(found, files, keep_crm=keep_crm)
    nothing = all(each.nothing for each in found) and not files
    if dry_run or (nothing and keep_crm):
        return
    if not yes:
        click.confirm("Erase all this? It cannot be undone", abort=True, err=True)
    who = pseudonym(runtime.store, address)
    faults: list[str] = []
    for name in names:
        gone = runtime.forget(name, address)
        asked = "kept" if keep_crm else _delete(runtime, name, address, gone.contacts, faults)
        _note(runtime, who, name, gone, asked)
        click.echo(
            f"{name}: {len(gone.events)} events and {len(gone.calls)} calls erased; CRM: {asked}"
        )
    for file in files:
        file.unlink(missing_ok=True)
    if files:
        click.echo(f"{len(files)} samples deleted")
    click.echo(f"on record as {who}")
    if faults:
        raise Faults(faults)


def _delete(
    runtime: Runtime, portal: str, address: str, contacts: Sequence[str], faults: list[str]
) -> str:
    """Ask the CRM; return what became of it."""
    api = Api(runtime.settings.portals[portal].api)
    try:
        delete(api, email=address, contacts=contacts, ask=partial(runtime.ask, portal))
    except NotDeleted as error:
        told = f"portal {portal}: {error}; the store has forgotten. Say the same again for the CRM"
        faults.append(told)
        return "refused" if error.refused else "not asked"
    return "deleted"


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


def _tell(found: Sequence[Recollection], files: Sequence[Path], *, keep_crm: bool) -> None:
    tables.show(
        ("portal", "contacts", "events", "calls", "identities"),
        (
            (
                each.portal,
                ", ".join(each.contacts) or "none",
                _states(each) or "none",
                str(len(each.calls)),
                str(len(each.keys)),
            )
            for each in found
        ),
        whole="portal",
    )
    for each in found:
        for known in each.events:
            click.echo(f"  {known.event.id}  {known.event.type}")
    for file in files:
        click.echo(f"  {file}")
    if not keep_crm:
        click.echo("The CRM is asked to delete the contact for good, and to refuse the address.")


def _states(found: Recollection) -> str:
    states = Counter(
        "waiting" if each.standing is None else each.standing.state.value for each in found.events
    )
    return ", ".join(f"{number} {state}" for state, number in sorted(states.items()))


def _note(runtime: Runtime, who: str, portal: str, gone: Recollection, asked: str) -> None:
    detail = {"events": str(len(gone.events)), "calls": str(len(gone.calls)), "crm": asked}
    runtime.store.note_deed(
        Deed(
            who=HOW,
            how=HOW,
            what="forget",
            on=f"{who} in {portal}",
            at=runtime.clock(),
            place="",
            detail=detail,
        )
    )
