"""`hookline`: the command line. Exit codes: 0 well, 1 something is wrong, 2 wrongly called."""

import click

from app import __version__
from app.cli.backfill import backfill
from app.cli.blame import blame
from app.cli.capture import capture
from app.cli.check import check
from app.cli.connect import connect
from app.cli.consume import consume
from app.cli.crm import crm
from app.cli.events import events
from app.cli.faults import Cli
from app.cli.forget import forget
from app.cli.new import new
from app.cli.notices import notify
from app.cli.people import token, user
from app.cli.plan import plan
from app.cli.provisioning import provision
from app.cli.rehearse import rehearse
from app.cli.replay import replay
from app.cli.resolve import resolve
from app.cli.run import run
from app.cli.schema import schema
from app.cli.sending import send
from app.cli.services import sandbox, web, worker
from app.cli.testing import test


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="hookline %(version)s")
def main() -> None:
    """Webhooks in; HubSpot records, associations and pinned activities out, each once.

    What is served and where it goes is in the YAML file that HOOKLINE_CONFIG names; without it,
    in the shipped one, which serves a sandbox on this machine.
    """


for each in (
    run,
    web,
    worker,
    consume,
    sandbox,
    send,
    plan,
    backfill,
    check,
    test,
    new,
    capture,
    schema,
    provision,
    connect,
    events,
    replay,
    rehearse,
    blame,
    forget,
    crm,
    user,
    token,
    notify,
):
    main.add_command(each)
events.add_command(resolve)
