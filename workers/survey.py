"""A look at a portal: whose account it is, what it has of what the mappings need, what it lets us.

A look takes some calls, so a worker takes it and keeps what it saw; `wanted` tells what is missing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from workers import checking
from workers.crm import tenant
from workers.crm.calls import Api, Call
from workers.crm.replies import Reply
from workers.errors import HooklineError
from workers.provision import wanted
from workers.settings import Portal
from workers.sources import Source
from workers.store.portals import Account, Survey

T = TypeVar("T")


def survey(
    portal: Portal, sources: Sequence[Source], *, ask: Callable[[Call], Reply], now: datetime
) -> Survey:
    """Return what the portal tells; what it does not is said in a line of `unasked`."""
    api = Api(portal.api)
    unasked: list[str] = []

    def told(what: str, call: Call, read: Callable[[Reply], T]) -> T | None:
        try:
            return read(ask(call))
        except HooklineError as error:
            unasked.append(f"{what}: {error}")
            return None

    account = told("account", api.account(), tenant.account)
    usage = told("daily limit", api.usage(), tenant.usage) or ()
    found = checking.describe(
        checking.needs(sources, portal=portal.name), portal=portal.name, api=api, ask=ask
    )
    findings = [each for source in sources for each in checking.judge(source, found)]
    return Survey(
        at=now,
        account=None
        if account is None
        else Account(
            id=account.portal_id,
            type=account.type,
            time_zone=account.time_zone,
            currency=account.currency,
            ui_domain=account.ui_domain,
            at=now,
        ),
        daily_limit=usage[0].limit if usage else None,
        daily_used=usage[0].used if usage else None,
        refused=found.refused,
        unasked=tuple(dict.fromkeys((*unasked, *found.unasked))),
        faults=tuple(dict.fromkeys(str(each) for each in findings if each.certain)),
        warnings=tuple(dict.fromkeys(str(each) for each in findings if not each.certain)),
        present=tuple(_present(sources, found, there=True)),
        missing=tuple(_present(sources, found, there=False)),
    )


def _present(sources: Sequence[Source], found: checking.Described, *, there: bool) -> list[str]:
    """Return the properties that the mappings need and the portal has, or has not."""
    return [
        f"{each.object_type}.{each.name}{' (unique)' if each.unique else ''}"
        for each in wanted(sources)
        if each.object_type in found.types
        and (each.name in found.types[each.object_type].properties) is there
    ]
