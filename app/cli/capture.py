"""`hookline capture`: an event that was received, as a sample beside its mapping."""

import re
from pathlib import Path
from typing import Any

import click
import orjson

from app.cli import homes, samples
from app.cli.environment import environ
from app.cli.plan import arrived
from workers.errors import Faults, HooklineError
from workers.events import Event
from workers.filters.values import text
from workers.pseudonyms import pseudonymous
from workers.runtime import Runtime
from workers.settings.fields import nearest
from workers.sources import Source
from workers.store import Query

JSON = "application/json"


@click.command()
@click.argument("endpoint")
@click.option("--id", "id_", metavar="EVENT", help="This event, by our id.")
@click.option("--last", default=1, show_default=True, type=click.IntRange(1, 100), help="So many.")
@click.option("--unmasked", is_flag=True, help="Keep names, addresses and secrets as they came.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="Where, if not beside the endpoint's own source or mapping.",
)  # fmt: skip
def capture(
    endpoint: str, *, id_: str | None, last: int, unmasked: bool, folder: Path | None
) -> None:
    """Save the last event that ENDPOINT received as a sample for `hookline test`.

    E-mail addresses, telephone numbers, names, addresses and secrets become made-up ones, the same
    for the same; ids of objects stay. Look at the file before you share it: what a text says of
    somebody in words of its own is not known.
    """
    runtime = Runtime.build(environ())
    configured = runtime.settings.endpoints
    if endpoint not in configured:
        raise Faults([f"there is no endpoint {endpoint!r}; {nearest(endpoint, configured)}"])
    source = runtime.sources[endpoint]
    key = next(iter(configured[endpoint].secrets), endpoint)
    folder = folder or homes.place(configured[endpoint], runtime.settings)
    folder.mkdir(parents=True, exist_ok=True)
    for event in _events(runtime, endpoint, id_=id_, last=last):
        sample = sample_of(event, source, key=None if unmasked else key)
        path = _free(folder, event.type)
        path.write_bytes(orjson.dumps(sample, option=orjson.OPT_INDENT_2) + b"\n")
        click.echo(f"{path}{'' if unmasked else ' (masked; look at it before you share it)'}")
    click.echo(f"hookline test --write {folder}")


def sample_of(event: Event, source: Source, *, key: str | None) -> dict[str, Any]:
    """Return an event as a sample, masked with `key` if there is one.

    As a delivery where that alone says all that its source reads; else with the id, type and time
    that were read of it.
    """
    about = {"id": event.source_id, "type": event.type, "time": text(event.time)}
    whole: Any = {"body": orjson.loads(event.body), "headers": dict(event.headers)}
    if key is not None:
        whole = pseudonymous(whole, key=key)
        about["id"] = str(pseudonymous(about["id"], key=key))
    headers = {"content-type": JSON, **whole["headers"]}
    given = samples.Sample(headers=headers, body=whole["body"])
    plain = {"headers": headers, "body": whole["body"]}
    try:
        found = arrived(given, source=source, endpoint=event.endpoint, now=event.received)
    except HooklineError:
        found = []
    if [(each.source_id, each.type) for each in found] == [(about["id"], about["type"])]:
        return plain
    return {"event": about, **plain}


def _events(runtime: Runtime, endpoint: str, *, id_: str | None, last: int) -> list[Event]:
    """Return the events that are meant. Raises Faults if there are none."""
    if id_ is not None:
        event = runtime.store.event(id_)
        if event is None or event.endpoint != endpoint:
            what = f"{id_}: {endpoint} has no such event, or not any more"
            raise Faults([f"{what}; `hookline events list -e {endpoint}` tells its ids"])
        return [event]
    portal = runtime.settings.endpoints[endpoint].portal
    rows = runtime.store.browse([portal], Query(endpoint=endpoint), limit=last).rows
    if not rows:
        raise Faults(
            [f"{endpoint}: no event was received yet; `hookline send {endpoint}` sends one"]
        )
    return [row.event for row in rows]


def _free(folder: Path, type_: str) -> Path:
    """Return where a sample of this type goes; what is there already stays."""
    stem = re.sub(r"[^\w.-]+", "-", type_).strip(".-") or "event"
    number, path = 1, folder / f"{stem}{samples.SUFFIX}"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{samples.SUFFIX}"
    return path
