"""`hookline events resolve`: a person says what became of a create whose answer was lost."""

import click

from app.cli.environment import environ
from app.desk import Desk
from app.desk.letters import resolve as settle
from app.desk.refusals import Impossible, Missing
from workers.errors import Faults
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
    desk = Desk(runtime=Runtime.build(environ()))
    try:
        settle(desk, id_, made=made, portals=desk.portals)
    except (Missing, Impossible) as error:
        raise Faults([str(error)]) from error
    click.echo(f"{id_}: {f'made as {made}' if made else 'sent again'}")
