"""`hookline blame`: for each property of a record, the event that wrote it."""

import json

import click

from app.cli import tables
from app.cli.environment import environ
from app.desk import Desk
from app.desk.records import PropertyRow, record_detail
from app.desk.refusals import Misasked, Missing
from workers.errors import Faults
from workers.knowledge import PINNED
from workers.runtime import Runtime
from workers.settings.fields import nearest


@click.command()
@click.argument("object_type")
@click.argument("record")
@click.argument("property_", metavar="[PROPERTY]", required=False)
@click.option("-p", "--portal", help="The portal; the only one, if there is one.")
@click.option("--by", help="The property that RECORD is a value of, if it is not the record's id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def blame(
    *,
    object_type: str,
    record: str,
    property_: str | None,
    portal: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Tell which event wrote each property of a record, when, and by which line of a mapping.

    RECORD is the record's id, or its key: a contact's e-mail, a company's domain, or with --by a
    value of another property.
    """
    runtime = Runtime.build(environ())
    name = _portal(runtime, portal)
    try:
        found = record_detail(
            Desk(runtime=runtime), name, object_type, record, by=by, portals=[name]
        )
    except (Missing, Misasked) as error:
        raise Faults([_advised(str(error))]) from error
    rows = [_row(name, each) for each in found.properties if property_ in (None, each.property)]
    if not rows:
        what = f"its {property_}" if property_ else "it"
        raise Faults([f"{found.record}: Hookline has not written {what}, as far as is kept"])
    if as_json:
        click.echo(json.dumps({"record": found.record, "properties": rows}, indent=2))
        return
    click.echo(found.record)
    tables.show(
        ("property", "event", "type", "happened", "mapping", "before"),
        (
            (
                "pinned activity" if row["property"] == PINNED else str(row["property"]),
                str(row["event"]),
                str(row["type"]),
                str(row["time"]),
                str(row["where"]),
                str(row["previous_event"] or ""),
            )
            for row in rows
        ),
        whole="event",
    )


def _portal(runtime: Runtime, name: str | None) -> str:
    portals = runtime.settings.portals
    if name is None and len(portals) == 1:
        return next(iter(portals))
    if name is None:
        raise Faults([f"there are several portals; choose one with --portal: {', '.join(portals)}"])
    if name not in portals:
        raise Faults([f"there is no portal {name!r}; {nearest(name, portals)}"])
    return name


def _advised(told: str) -> str:
    return told.replace("; say which property", "; say with --by which property")


def _row(portal: str, row: PropertyRow) -> dict[str, object]:
    return {
        "property": row.property,
        "event": row.event,
        "source": row.source,
        "source_id": row.source_id,
        "type": row.type,
        "time": row.time.isoformat(),
        "where": row.where,
        "portal": portal,
        "previous_event": row.previous_event,
        "previous_where": row.previous_where,
    }
