"""`hookline send`: a genuinely signed sample event, through the real HTTP door."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import click

from app.cli import samples
from app.cli.environment import environ
from app.cli.services import WEB_PORT
from app.cli.wire import ask
from workers import runtime, settings
from workers.errors import Faults, HooklineError, Retryable
from workers.settings import Settings
from workers.settings.fields import nearest
from workers.sources import load

LOCAL = f"http://127.0.0.1:{WEB_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the door said of a delivery."""

    endpoint: str
    status: int
    ids: tuple[str, ...]
    body: str


@click.command()
@click.argument("name")
@click.argument("file", required=False)
@click.option("-t", "--type", "type_", help="Which sample; --list tells them.")
@click.option("--list", "listing", is_flag=True, help="List the samples of the endpoint's source.")
@click.option("--same", is_flag=True, help="Leave the sample's id, as a sender does that repeats.")
@click.option("--url", default=LOCAL, show_default=True, help="Where Hookline listens.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def send(
    name: str,
    *,
    file: str | None,
    type_: str | None,
    listing: bool,
    same: bool,
    url: str,
    as_json: bool,
) -> None:
    """Send a signed sample event to the endpoint NAME, or the payload in FILE.

    NAME/TYPE chooses the sample, as --type does: stripe/invoice.paid.

    It gets an id of its own and the present time, so that it is a new event each time.
    """
    configured = settings.load(environ())
    name, _, after = name.partition("/")
    source = _endpoint_source(configured, name)
    if listing:
        for each in samples.types(source):
            click.echo(each)
        return
    given = samples.read(Path(file)) if file else samples.sample(source, type_ or after or None)
    sent = deliver(given, name, configured=configured, url=url, same=same)
    if as_json:
        said = {"endpoint": name, "status": sent.status, "ids": sent.ids, "body": sent.body}
        click.echo(json.dumps(said, indent=2))
    else:
        click.echo(f"{sent.status} {HTTPStatus(sent.status).phrase}: {sent.body}")
        for each in sent.ids:
            click.echo(f"hookline events show {each}")
    if sent.status >= HTTPStatus.BAD_REQUEST:
        raise SystemExit(1)


def deliver(
    given: samples.Sample, name: str, *, configured: Settings, url: str, same: bool = False
) -> Sent:
    """Deliver a sample to an endpoint; return what it was told. Raises HooklineError.

    It is made an event of its own, that happens now, unless the `same` is meant again.
    """
    endpoint = configured.endpoints[name]
    source = load(endpoint.source, mapping=endpoint.mapping, search=configured.sources_dirs)
    seen_as = configured.external_url or url
    now = runtime.now()
    given = given if same else given.fresh(source, now=now)
    each = samples.delivery(given, endpoint=endpoint, source=source, base_url=seen_as, now=now)
    try:
        said = ask(
            url + each.url.removeprefix(seen_as),
            method="POST",
            headers=each.headers,
            body=each.body,
        )
    except Retryable as error:
        raise HooklineError(f"{error}; start it with `hookline run`, or name it: --url") from error
    body = said.json()
    ids: list[object] = []
    if isinstance(body, dict):
        ids = body.get("ids") or ([body["id"]] if "id" in body else [])
    return Sent(
        endpoint=name,
        status=said.status,
        ids=tuple(map(str, ids)),
        body=said.body.decode("utf-8", errors="replace"),
    )


def _endpoint_source(configured: Settings, name: str) -> str:
    endpoint = configured.endpoints.get(name)
    if endpoint is None:
        raise Faults([f"there is no endpoint {name!r}; {nearest(name, configured.endpoints)}"])
    return Path(endpoint.source).stem
