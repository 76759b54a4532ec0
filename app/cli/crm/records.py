"""`hookline crm read`, `list`, `create` and the like: one record at a time."""

import click

from app.cli.crm.session import MOST_A_PAGE, Session, names, sure, values, with_session
from workers.crm.calls import LinkTo

PROPERTIES = click.option("-P", "--properties", multiple=True, help="Which properties to show.")
HISTORY = click.option("--history", multiple=True, help="Properties to show with their history.")
LINKED = click.option("--associations", multiple=True, help="Object types to show the records of.")
ARCHIVED = click.option("--archived", is_flag=True, help="Look into the recycle bin instead.")
BY = click.option("--by", help="ID is the value of this unique property.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@PROPERTIES
@HISTORY
@LINKED
@ARCHIVED
@BY
@with_session
def read(
    session: Session,
    *,
    object_type: str,
    id_: str,
    properties: tuple[str, ...],
    history: tuple[str, ...],
    associations: tuple[str, ...],
    archived: bool,
    by: str | None,
) -> None:
    """Show a record."""
    session.show(
        session.api.read(
            object_type,
            id_,
            key_property=by,
            properties=names(properties),
            history=names(history),
            associations=names(associations),
            archived=archived,
        )
    )


@click.command("list")
@click.argument("object_type", metavar="TYPE")
@PROPERTIES
@ARCHIVED
@click.option("-n", "--limit", default=20, show_default=True, help="How many.")
@with_session
def list_(
    session: Session, *, object_type: str, properties: tuple[str, ...], archived: bool, limit: int
) -> None:
    """List records, the oldest first."""
    wanted = names(properties)
    call = session.api.list_records(
        object_type, properties=wanted, archived=archived, limit=min(limit, MOST_A_PAGE)
    )
    session.show_pages(call, most=limit, columns=wanted)


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1, required=True)
@click.option("--link", multiple=True, metavar="ID:TYPE_ID", help="Associate it with a record.")
@with_session
def create(
    session: Session, *, object_type: str, pairs: tuple[str, ...], link: tuple[str, ...]
) -> None:
    """Create a record, with its associations."""
    call = session.api.create(object_type, properties=values(pairs), links=[_link(e) for e in link])
    session.show(call)


def _link(told: str) -> LinkTo:
    to_id, _, type_id = told.partition(":")
    if not to_id or not type_id.isdigit():
        raise click.UsageError(f"{told!r} is not ID:TYPE_ID; `hookline crm labels` tells the types")
    return LinkTo(to_id=to_id, type_id=int(type_id))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1, required=True)
@BY
@with_session
def update(
    session: Session, *, object_type: str, id_: str, pairs: tuple[str, ...], by: str | None
) -> None:
    """Set properties of a record; an empty VALUE clears."""
    session.show(session.api.update(object_type, id_, properties=values(pairs), key_property=by))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@with_session
def archive(session: Session, *, object_type: str, id_: str) -> None:
    """Put a record into the recycle bin, for 90 days."""
    session.show(session.api.archive(object_type, id_))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@click.argument("activity", metavar="ACTIVITY_ID")
@with_session
def pin(session: Session, *, object_type: str, id_: str, activity: str) -> None:
    """Pin an activity that is associated with a record, in the place of any other."""
    session.show(session.api.pin(object_type, id_, activity_id=activity))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@with_session
def unpin(session: Session, *, object_type: str, id_: str) -> None:
    """Leave a record without a pinned activity."""
    session.show(session.api.unpin(object_type, id_))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("primary", metavar="PRIMARY_ID")
@click.argument("merged", metavar="MERGED_ID")
@YES
@with_session
def merge(session: Session, *, object_type: str, primary: str, merged: str, yes: bool) -> None:
    """Make one record of two, for good; PRIMARY_ID has the say."""
    sure(f"Merge {object_type} {merged} into {primary}? This cannot be undone.", yes=yes)
    session.show(session.api.merge(object_type, primary_id=primary, merged_id=merged))


@click.command("gdpr-delete")
@click.argument("id_", metavar="ID")
@BY
@YES
@with_session
def gdpr_delete(session: Session, *, id_: str, by: str | None, yes: bool) -> None:
    """Delete a contact for good, and block its address."""
    sure(f"Delete the contact {id_} and all it holds? This cannot be undone.", yes=yes)
    session.show(session.api.gdpr_delete(id_, key_property=by))
