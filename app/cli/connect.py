"""`hookline connect`: the link by which an account lets our app in."""

import secrets

import click

from app.cli.environment import environ
from app.cli.people import HOW
from app.cli.services import WEB_PORT
from workers import settings as configuration
from workers.errors import Faults
from workers.runtime import now
from workers.settings.fields import nearest
from workers.store import Store
from workers.store.people import Deed


@click.command()
@click.argument("portal")
@click.option("--url", help="Where the web server is reached; `external_url`, if it is not said.")
@click.option("--forget", is_flag=True, help="Forget what was granted, and whose account it was.")
def connect(portal: str, *, url: str | None, forget: bool) -> None:
    """Print the link by which whoever administers the HubSpot account lets the app of PORTAL in.

    It is good for an hour, and for one install; until then the portal's events wait. An account
    that is another than at the first install is refused, unless that one is forgotten.
    """
    settings = configuration.load(environ())
    config = settings.portals.get(portal)
    if config is None:
        raise Faults([f"there is no portal {portal!r}; {nearest(portal, settings.portals)}"])
    if config.oauth is None:
        raise Faults([f"portal {portal}: has a token; give it `oauth` instead, with an app"])
    store = Store.of(settings)
    if forget:
        gone = store.forget_grant(portal)
        _note(store, "forget grant", portal)
        click.echo(f"portal {portal}: {'forgotten' if gone else 'nothing was granted'}")
        return
    base = (url or settings.external_url or f"http://localhost:{WEB_PORT}").rstrip("/")
    ticket = secrets.token_urlsafe(32)
    store.keep_ticket(ticket, portal)
    _note(store, "make install link", portal)
    click.echo(f"{base}/oauth/install/{portal}?ticket={ticket}")
    click.echo(
        "open it within the hour, logged in to HubSpot as somebody who may install apps; "
        f"the app's redirect URL must be {base}/oauth/callback",
        err=True,
    )


def _note(store: Store, what: str, on: str) -> None:
    store.note_deed(Deed(who=HOW, how=HOW, what=what, on=on, at=now(), place=""))
