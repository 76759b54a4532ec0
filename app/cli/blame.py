"""`hookline blame`: for each property of a record, the event that wrote it."""

import json

import click

from app.cli import tables
from app.cli.environment import environ
from workers.changes import Keyed
from workers.errors import Faults
from workers.knowledge import PINNED, identity
from workers.objects import canonical
from workers.runtime import Runtime
from workers.settings.fields import nearest
from workers.stamps import Clock, moment

KEYS = {"contacts": "email", "companies": "domain"}


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
    kind = canonical(object_type)
    record_id = _record_id(runtime, name, kind, record, by=by)
    clocks = runtime.store.clocks(name, [(kind, record_id)])[kind, record_id]
    wrote = {
        field: clock
        for field, clock in sorted(clocks.items())
        if not field.startswith("~") and property_ in (None, field)
    }
    if not wrote:
        what = f"its {property_}" if property_ else "it"
        raise Faults([f"{kind}/{record_id}: Hookline has not written {what}, as far as is kept"])
    rows = [_row(runtime, name, field, clock) for field, clock in wrote.items()]
    if as_json:
        click.echo(json.dumps({"record": f"{kind}/{record_id}", "properties": rows}, indent=2))
        return
    click.echo(f"{kind}/{record_id}")
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


def _record_id(runtime: Runtime, portal: str, kind: str, record: str, *, by: str | None) -> str:
    if by is None and record.isdigit():
        return record
    by = by or KEYS.get(kind)
    if by is None:
        raise Faults([f"{record!r} is no record id; say with --by which property it is a value of"])
    key = identity(Keyed(object_type=kind, property=by, value=record))
    ids, _ = runtime.store.ids(portal, [key])
    if key not in ids:
        raise Faults([f"no {kind} with {by} {record!r} was written by Hookline, as far as is kept"])
    return ids[key]


def _row(runtime: Runtime, portal: str, field: str, clock: Clock) -> dict[str, object]:
    event = runtime.store.event(clock.event_id)
    before = clock.previous
    return {
        "property": field,
        "event": clock.event_id,
        "source": event.source if event else "",
        "source_id": clock.stamp.event_key.partition("/")[2],
        "type": event.type if event else "(not kept any more)",
        "time": moment(clock.stamp.time_us).isoformat(),
        "where": clock.where,
        "portal": portal,
        "previous_event": before.event_id if before else None,
        "previous_where": before.where if before else None,
    }
