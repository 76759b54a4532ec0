"""The door of the tests: what granian serves, with a store and endpoints of their own."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response

from app.access import public
from app.web import create_app
from workers import sources
from workers.crm.calls import Call
from workers.crm.client import Client
from workers.crm.replies import Reply
from workers.events import Event
from workers.forgetting import Recollection
from workers.logs import configure
from workers.settings import Endpoint, Portal, Settings
from workers.sources import Source
from workers.store import Store

PORTAL = "acme"
SECRET = "a-secret-of-the-tests"
OLD_SECRET = "the-secret-before-it"
VERIFY_TOKEN = "a-verify-token"
URL = "https://hooks.example.com"
MAX_BODY = 1_000_000
OWN = Path(__file__).parent / "sources"


def secret_of(source: str) -> str:
    """The secret of a source's endpoint, written as the source's scheme wants it."""
    if source in ("standard_webhooks", "svix"):
        return "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
    return f"user:{SECRET}" if source == "basic" else SECRET


def endpoint(
    name: str,
    *,
    source: str = "",
    enabled: bool = True,
    signed: bool = True,
    rate_per_s: float | None = None,
) -> Endpoint:
    """An endpoint that is named like its source, unless it says otherwise."""
    return Endpoint(
        name=name,
        source=source or name,
        portal=PORTAL,
        secrets=(OLD_SECRET, secret_of(source or name)) if signed else (),
        enabled=enabled,
        rate_per_s=rate_per_s,
        handshake_token=VERIFY_TOKEN,
    )


def settings_of(store_url: str) -> Settings:
    """The settings of the tests' door."""
    shipped = [endpoint(name) for name in sources.shipped()]
    own = [
        endpoint("off", source="stripe", enabled=False),
        endpoint("bare", source="stripe", signed=False),
        endpoint("hourly", source="stripe", rate_per_s=1 / 3600),
        endpoint("crc"),
        endpoint("open"),
        endpoint("picky"),
    ]
    return Settings(
        store_url=store_url,
        broker_url="memory://",
        portals={PORTAL: Portal(name=PORTAL, base_url="http://127.0.0.1:9", token="t")},
        endpoints={each.name: each for each in (*shipped, *own)},
        sources_dirs=(OWN,),
        external_url=URL,
        max_body_bytes=MAX_BODY,
    )


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Runtime:
    """What the application works with, without a broker."""

    settings: Settings
    store: Store
    sources: Mapping[str, Source]
    clock: Callable[[], datetime] = now
    rung: list[str] = field(default_factory=list)

    def ring(self, portal: str) -> None:
        """Remember that the bell was rung."""
        self.rung.append(portal)

    def ask(self, portal: str, call: Call) -> Reply:
        """Nobody answers at the portal of these tests."""
        return Client(self.settings.portals[portal]).send(call)

    def send_chore(self, portal: str, id: str) -> None:
        """Remember that a chore was sent."""
        self.rung.append(f"{portal} {id}")

    def send_look(self, portal: str) -> None:
        """Remember that somebody wants a look."""
        self.rung.append(f"{portal} look")

    def unanswered(self, event: Event) -> list[str]:
        """No creates were sent."""
        return [event.id][:0]

    def recollect(self, portal: str, email: str) -> Recollection:
        """Nobody is known here."""
        self.rung.append(f"{portal} {email}")
        return Recollection(portal=portal, contacts=(), events=(), calls=(), keys=())

    def forget(self, portal: str, email: str, *, owe: str = "") -> Recollection:
        """Remember that somebody is to be forgotten."""
        return self.recollect(portal, f"{email} {owe}")

    def rewrite_files(self) -> bool:
        """The store's file is as it was."""
        return True


def runtime(settings: Settings) -> Runtime:
    """The runtime of these settings."""
    return Runtime(
        settings=settings,
        store=Store.of(settings),
        sources={
            name: sources.load(each.source, search=settings.sources_dirs)
            for name, each in settings.endpoints.items()
        },
    )


def application() -> Flask:
    """The application, with a page that fails and one that does nothing."""
    configure()
    app = create_app(runtime(settings_of(os.environ["HOOKLINE_TEST_STORE"])))

    @app.get("/broken")
    @public
    def broken() -> Response:
        raise RuntimeError("a fault of ours: secret-of-a-stack-trace")

    @app.post("/hooks/-/noop")  # like a delivery, nobody's session is looked for
    @public
    def noop() -> Response:
        return Response(b"", 202)

    return app
