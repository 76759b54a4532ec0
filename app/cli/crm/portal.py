"""`hookline crm owners`, `library`, `account`, `usage`, `limit`, `token`: the portal itself."""

import click

from app.cli.crm.session import MOST_A_PAGE, Session, with_session


@click.command()
@click.option("--email", help="The one with this address.")
@click.option("-n", "--limit", default=100, show_default=True, help="How many.")
@with_session
def owners(session: Session, *, email: str | None, limit: int) -> None:
    """List who records can belong to."""
    call = session.api.owners(email=email, limit=min(limit, MOST_A_PAGE))
    columns = ("id", "type", "email", "firstName", "lastName", "userId")
    session.show_pages(call, most=limit, columns=columns)


@click.command()
@with_session
def library(session: Session) -> None:
    """Tell which of the object types that need it are activated."""
    session.show(session.api.enablement())


@click.command()
@with_session
def account(session: Session) -> None:
    """Show the account's own details."""
    session.show(session.api.account())


@click.command()
@with_session
def usage(session: Session) -> None:
    """Show how much of the daily limit is used."""
    session.show(session.api.usage())


@click.command()
@click.argument("kind", nargs=-1, required=True)
@with_session
def limit(session: Session, *, kind: tuple[str, ...]) -> None:
    """Show a limit of the account and how near it is: `limit associations labels`."""
    session.show(session.api.limit(*kind))


@click.command()
@click.option("--client-id", required=True)
@click.option("--client-secret", prompt=True, hide_input=True)
@click.option("--refresh-token", help="Ask for a new access token.")
@click.option("--code", help="Exchange the code of a granted authorisation, once.")
@click.option("--redirect-uri", default="", help="As it was when the code was asked for.")
@with_session
def token(
    session: Session,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str | None,
    code: str | None,
    redirect_uri: str,
) -> None:
    """Ask for an OAuth access token, and print it."""
    if refresh_token is not None and code is None:
        session.show(
            session.api.token_from_refresh(
                client_id=client_id, client_secret=client_secret, refresh_token=refresh_token
            )
        )
    elif code is not None and refresh_token is None:
        session.show(
            session.api.token_from_code(
                client_id=client_id,
                client_secret=client_secret,
                redirect_uri=redirect_uri,
                code=code,
            )
        )
    else:
        raise click.UsageError("say either --refresh-token or --code")
