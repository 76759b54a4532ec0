"""`hookline crm properties`, `groups`, `pipelines`, `schemas`: what records are made of."""

import click

from app.cli.crm.batches import parsed
from app.cli.crm.session import Session, with_session

PROPERTY_COLUMNS = ("name", "label", "type", "fieldType", "groupName", "hasUniqueValue")
SCHEMA_COLUMNS = ("objectTypeId", "name", "fullyQualifiedName", "requiredProperties")


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("name", required=False)
@with_session
def properties(session: Session, *, object_type: str, name: str | None) -> None:
    """List the properties of an object type, or show one."""
    if name is None:
        session.show(session.api.properties(object_type), columns=PROPERTY_COLUMNS)
        return
    session.show(session.api.property(object_type, name))


@click.command("create-property")
@click.argument("object_type", metavar="TYPE")
@click.argument("name")
@click.option("--label", help="What people see; the name, if it is not said.")
@click.option("--group", required=True, help="The group of properties it belongs to.")
@click.option("--type", "type_", default="string", show_default=True, help="What it holds.")
@click.option("--field-type", default="text", show_default=True, help="How it is asked for.")
@click.option("--unique", is_flag=True, help="No two records may have the same value.")
@click.option("--body", default="{}", help="Anything else, in HubSpot's own JSON.")
@with_session
def create_property(
    session: Session,
    *,
    object_type: str,
    name: str,
    label: str | None,
    group: str,
    type_: str,
    field_type: str,
    unique: bool,
    body: str,
) -> None:
    """Define a property."""
    definition = {
        "name": name,
        "label": label or name,
        "groupName": group,
        "type": type_,
        "fieldType": field_type,
        "hasUniqueValue": unique,
        **parsed(body),
    }
    session.show(session.api.create_property(object_type, definition))


@click.command("delete-property")
@click.argument("object_type", metavar="TYPE")
@click.argument("name")
@with_session
def delete_property(session: Session, *, object_type: str, name: str) -> None:
    """Archive a property that is not in use."""
    session.show(session.api.archive_property(object_type, name))


@click.command()
@click.argument("object_type", metavar="TYPE")
@with_session
def groups(session: Session, *, object_type: str) -> None:
    """List the groups of properties of an object type."""
    session.show(session.api.property_groups(object_type))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("id_", metavar="ID", required=False)
@with_session
def pipelines(session: Session, *, object_type: str, id_: str | None) -> None:
    """List the pipelines of an object type, or the stages of one."""
    if id_ is None:
        session.show(session.api.pipelines(object_type), columns=("id", "label", "displayOrder"))
        return
    session.show(
        session.api.stages(object_type, id_), columns=("id", "label", "displayOrder", "metadata")
    )


@click.command()
@click.argument("object_type", metavar="TYPE", required=False)
@with_session
def schemas(session: Session, *, object_type: str | None) -> None:
    """List the schemas of custom objects, or show one."""
    if object_type is None:
        session.show(session.api.schemas(), columns=SCHEMA_COLUMNS)
        return
    session.show(session.api.schema(object_type))
