"""`hookline events`: what was accepted, where it stands, and the calls that it made."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from app.cli import tables
from app.cli.environment import environ
from app.desk.became import Became, became, calls_of
from workers.errors import Faults
from workers.events import Event
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.settings.fields import nearest
from workers.store import Query, Standing

STATES = [state.value for state in EventState]


@click.group()
def events() -> None:
    """Look at the events that were accepted."""


@events.command("list")
@click.option("-p", "--portal", help="Of one portal; of all, if it is not said.")
@click.option("-e", "--endpoint", help="Of one endpoint.")
@click.option("-s", "--state", type=click.Choice(STATES), help="Of those that stand there.")
@click.option("-k", "--key", default="", help="About a record with this key: an e-mail, say.")
@click.option("-t", "--text", default="", help="With this in our id or the sender's.")
@click.option("-n", "--limit", default=20, show_default=True, help="How many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def list_(
    *,
    portal: str | None,
    endpoint: str | None,
    state: str | None,
    key: str,
    text: str,
    limit: int,
    as_json: bool,
) -> None:
    """List the newest events."""
    runtime = Runtime.build(environ())
    if portal is not None and portal not in runtime.settings.portals:
        known = nearest(portal, runtime.settings.portals)
        raise Faults([f"there is no portal {portal!r}; {known}"])
    wanted = Query(
        endpoint=endpoint, state=EventState(state) if state else None, key=key, text=text
    )
    found: list[Became] = []
    for name in [portal] if portal else runtime.settings.portals:
        found += _newest(runtime, name, wanted, limit=limit)
    found.sort(key=lambda each: each.event.received, reverse=True)
    found = found[:limit]
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo("no events; send one with `hookline send stripe`")
        return
    tables.show(
        ("received", "id", "type", "state", "calls", "reason"),
        (
            (
                _when(each.event.received),
                each.event.id,
                each.event.type,
                each.state.value,
                str(len(each.calls)),
                each.reason,
            )
            for each in found
        ),
        whole="id",
    )


def _newest(runtime: Runtime, portal: str, query: Query, *, limit: int) -> list[Became]:
    """Return the newest events of a portal that are meant."""
    found: list[Became] = []
    cursor: str | None = None
    while len(found) < limit:
        page = runtime.store.browse([portal], query, limit=limit - len(found), cursor=cursor)
        found += [
            became(row.event, row.standing, runtime.sources.get(row.event.endpoint))
            for row in page.rows
        ]
        if page.next is None:
            break
        cursor = page.next
    return found


@events.command()
@click.argument("id_", metavar="ID")
@click.option("--body", is_flag=True, help="Show the event's own body as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def show(id_: str, *, body: bool, as_json: bool) -> None:
    """Show an event: its timeline, what became of each change, and the calls that it made."""
    runtime = Runtime.build(environ())
    event = runtime.store.event(id_)
    if event is None:
        raise Faults([f"{id_}: no such event is kept; `hookline events list` tells those that are"])
    standing = runtime.store.standings([event]).get(event.id)
    each = became(event, standing, runtime.sources.get(event.endpoint))
    calls = {
        call: runtime.store.call(event.portal, call)
        for call in (calls_of(standing.outcomes) if standing else ())
    }
    if as_json:
        click.echo(json.dumps(_whole(each, standing, calls, body=body), indent=2, default=str))
        return
    _print(each, standing, calls)
    if body:
        click.echo(f"\nbody\n{_pretty(event.body)}")


def _print(
    each: Became, standing: Standing | None, calls: Mapping[str, dict[str, Any] | None]
) -> None:
    event = each.event
    click.echo(f"{event.id}: {each.state.value}{f': {each.reason}' if each.reason else ''}")
    click.echo(f"{event.type} of {event.source} ({event.source_id}) for portal {event.portal}\n")
    for moment, what in _timeline(event, standing, calls):
        click.echo(f"{_when(moment)}  {what}")
    if standing is not None and standing.outcomes:
        click.echo()
        tables.show(
            ("step", "state", "record", "calls", "where"),
            (
                (
                    o.step,
                    o.state.value + (f": {o.reason}" if o.reason else ""),
                    o.record,
                    " ".join(o.calls),
                    o.where,
                )
                for o in standing.outcomes
            ),
            whole="record",
        )
    for name, call in calls.items():
        click.echo(f"\ncall {name}")
        if call is None:
            click.echo("  is not kept any more")
            continue
        click.echo(f"{call['method']} {call['path']}")
        click.echo(_pretty(call["body"]))
        told = call["error"] or call["status"]
        click.echo(f"→ {told} after {call['took_ms']} ms")
        if call["answer"] is not None:
            click.echo(_pretty(call["answer"]))


def _timeline(
    event: Event, standing: Standing | None, calls: Mapping[str, dict[str, Any] | None]
) -> list[tuple[datetime, str]]:
    moments = [(event.time, "happened, by the sender"), (event.received, "accepted")]
    for name, call in calls.items():
        if call is not None:
            told = call["error"] or call["status"]
            at = datetime.fromisoformat(call["at"])
            moments.append((at, f"call {name}: {call['name']} → {told}"))
    if standing is not None and standing.settled is not None:
        tries = f" at try {standing.attempts}" if standing.attempts > 1 else ""
        moments.append((standing.settled, f"{standing.state.value}{tries}"))
        if standing.due is not None:
            moments.append((standing.due, "to be tried again"))
    return sorted(moments, key=lambda moment: moment[0])


def _row(each: Became) -> dict[str, object]:
    event = each.event
    return {
        "id": event.id,
        "portal": event.portal,
        "endpoint": event.endpoint,
        "source": event.source,
        "source_id": event.source_id,
        "type": event.type,
        "time": event.time.isoformat(),
        "received": event.received.isoformat(),
        "state": each.state.value,
        "reason": each.reason,
        "records": each.records,
        "associations": each.associations,
        "pinned": each.pinned,
        "calls": each.calls,
    }


def _whole(
    each: Became,
    standing: Standing | None,
    calls: Mapping[str, dict[str, Any] | None],
    *,
    body: bool,
) -> dict[str, object]:
    timeline = [
        {"at": at.isoformat(), "what": what} for at, what in _timeline(each.event, standing, calls)
    ]
    steps = [
        {
            "step": o.step,
            "state": o.state.value,
            "reason": o.reason,
            "record": o.record,
            "where": o.where,
            "calls": o.calls,
        }
        for o in (standing.outcomes if standing else ())
    ]
    found = {**_row(each), "timeline": timeline, "steps": steps, "calls": dict(calls)}
    return {**found, "body": json.loads(each.event.body)} if body else found


def _when(moment: datetime) -> str:
    return moment.astimezone().strftime("%m-%d %H:%M:%S.%f")[:-3]


def _pretty(value: object) -> str:
    if isinstance(value, bytes):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False)
