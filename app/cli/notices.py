"""`hookline notify`: a notice to everybody that the configuration names, to see that it arrives."""

import click

from app.cli.environment import environ
from workers import settings
from workers.errors import Faults
from workers.notices.couriers import Undelivered, bring
from workers.notices.watch import Notice, Turned
from workers.runtime import now

NOBODY = "notices: nobody is named; write `notices:` into the configuration"


@click.command()
def notify() -> None:
    """Send a test notice to every webhook and address under `notices` in the configuration."""
    configured = settings.load(environ())
    if configured.notices is None:
        raise Faults([NOBODY])
    moment = now()
    notice = Notice(
        turned=Turned.BEGAN,
        portal="Hookline",
        name="test",
        summary="sends a test: this is where notices arrive",
        value=0,
        since=moment,
        at=moment,
    )
    faults: list[str] = []
    for number, target in enumerate(configured.notices.targets, start=1):
        name = target.mail or f"webhook {number} ({target.format})"
        try:
            bring(target, [notice], settings=configured.notices, look=configured.external_url)
        except Undelivered as error:
            faults.append(f"{name}: not brought: {error}")
        else:
            click.echo(f"{name}: brought")
    if faults:
        raise Faults(faults)
