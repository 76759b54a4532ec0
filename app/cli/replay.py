"""`hookline replay`: puts dead events back to work. What was applied is not applied again."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from app.cli.environment import environ
from workers.errors import Faults
from workers.events import Event
from workers.outcomes import EventState
from workers.runtime import Runtime

REPLAYABLE = (EventState.DEAD, EventState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which dead events are meant; None for what does not matter."""

    endpoint: str | None
    type: str | None
    reason: str | None

    def takes(self, event: Event, reason: str) -> bool:
        """Return True if `event`, dead for `reason`, is one of them."""
        return (
            self.endpoint in (None, event.endpoint)
            and self.type in (None, event.type)
            and (self.reason is None or self.reason.lower() in reason.lower())
        )


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
    wanted = Filter(endpoint=endpoint, type=type_, reason=reason)
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


def _dead(runtime: Runtime, wanted: Filter) -> Iterator[tuple[str, EventState]]:
    for portal in runtime.settings.portals:
        before: str | None = None
        while True:
            page = runtime.store.page(portal, before=before, state=EventState.DEAD)
            standings = runtime.store.standings(page.events)
            for event in page.events:
                standing = standings.get(event.id)
                if wanted.takes(event, standing.reason if standing else ""):
                    yield event.id, EventState.DEAD
            if page.next is None:
                break
            before = page.next
