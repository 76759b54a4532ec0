"""`hookline crm associate`, `dissociate`, `associations`, and labels."""

import click

from app.cli.crm.session import Session, with_session

CATEGORIES = ("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED")


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@click.argument("to_type", metavar="TO_TYPE")
@click.option("-n", "--limit", default=100, show_default=True, help="How many.")
@with_session
def associations(session: Session, *, object_type: str, id_: str, to_type: str, limit: int) -> None:
    """List the records of TO_TYPE that a record is associated with, and how."""
    call = session.api.list_associations(object_type, id_, to_type, limit=min(limit, 500))
    session.show_pages(call, most=limit)


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@click.argument("to_type", metavar="TO_TYPE")
@click.argument("to_id", metavar="TO_ID")
@click.option("--type", "type_ids", type=int, multiple=True, help="An association type, by its id.")
@click.option("--category", type=click.Choice(CATEGORIES), default=CATEGORIES[0])
@with_session
def associate(
    session: Session,
    *,
    object_type: str,
    id_: str,
    to_type: str,
    to_id: str,
    type_ids: tuple[int, ...],
    category: str,
) -> None:
    """Associate two records; with --type, these types take the place of all others."""
    if not type_ids:
        session.show(session.api.associate_default(object_type, id_, to_type, to_id))
        return
    types = [(category, type_id) for type_id in type_ids]
    session.show(session.api.associate(object_type, id_, to_type, to_id, types=types))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID")
@click.argument("to_type", metavar="TO_TYPE")
@click.argument("to_id", metavar="TO_ID")
@click.option("--type", "type_id", type=int, help="Take only this type of HubSpot's own away.")
@with_session
def dissociate(
    session: Session, *, object_type: str, id_: str, to_type: str, to_id: str, type_id: int | None
) -> None:
    """Take the associations of two records away."""
    if type_id is None:
        session.show(session.api.dissociate(object_type, id_, to_type, to_id))
        return
    session.show(session.api.dissociate_in_path(object_type, id_, to_type, to_id, type_id=type_id))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("to_type", metavar="TO_TYPE")
@with_session
def labels(session: Session, *, object_type: str, to_type: str) -> None:
    """List the association types from one object type to another."""
    session.show(session.api.labels(object_type, to_type))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("to_type", metavar="TO_TYPE")
@click.argument("name", metavar="NAME")
@click.argument("label_", metavar="LABEL")
@click.option("--inverse", help="What it is called in the other direction.")
@with_session
def label(
    session: Session, *, object_type: str, to_type: str, name: str, label_: str, inverse: str | None
) -> None:
    """Define a label for associations."""
    more = {} if inverse is None else {"inverseLabel": inverse}
    body = {"label": label_, "name": name, **more}
    session.show(session.api.create_label(object_type, to_type, body=body))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("to_type", metavar="TO_TYPE")
@click.argument("type_id", metavar="TYPE_ID", type=int)
@with_session
def unlabel(session: Session, *, object_type: str, to_type: str, type_id: int) -> None:
    """Delete a label, and take it from all pairs that have it."""
    session.show(session.api.delete_label(object_type, to_type, type_id=type_id))
