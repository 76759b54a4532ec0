"""A person and one portal: calls sent to it, and the answers shown."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec

import click

from app.cli.crm.answers import told
from app.cli.environment import environ
from workers import settings
from workers.asking import Asking, asking
from workers.crm.accounting import unaccounted
from workers.crm.calls import Api, Call
from workers.crm.paging import pages
from workers.crm.replies import Reply
from workers.errors import Faults
from workers.runtime import now
from workers.settings import Portal, Settings
from workers.settings.fields import nearest

P = ParamSpec("P")
MOST_A_PAGE = 100


class Session:
    """Sends calls to one portal, and prints what comes back."""

    def __init__(self, portal: Portal, crm: Asking, *, as_json: bool) -> None:
        self.api = Api(portal.api)
        self._crm = crm
        self._as_json = as_json

    def show(self, call: Call, *, columns: Sequence[str] = ()) -> None:
        """Send `call` and show the answer; `columns` come first, or alone for a list.

        Raises Faults for what the answer says went wrong, and for inputs that it is silent about.
        """
        reply = self._crm.send(call)
        self._print(call, reply.body, columns)
        self._blame(call, reply)

    def show_pages(self, call: Call, *, most: int, columns: Sequence[str] = ()) -> None:
        """Show up to `most` results of a list or search, however many pages they take."""
        results: list[object] = []
        for reply in pages(self._crm.send, call):
            body = reply.body if isinstance(reply.body, dict) else {}
            results += body.get("results") or []
            if len(results) >= most:
                break
        self._print(call, {"results": results[:most]}, columns)

    def _print(self, call: Call, body: object, columns: Sequence[str]) -> None:
        if self._as_json:
            click.echo(json.dumps(body, indent=2, ensure_ascii=False))
        elif body is None:
            click.echo(f"{call.name}: done")
        else:
            told(body, columns=columns)

    def _blame(self, call: Call, reply: Reply) -> None:
        body = reply.body if isinstance(reply.body, dict) else {}
        faults = [_fault(call, each) for each in body.get("errors") or []]
        if call.path.endswith(("/batch/read", "/batch/update", "/batch/upsert")) and not faults:
            silent = unaccounted(call, reply)
            faults += [f"{call.name}: the answer says nothing of {each}" for each in silent]
        if faults:
            raise Faults(faults)


def _fault(call: Call, error: Mapping[str, object]) -> str:
    context = error.get("context")
    listed = context.values() if isinstance(context, dict) else ()
    named = [str(each) for ids in listed if isinstance(ids, list) for each in ids]
    where = f" ({', '.join(dict.fromkeys(named))})" if named else ""
    return f"{call.name}: {error.get('message', 'failed')}{where}"


def with_session(function: Callable[Concatenate[Session, P], None]) -> Callable[..., None]:
    """Give a command its session: the options --portal and --json, and an open connection."""

    @click.option("-p", "--portal", help="The portal; not needed where there is one.")
    @click.option("--json", "as_json", is_flag=True, help="Print the CRM's own JSON.")
    @wraps(function)
    def seated(*args: P.args, **kwargs: P.kwargs) -> None:
        name = kwargs.pop("portal", None)
        as_json = bool(kwargs.pop("as_json", False))
        found = settings.load(environ())
        portal = _portal(found, None if name is None else str(name))
        with asking(portal, found, clock=now) as crm:
            function(Session(portal, crm, as_json=as_json), *args, **kwargs)

    return seated


def _portal(found: Settings, name: str | None) -> Portal:
    known = found.portals
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None:
        raise click.UsageError(f"say which portal: --portal {'|'.join(known)}")
    if name not in known:
        raise Faults([f"there is no portal {name!r}; {nearest(name, known)}"])
    return known[name]


def values(pairs: Sequence[str]) -> dict[str, str]:
    """Return properties given as NAME=VALUE."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{pair!r} is not NAME=VALUE")
        found[name] = value
    return found


def names(listed: Sequence[str]) -> list[str]:
    """Return names given one by one, or with commas between them."""
    return [name for each in listed for name in each.split(",") if name]


def sure(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone."""
    if not yes:
        click.confirm(question, abort=True, err=True)
