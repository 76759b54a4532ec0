"""A whole Hookline in one process: a store, a sandbox, and writers that run when they are told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from app.access import tokens
from app.desk import Desk
from app.sandbox.server import Server
from app.sandbox.switches import STRICT
from app.sandbox.web import Options
from workers.drain import Ended
from workers.events import Arrival
from workers.runtime import Runtime, load_sources
from workers.settings import Endpoint, Portal, Settings
from workers.store import Store
from workers.store.people import Role

ACME, EMEA = "acme", "emea"
SHOP, MAIL = "shop", "mail"
SOURCE = """\
source: {name}
verify: {{scheme: hmac, header: X-Shop-Signature}}
event: {{id: "{{{{ body.id }}}}", type: "{{{{ body.type }}}}"}}
ignore: [skipped]
on:
  saved:
    - upsert: contact
      object: contacts
      key: {{email: "{{{{ body.email }}}}"}}
      set: {{firstname: "{{{{ body.name }}}}", lifecyclestage: "{{{{ body.stage }}}}"}}
    - log: note
      on: [contact]
      set: {{hs_note_body: "saved {{{{ body.id }}}}"}}
      when: "{{{{ body.note }}}}"
  bought:
    - create: deal
      object: deals
      set: {{dealname: "deal {{{{ body.id }}}}", pipeline: default, dealstage: closedwon}}
"""


@dataclass(slots=True, kw_only=True)
class Agency:
    """A runtime with its sandbox; time stands still until it is moved."""

    runtime: Runtime
    server: Server
    now: datetime
    rung: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.runtime.store

    @property
    def desk(self) -> Desk:
        return Desk(runtime=self.runtime)

    def accept(self, *bodies: dict[str, object], lane: str = SHOP, portal: str = ACME) -> list[str]:
        """Accept an event for each body in one delivery; return our ids."""
        arrivals = [
            Arrival(
                endpoint=lane,
                source=lane,
                source_id=str(body["id"]),
                type=str(body["type"]),
                time=None,
                headers={"x-request-id": "r1"},
                body=orjson.dumps(body),
            )
            for body in bodies
        ]
        return [each.id for each in self.store.accept(portal, arrivals, received=self.now).receipts]

    def saved(self, numbers: Sequence[int], **more: object) -> list[str]:
        """Accept events that each save a contact."""
        return self.accept(
            *(
                {"id": f"evt_{n}", "type": "saved", "email": f"p{n}@example.com", **more}
                for n in numbers
            )
        )

    def drain(self, portal: str = ACME) -> Ended:
        return self.runtime.drain(portal)

    def work_off(self, portal: str = ACME) -> None:
        """Drain until nothing waits, moving the clock to what is due."""
        for _ in range(60):
            self.drain(portal)
            if not self.store.backlog(portal).waiting:
                return
            self.later(minutes=5)
        raise AssertionError(f"still waiting: {self.store.backlog(portal)}")

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def token(self, role: Role, *, portal: str | None = None) -> str:
        """Make an API token."""
        _, text = tokens.issue(
            self.store, label=role.value, role=role, days=1, maker="", now=self.now, portal=portal
        )
        return text


@contextmanager
def agency(redis_url: str, folder: Path) -> Iterator[Agency]:
    """An agency that is open while the block lasts."""
    for name in (SHOP, MAIL):
        (folder / f"{name}.yaml").write_text(SOURCE.format(name=name), "utf-8")
    with Server(Options(tier="unlimited", switches=STRICT.changed(search_lag_s=0.0))) as server:
        settings = Settings(
            store_url=redis_url,
            broker_url="memory://",
            portals={
                name: Portal(
                    name=name,
                    base_url=server.url,
                    token=name,
                    calls_per_window=100_000,
                    searches_per_s=1_000,
                    threads=2,
                )
                for name in (ACME, EMEA)
            },
            endpoints={
                SHOP: Endpoint(name=SHOP, source=SHOP, portal=ACME, secrets=("a-secret",)),
                MAIL: Endpoint(name=MAIL, source=MAIL, portal=EMEA, secrets=("a-secret",)),
            },
            sources_dirs=(folder,),
        )
        found: Agency
        runtime = Runtime(
            settings=settings,
            store=Store.of(settings),
            sources=load_sources(settings),
            celery=None,
            clock=lambda: found.now,
        )
        found = Agency(runtime=runtime, server=server, now=datetime.now(UTC))
        try:
            yield found
        finally:
            for portal in found.runtime.settings.portals:
                runtime.client(portal).close()
            runtime.store.close()
