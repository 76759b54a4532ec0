"""`hookline events resolve`: a person says what became of a create whose answer was lost."""

import click

from app.cli.environment import environ
from workers.errors import Faults
from workers.outcomes import EventState
from workers.runtime import Runtime


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--made", metavar="RECORD_ID", help="It was made: this is the record's id.")
@click.option("--again", is_flag=True, help="It was not made: send it again.")
def resolve(*, id_: str, made: str | None, again: bool) -> None:
    """Settle an event whose state is unknown, after a look into the CRM.

    Hookline sent a create, lost the answer, and cannot read it back; it never sends such a call
    again in silence.
    """
    if bool(made) == again:
        raise click.UsageError("say either --made RECORD_ID or --again")
    runtime = Runtime.build(environ())
    event = runtime.store.event(id_)
    if event is None:
        raise Faults([f"{id_}: no such event is kept; `hookline events list` tells those that are"])
    standing = runtime.store.standings([event]).get(id_)
    if standing is None or standing.state is not EventState.UNKNOWN:
        stands = standing.state.value if standing else EventState.WAITING.value
        raise Faults([f"{id_} is {stands}, not unknown; there is nothing to resolve"])
    lost = runtime.unanswered(event)
    if not lost:
        raise Faults([f"{id_}: no create of it is open any more; `hookline replay {id_}` goes on"])
    if made is not None and len(lost) > 1:
        raise Faults([f"{id_}: {len(lost)} creates are open; one record cannot be all of them"])
    runtime.store.answer_intents(event.portal, dict.fromkeys(lost, made))
    runtime.store.replay(id_, state=EventState.UNKNOWN, now=runtime.clock())
    runtime.ring(event.portal)
    click.echo(f"{id_}: {f'made as {made}' if made else 'sent again'}")
