"""The first events: one of Stripe, of GitHub and of Shopify, and what becomes of them."""

import json
import shlex
import threading
import time
from collections.abc import Sequence

import click

from app.cli import samples, tables
from app.cli.sending import deliver
from app.desk.became import Became, became
from workers.errors import Permanent
from workers.outcomes import EventState
from workers.runtime import Runtime

FIRST = ("stripe", "github", "shopify")
SETTLED = (EventState.DONE, EventState.IGNORED, EventState.DEAD, EventState.UNKNOWN)
POLL_S = 0.05
PATIENCE_S = 60.0


def endpoints(runtime: Runtime, *, sandbox_url: str) -> list[str]:
    """Return the endpoints that the first events go to: none that writes to a real portal."""
    found = runtime.settings.endpoints
    portals = runtime.settings.portals
    return [
        name
        for name in FIRST
        if name in found
        and found[name].source == name
        and found[name].enabled
        and {portals[each].base_url for each in found[name].portals} == {sandbox_url}
    ]


def send_first(
    runtime: Runtime, names: Sequence[str], *, url: str, stopping: threading.Event
) -> list[Became]:
    """Send the first events and return what became of each; raise Permanent if one is refused.

    Those that are not settled after PATIENCE_S are returned as they stand.
    """
    ids: list[str] = []
    for name in names:
        sent = deliver(samples.sample(name), name, configured=runtime.settings, url=url)
        if not sent.ids:
            raise Permanent(f"{name}: the door answered {sent.status}: {sent.body}")
        ids += sent.ids
    until = time.monotonic() + PATIENCE_S
    while True:
        found = [_stands(runtime, id_) for id_ in ids]
        settled = all(each.state in SETTLED for each in found)
        if settled or time.monotonic() > until or stopping.wait(POLL_S):
            return found


def _stands(runtime: Runtime, id_: str) -> Became:
    event = runtime.store.event(id_)
    if event is None:
        raise Permanent(f"event {id_}: was accepted and is not in the store")
    standing = runtime.store.standings([event]).get(event.id)
    return became(event, standing, runtime.sources.get(event.endpoint))


def show(found: Sequence[Became]) -> None:
    """Print what became of the first events."""
    tables.show(
        ("endpoint", "type", "state", "records", "associations", "pinned", "calls"),
        (
            (
                each.event.endpoint,
                each.event.type,
                each.state.value,
                "\n".join(each.records),
                "\n".join(each.associations),
                "\n".join(each.pinned),
                str(len(each.calls)),
            )
            for each in found
        ),
        whole="records",
    )
    for each in found:
        click.echo(f"{each.event.id}{': ' + each.reason if each.reason else ''}")
    calls = {call for each in found for call in each.calls}
    click.echo(f"{len(found)} events, {len(calls)} CRM calls")


def curl(runtime: Runtime, *, url: str) -> str | None:
    """Return a command line that sends another event, signed; GitHub's signature does not age."""
    endpoint = runtime.settings.endpoints.get("github")
    if endpoint is None or not endpoint.secrets:
        return None
    body = json.dumps(
        {
            "action": "opened",
            "issue": {"number": 7, "title": "Hello from curl", "state": "open"},
            "repository": {"full_name": "you/yours"},
            "sender": {"login": "you"},
        },
        separators=(",", ":"),
    )
    headers = {"content-type": "application/json", "x-github-event": "issues"}
    headers["x-github-delivery"] = f"try-{int(runtime.clock().timestamp())}"
    each = samples.delivery(
        samples.Sample(headers=headers, body=body),
        endpoint=endpoint,
        source=runtime.sources["github"],
        base_url=runtime.settings.external_url or url,
        now=runtime.clock(),
    )
    flags = " ".join(
        f"-H {shlex.quote(f'{name}: {value}')}" for name, value in each.headers.items()
    )
    return f"curl -i {url}/hooks/github {flags} -d {shlex.quote(body)}"
