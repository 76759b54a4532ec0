"""`hookline provision`: makes the properties that the mappings need and a portal does not have."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TypeAlias

import click

from app.cli.environment import environ
from workers.crm.calls import Api, Call
from workers.crm.replies import Reply
from workers.errors import Faults, Refused
from workers.provision import GROUP, Wanted, wanted
from workers.runtime import Runtime
from workers.settings.fields import nearest

Ask: TypeAlias = Callable[[Call], Reply]


@click.command()
@click.argument("portals", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only tell what would be made.")
def provision(portals: tuple[str, ...], *, dry_run: bool) -> None:
    """Make the properties that the mappings need and PORTALS (or all of them) do not have."""
    runtime = Runtime.build(environ())
    for name in portals:
        if name not in runtime.settings.portals:
            known = nearest(name, runtime.settings.portals)
            raise Faults([f"there is no portal {name!r}; {known}"])
    for name in portals or runtime.settings.portals:
        made = provide(runtime, name, dry_run=dry_run, say=click.echo)
        told = "would be made" if dry_run else "made"
        click.echo(f"{name}: {made} properties {told}")


def provide(
    runtime: Runtime, portal: str, *, dry_run: bool = False, say: Callable[[str], None]
) -> int:
    """Make what is missing in a portal, and say what; return how many properties that were.

    Raises Faults with every property that the portal has otherwise than the mappings need it.
    """
    api = Api(runtime.settings.portals[portal].api)
    ask = partial(runtime.ask, portal)
    sources = [
        runtime.sources[name]
        for name, endpoint in runtime.settings.endpoints.items()
        if portal in endpoint.portals
    ]
    faults: list[str] = []
    missing: list[Wanted] = []
    for each in wanted(sources, portal=portal):
        there = _there(each, ask, api)
        if there is None:
            missing.append(each)
        elif each.unique and not there:
            faults.append(
                f"portal {portal}: {each.object_type}.{each.name} is there and not unique, so no "
                "record can be known by it; use another property as the key"
            )
    if faults:
        raise Faults(faults)
    grouped: set[str] = set()
    for each in missing:
        say(f"  {each.object_type}.{each.name}{' (unique)' if each.unique else ''}")
        if not dry_run:
            if each.object_type not in grouped:
                _make_group(each.object_type, ask, api)
                grouped.add(each.object_type)
            ask(api.create_property(each.object_type, each.body()))
    if missing and not dry_run:
        runtime.store.forget_schema(portal)
    return len(missing)


def _there(each: Wanted, ask: Ask, api: Api) -> bool | None:
    """Return whether the portal keeps the property's values apart; None if it has none such."""
    try:
        body = ask(api.property(each.object_type, each.name)).body
    except Refused as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    return isinstance(body, dict) and body.get("hasUniqueValue") is True


def _make_group(object_type: str, ask: Ask, api: Api) -> None:
    try:
        ask(api.create_property_group(object_type, GROUP))
    except Refused as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
