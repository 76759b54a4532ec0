"""`hookline user` and `hookline token`: who may use the console and the API."""

import click

from app.access import accounts, tokens
from app.cli import tables
from app.cli.environment import environ
from workers import settings as configuration
from workers.errors import Faults, Retryable
from workers.runtime import now
from workers.settings import Settings
from workers.store import Store
from workers.store.audit import Deed
from workers.store.people import Role

ROLES = click.Choice([role.value for role in Role])
HOW = "command line"


@click.group()
def user() -> None:
    """People who log in to the console."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default=Role.VIEWER.value, show_default=True)
def add_user(name: str, role: str) -> None:
    """Make the user NAME and print a one-time password."""
    _, store = _opened()
    password = accounts.add(store, name, role=Role(role), now=now())
    _note(store, "add user", accounts.name_of(name), role=role)
    click.echo(f"{accounts.name_of(name)} ({role}): one-time password {password}")


@user.command("passwd")
@click.argument("name")
def reset_password(name: str) -> None:
    """Give the user NAME a new one-time password and print it; ends the user's sessions."""
    _, store = _opened()
    password = accounts.reset(store, name)
    _note(store, "reset password", accounts.name_of(name))
    click.echo(f"{accounts.name_of(name)}: one-time password {password}")


@user.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
def change_role(name: str, role: str) -> None:
    """Let the user NAME do what ROLE does; ends the user's sessions."""
    _, store = _opened()
    accounts.set_role(store, name, Role(role))
    _note(store, "change role", accounts.name_of(name), role=role)
    click.echo(f"{accounts.name_of(name)} is {role}")


@user.command("remove")
@click.argument("name")
def remove_user(name: str) -> None:
    """Remove the user NAME, and the tokens that this user made."""
    _, store = _opened()
    accounts.remove(store, name)
    _note(store, "remove user", accounts.name_of(name))
    click.echo(f"{accounts.name_of(name)} is removed")


@user.command("list")
def list_users() -> None:
    """Tell who there is."""
    _, store = _opened()
    tables.show(
        ("user", "role", "since", "password"),
        (
            (
                each.name,
                each.role.value,
                each.created.strftime("%Y-%m-%d"),
                "one-time, not changed yet" if each.must_change else "own",
            )
            for each in store.users()
        ),
        whole="user",
    )


@click.group()
def token() -> None:
    """What programs show to the API."""


@token.command("new")
@click.argument("label")
@click.option("--role", type=ROLES, default=Role.VIEWER.value, show_default=True)
@click.option("--portal", help="The only portal that it sees; without it, all.")
@click.option("--days", default=90, show_default=True, help="How long it is good.")
def new_token(label: str, role: str, portal: str | None, days: int) -> None:
    """Make a token for what LABEL says, and print it. It is shown this once."""
    settings, store = _opened()
    if portal is not None and portal not in settings.portals:
        known = ", ".join(settings.portals)
        raise Faults([f"--portal: there is no portal {portal!r}; known are: {known}"])
    made, text = tokens.issue(
        store, label=label, role=Role(role), days=days, maker="", now=now(), portal=portal
    )
    _note(store, "make token", made.id, label=made.label, role=role)
    click.echo(text)


@token.command("list")
def list_tokens() -> None:
    """Tell which there are; not what they are."""
    _, store = _opened()
    moment = now()
    tables.show(
        ("id", "for", "role", "portal", "by", "used", "good until"),
        (
            (
                each.id,
                each.label,
                each.role.value,
                each.portal or "all",
                each.maker or HOW,
                "never" if each.used is None else each.used.strftime("%Y-%m-%d %H:%M"),
                each.expires.strftime("%Y-%m-%d") + (", over" if each.expires <= moment else ""),
            )
            for each in store.tokens()
        ),
        whole="id",
    )


@token.command("revoke")
@click.argument("id")
def revoke_token(id: str) -> None:
    """Let the token ID be good no longer."""
    _, store = _opened()
    if not store.revoke(id):
        raise Faults([f"{id}: there is no such token; `hookline token list` tells those there are"])
    _note(store, "revoke token", id)
    click.echo(f"token {id} is revoked")


def first_admin(store: Store, *, url: str) -> list[str]:
    """Make the first user if there is none, and return the lines that tell how to log in."""
    try:
        password = accounts.add_first(store, now=now())
    except Retryable as error:
        return [f"{error}; once it runs, `hookline user add NAME --role admin` makes a user"]
    if password is None:
        return []
    _note(store, "add user", accounts.FIRST, role=Role.ADMIN.value)
    return [f"the console is at {url}/: log in as {accounts.FIRST}, one-time password {password}"]


def _opened() -> tuple[Settings, Store]:
    settings = configuration.load(environ())
    return settings, Store.of(settings)


def _note(store: Store, what: str, on: str, **detail: str) -> None:
    deed = Deed(who=HOW, how=HOW, what=what, on=on, at=now(), place="", detail=detail)
    store.note_deed(deed)
