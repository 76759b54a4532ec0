"""`hookline crm upsert`, `batch-read`, `batch-archive` and `search`: many records in a call."""

import json

import click

from app.cli.crm.records import ARCHIVED, HISTORY, PROPERTIES
from app.cli.crm.session import MOST_A_PAGE, Session, names, values, with_session
from workers.crm.calls import UpsertRow


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("key", metavar="KEY")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1)
@click.option("--by", default="email", show_default=True, help="The unique property KEY is of.")
@with_session
def upsert(
    session: Session, *, object_type: str, key: str, pairs: tuple[str, ...], by: str
) -> None:
    """Create or update the record whose unique property is KEY."""
    row = UpsertRow(key=key, properties={by: key, **values(pairs)})
    session.show(session.api.upsert_batch(object_type, key_property=by, rows=[row]))


@click.command("batch-read")
@click.argument("object_type", metavar="TYPE")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--by", help="The IDs are values of this unique property.")
@PROPERTIES
@HISTORY
@ARCHIVED
@with_session
def read_batch(
    session: Session,
    *,
    object_type: str,
    ids: tuple[str, ...],
    by: str | None,
    properties: tuple[str, ...],
    history: tuple[str, ...],
    archived: bool,
) -> None:
    """Show several records: at most 100, with history 50."""
    call = session.api.read_batch(
        object_type,
        ids=ids,
        key_property=by,
        properties=names(properties),
        history=names(history),
        archived=archived,
    )
    session.show(call, columns=names(properties))


@click.command("batch-archive")
@click.argument("object_type", metavar="TYPE")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@with_session
def archive_batch(session: Session, *, object_type: str, ids: tuple[str, ...]) -> None:
    """Put several records into the recycle bin; ids that are not there are ignored."""
    session.show(session.api.archive_batch(object_type, ids=ids))


@click.command()
@click.argument("object_type", metavar="TYPE")
@click.argument("pairs", metavar="NAME=VALUE...", nargs=-1)
@click.option("--body", help="A whole search in HubSpot's own JSON, instead of NAME=VALUE.")
@PROPERTIES
@click.option("-n", "--limit", default=20, show_default=True, help="How many.")
@with_session
def search(
    session: Session,
    *,
    object_type: str,
    pairs: tuple[str, ...],
    body: str | None,
    properties: tuple[str, ...],
    limit: int,
) -> None:
    """Find records that have each VALUE; what was just written may not be found yet."""
    wanted = names(properties)
    if (body is None) is (not pairs):
        raise click.UsageError("say either NAME=VALUE or --body")
    found = _filters(pairs) if body is None else parsed(body)
    found.setdefault("properties", wanted)
    found.setdefault("limit", min(limit, MOST_A_PAGE))
    call = session.api.search_query(object_type, body=found)
    session.show_pages(call, most=limit, columns=wanted)


def _filters(pairs: tuple[str, ...]) -> dict[str, object]:
    filters = [
        {"propertyName": name, "operator": "EQ", "value": value}
        for name, value in values(pairs).items()
    ]
    return {"filterGroups": [{"filters": filters}]}


def parsed(body: str) -> dict[str, object]:
    """Return a JSON object that was given as an argument."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise click.UsageError(f"that is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise click.UsageError('that is not a JSON object: {"name": "value"}')
    return found
