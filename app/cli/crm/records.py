"""`hookline crm read`, `list`, `create` and the like: one record at a time."""

import click

from app.cli.crm.desk import MOST_A_PAGE, Desk, at_desk, names, sure, values
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
@at_desk
def read(
    desk: Desk,
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
    desk.show(
        desk.api.read(
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
@at_desk
def list_(
    desk: Desk, *, object_type: str, properties: tuple[str, ...], archived: bool, limit: int
) -> None:
    """List records, the oldest first."""
    wanted = names(properties)
    call = desk.api.list_records(
        object_type, properties=wanted, archived=archived, limit=min(limit, MOST_A_PAGE)
    )
    desk.show_pages(call, most=limit, columns=wanted)


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1, required=True)
@click.option("--link", multiple=True, metavar="ID:TYPE_ID", help="Associate it with a record.")
@at_desk
def create(desk: Desk, *, object_type: str, pairs: tuple[str, ...], link: tuple[str, ...]) -> None:
    """Create a record, with its associations."""
    call = desk.api.create(object_type, properties=values(pairs), links=[_link(e) for e in link])
    desk.show(call)


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
@at_desk
def update(
    desk: Desk, *, object_type: str, id_: str, pairs: tuple[str, ...], by: str | None
) -> None:
    """Set properties of a record; an empty VALUE clears."""
    desk.show(desk.api.update(object_type, id_, properties=values(pairs), key_property=by))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@at_desk
def archive(desk: Desk, *, object_type: str, id_: str) -> None:
    """Put a record into the recycle bin, for 90 days."""
    desk.show(desk.api.archive(object_type, id_))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@click.argument("activity", metavar="ACTIVITY_ID")
@at_desk
def pin(desk: Desk, *, object_type: str, id_: str, activity: str) -> None:
    """Pin an activity that is associated with a record, in the place of any other."""
    desk.show(desk.api.pin(object_type, id_, activity_id=activity))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@at_desk
def unpin(desk: Desk, *, object_type: str, id_: str) -> None:
    """Leave a record without a pinned activity."""
    desk.show(desk.api.unpin(object_type, id_))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("primary", metavar="PRIMARY_ID")
@click.argument("merged", metavar="MERGED_ID")
@YES
@at_desk
def merge(desk: Desk, *, object_type: str, primary: str, merged: str, yes: bool) -> None:
    """Make one record of two, for good; PRIMARY_ID has the say."""
    sure(f"Merge {object_type} {merged} into {primary}? This cannot be undone.", yes=yes)
    desk.show(desk.api.merge(object_type, primary_id=primary, merged_id=merged))


@click.command("gdpr-delete")
@click.argument("id_", metavar="ID")
@BY
@YES
@at_desk
def gdpr_delete(desk: Desk, *, id_: str, by: str | None, yes: bool) -> None:
    """Delete a contact for good, and block its address."""
    sure(f"Delete the contact {id_} and all it holds? This cannot be undone.", yes=yes)
    desk.show(desk.api.gdpr_delete(id_, key_property=by))
