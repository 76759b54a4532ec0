"""`hookline crm owners`, `library`, `account`, `usage`, `limit`, `token`: the portal itself."""

import click

from app.cli.crm.desk import MOST_A_PAGE, Desk, at_desk


@click.command()
@click.option("--email", help="The one with this address.")
@click.option("-n", "--limit", default=100, show_default=True, help="How many.")
@at_desk
def owners(desk: Desk, *, email: str | None, limit: int) -> None:
    """List who records can belong to."""
    call = desk.api.owners(email=email, limit=min(limit, MOST_A_PAGE))
    columns = ("id", "type", "email", "firstName", "lastName", "userId")
    desk.show_pages(call, most=limit, columns=columns)


@click.command()
@at_desk
def library(desk: Desk) -> None:
    """Tell which of the object types that need it are activated."""
    desk.show(desk.api.enablement())


@click.command()
@at_desk
def account(desk: Desk) -> None:
    """Show the account's own details."""
    desk.show(desk.api.account())


@click.command()
@at_desk
def usage(desk: Desk) -> None:
    """Show how much of the daily limit is used."""
    desk.show(desk.api.usage())


@click.command()
@click.argument("kind", nargs=-1, required=True)
@at_desk
def limit(desk: Desk, *, kind: tuple[str, ...]) -> None:
    """Show a limit of the account and how near it is: `limit associations labels`."""
    desk.show(desk.api.limit(*kind))


@click.command()
@click.option("--client-id", required=True)
@click.option("--client-secret", prompt=True, hide_input=True)
@click.option("--refresh-token", help="Ask for a new access token.")
@click.option("--code", help="Exchange the code of a granted authorisation, once.")
@click.option("--redirect-uri", default="", help="As it was when the code was asked for.")
@at_desk
def token(
    desk: Desk,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str | None,
    code: str | None,
    redirect_uri: str,
) -> None:
    """Ask for an OAuth access token, and print it."""
    if refresh_token is not None and code is None:
        desk.show(
            desk.api.token_from_refresh(
                client_id=client_id, client_secret=client_secret, refresh_token=refresh_token
            )
        )
    elif code is not None and refresh_token is None:
        desk.show(
            desk.api.token_from_code(
                client_id=client_id,
                client_secret=client_secret,
                redirect_uri=redirect_uri,
                code=code,
            )
        )
    else:
        raise click.UsageError("say either --refresh-token or --code")
