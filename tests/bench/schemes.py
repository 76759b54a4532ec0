"""What does each sender's signature cost the door? Deliveries a second, and µs to verify one."""

import argparse
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask

from app.cli.services import WEB_THREADS
from app.web import create_app
from tests.app import serving
from tests.bench.door import CONNECTIONS, rate, serve
from tests.bench.tables import Table
from tests.bench.translate import cost_us
from tests.senders import FORM, JSON, SENDERS, Outgoing
from workers import sources
from workers.logs import configure
from workers.settings import Endpoint, Settings
from workers.signatures import Request, verify
from workers.store.embedded import EmbeddedStore

WARMING = 200
ROUNDS = 2
NOTE = "a note of some length, as events have them; " * 8
ARRAYS = ("hubspot", "sendgrid")
FORMS = ("mailchimp", "twilio")


def settings_of(store_url: str) -> Settings:
    """Settings with an endpoint for each shipped source, and its sender's own kind of secret."""
    endpoints = {
        name: Endpoint(
            name=name,
            source=name,
            portal=serving.PORTAL,
            secrets=(SENDERS[name].known(SENDERS[name].secret(0)),),
        )
        for name in sources.shipped()
    }
    return replace(serving.settings_of(store_url), endpoints=endpoints)


def application() -> Flask:
    """Return the application with these endpoints."""
    configure()
    return create_app(serving.runtime(settings_of(os.environ["HOOKLINE_TEST_STORE"])))


def content(name: str, id: str) -> bytes:
    """Return a body of one event, with its id wherever the source looks for it."""
    if name in FORMS:
        fields = f"type=campaign&fired_at=2026-09-21+14%3A13%3A20&data[id]={id}&MessageSid={id}"
        return f"{fields}&Body={NOTE.replace(' ', '+')}".encode()
    if name == "meta_lead_ads":
        value = {"leadgen_id": id, "note": NOTE}
        entry = {"id": "p", "changes": [{"field": "feed", "value": value}]}
        return json.dumps({"object": "page", "entry": [entry]}).encode()
    event: dict[str, object] = {
        "id": id,
        "event_id": id,
        "messageId": id,
        "sg_event_id": id,
        "eventId": id,
        "type": "benched",
        "event": "benched",
        "event_type": "benched",
        "topic": "benched",
        "specversion": "1.0",
        "source": "/bench",
        "subscriptionType": "benched",
        "portalId": 1,
        "payload": {"uri": id, "object": {"uuid": id}},
        "data": {"envelopeId": id},
        "note": NOTE,
    }
    if name == "slack":  # there it would be the whole event
        del event["payload"]
    return json.dumps([event] if name in ARRAYS else event).encode()


def signed(name: str, id: str) -> tuple[str, Mapping[str, str], bytes]:
    """Return the URL, the headers and the body of a delivery as the source's sender signs it."""
    sender, body = SENDERS[name], content(name, id)
    kind = FORM if name in FORMS else JSON
    url = f"{serving.URL}/hooks/{name}"
    outgoing = Outgoing(url=url, body=body, now=serving.now(), kind=kind, id=id)
    found = sender.sign(sender.secret(0), outgoing)
    more = {"Content-Type": kind}
    if name == "github":
        more |= {"X-GitHub-Event": "benched", "X-GitHub-Delivery": id}
    if name == "shopify":
        more |= {"X-Shopify-Topic": "benched", "X-Shopify-Event-Id": id}
    return found.url, {**more, **found.headers}, body


def on_the_wire(name: str, id: str) -> bytes:
    """Return a delivery as bytes."""
    url, headers, body = signed(name, id)
    lines = [
        f"POST {url.removeprefix(serving.URL)} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
        *(f"{header}: {value}" for header, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--each", type=int, default=800, help="deliveries of each scheme")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    mark = os.urandom(4).hex()
    rates = dict.fromkeys(sources.shipped(), 0.0)
    with (
        tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder,
        EmbeddedStore.start(Path(folder)) as server,
        serve(
            server.url, workers=1, threads=WEB_THREADS, factory="tests.bench.schemes:application"
        ) as port,
    ):
        for turn in range(-1, ROUNDS):
            count = WARMING if turn < 0 else options.each // ROUNDS
            for name, before in rates.items():
                sent = [on_the_wire(name, f"{mark}-{turn}-{number}") for number in range(count)]
                status = b"200" if name == "twilio" else b"202"
                found = rate(port, sent, status=status)
                rates[name] = max(before, found) if turn >= 0 else 0.0
    table = Table(
        title=f"Signatures: {options.each:,} deliveries of each, {CONNECTIONS} connections",
        head=("source", "deliveries a second", "÷ stripe", "µs to verify", "bytes"),
    )
    for name, per_s in rates.items():
        cost = f"{verifying_us(name):.1f}"
        size = str(len(content(name, mark)))
        table.add(name, f"{per_s:,.0f}", f"{per_s / rates['stripe']:.2f}", cost, size)
    table.notes.append(f"The best of {ROUNDS} rounds. The client shares the cores with the server.")
    table.show()


def verifying_us(name: str) -> float:
    """Return what verifying a delivery takes by itself."""
    url, headers, body = signed(name, "one")
    request = Request.of(url=url, headers=headers, body=body)
    scheme = sources.load(name).scheme
    secrets = [SENDERS[name].known(SENDERS[name].secret(0))]
    check = partial(verify, scheme, request, secrets=secrets, now=serving.now())
    assert check().ok
    return cost_us(check, repeat=200)
