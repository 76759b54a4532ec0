"""`hookline replay`: puts dead events back to work. What was applied is not applied again."""

from collections.abc import Iterator

import click

from app.cli.environment import environ
from workers.errors import Faults
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.store import Query

PAGE = 500
REPLAYABLE = (EventState.DEAD, EventState.UNKNOWN)


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--all-dead", is_flag=True, help="All dead letters, or those that the filters leave.")
@click.option("-e", "--endpoint", help="Only those of one endpoint.")
@click.option("-t", "--type", "type_", help="Only those of one event type.")
@click.option("-r", "--reason", help="Only those whose reason holds this text.")
@click.option("--dry-run", is_flag=True, help="Only tell how many.")
def replay(
    *,
    ids: tuple[str, ...],
    all_dead: bool,
    endpoint: str | None,
    type_: str | None,
    reason: str | None,
    dry_run: bool,
) -> None:
    """Handle dead events again: those with the IDS, or --all-dead.

    A replay doubles nothing, and lets no old value win over a newer one: it keeps the time that
    the event happened, and what became of each of its changes.
    """
    if bool(ids) == all_dead:
        raise click.UsageError("name the events by their ids, or say --all-dead")
    runtime = Runtime.build(environ())
    wanted = Query(state=EventState.DEAD, endpoint=endpoint, type=type_, reason=reason or "")
    chosen = list(_named(runtime, ids) if ids else _dead(runtime, wanted))
    if dry_run:
        click.echo(f"{len(chosen)} events would be replayed")
        return
    replayed = 0
    portals: set[str] = set()
    with click.progressbar(chosen, label="replaying", hidden=len(chosen) == 1) as progress:
        for event_id, state in progress:
            if runtime.store.replay(event_id, state=state, now=runtime.clock()):
                replayed += 1
                portals.add(event_id.partition(".")[0])
    for portal in portals:
        runtime.ring(portal)
    click.echo(f"{replayed} events replayed")


def _named(runtime: Runtime, ids: tuple[str, ...]) -> Iterator[tuple[str, EventState]]:
    faults: list[str] = []
    found: list[tuple[str, EventState]] = []
    for event_id in ids:
        event = runtime.store.event(event_id)
        standing = runtime.store.standings([event]).get(event_id) if event else None
        if event is None:
            faults.append(f"{event_id}: no such event is kept")
        elif standing is None or standing.state not in REPLAYABLE:
            stands = standing.state.value if standing else EventState.WAITING.value
            faults.append(f"{event_id} is {stands}; only dead and unknown events are replayed")
        else:
            found.append((event_id, standing.state))
    if faults:
        raise Faults(faults)
    yield from found


def _dead(runtime: Runtime, wanted: Query) -> Iterator[tuple[str, EventState]]:
    for portal in runtime.settings.portals:
        cursor: str | None = None
        while True:
            page = runtime.store.browse([portal], wanted, limit=PAGE, cursor=cursor)
            yield from ((row.event.id, row.state) for row in page.rows)
            if page.next is None:
                break
            cursor = page.next
