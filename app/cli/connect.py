"""`hookline connect`: the link by which an account lets our app in."""

import secrets
import threading
import uuid

import click

from app.cli.environment import environ
from app.cli.people import HOW
from app.cli.services import WEB_PORT
from workers import settings as configuration
from workers.errors import Faults
from workers.runtime import now
from workers.settings.fields import nearest
from workers.store import Store
from workers.store.audit import Deed

PATIENT_S, LOOK_S = 60.0, 0.2
HOLD_S = 300.0  # longer than it takes to forget every record


@click.command()
@click.argument("portal")
@click.option("--url", help="Where the web server is reached; `external_url`, if it is not said.")
@click.option(
    "--forget",
    is_flag=True,
    help="Forget what was granted, whose account it was, and which records it has.",
)
@click.option("--yes", is_flag=True, help="Forget though events wait that go to the next account.")
def connect(portal: str, *, url: str | None, forget: bool, yes: bool) -> None:
    """Print the link by which whoever administers the HubSpot account lets the app of PORTAL in.

    It is good for an hour, and for one install; until then the portal's events wait. An account
    that is another than at the first install is refused, unless that one is forgotten.
    """
    settings = configuration.load(environ())
    config = settings.portals.get(portal)
    if config is None:
        raise Faults([f"there is no portal {portal!r}; {nearest(portal, settings.portals)}"])
    store = Store.of(settings)
    if config.oauth is None and not forget:
        raise Faults([f"portal {portal}: has a token; give it `oauth` instead, with an app"])
    if forget:
        _forget(store, portal, yes=yes)
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


def _forget(store: Store, portal: str, *, yes: bool) -> None:
    """Forget an account, so that the portal may be another from then on."""
    waiting = store.backlog(portal).waiting
    if waiting and not yes:
        raise Faults(
            [
                f"portal {portal}: {waiting} events wait, which would go to the account that is "
                "let in next; let them be handled first, or add --yes"
            ]
        )
    gone = store.forget_grant(portal)  # from now on no writer has a token
    _note(store, "forget grant", portal)
    owner, wait = uuid.uuid4().hex, threading.Event().wait
    for _ in range(int(PATIENT_S / LOOK_S)):
        if store.lease(portal, owner=owner, lease_s=HOLD_S):
            break
        wait(LOOK_S)
    else:
        raise Faults([f"portal {portal}: a writer does not let go of it; say --forget once more"])
    store.forget_records(portal)
    store.release(portal, owner=owner, even_if_rung=True)
    click.echo(f"portal {portal}: {'forgotten' if gone else 'nothing was known'}")


def _note(store: Store, what: str, on: str) -> None:
    store.note_deed(Deed(who=HOW, how=HOW, what=what, on=on, at=now(), place=""))
