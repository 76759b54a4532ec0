"""A portal's writer on real parts: a Valkey, the sandbox over HTTP, and a clock that tests move."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import requests

from app.sandbox.server import Server
from app.sandbox.switches import STRICT, Switches
from app.sandbox.web import Options
from workers import sources
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.events import Arrival, Event
from workers.lookup import look_up
from workers.outcomes import EventState
from workers.permit import Permit
from workers.pipeline import carry_out, translated, turn
from workers.sending import Sender
from workers.settings import Portal
from workers.store import Keep, Limits, Query, Standing, Store
from workers.verdicts import Patience
from workers.writer import Turn, Writer

PORTAL = "acme"
ENDPOINT = "shop"
TOKEN = "t"
MAPPING = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set:
        firstname: "{{ body.firstname }}"
        lastname: "{{ body.lastname }}"
        phone: "{{ body.phone }}"
        lifecyclestage: "{{ body.stage }}"
  visited:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.firstname }}", lifecyclestage: "{{ body.stage }}"}
    - log: note
      activity: notes
      on: [contact]
      set: {hs_note_body: "visit {{ body.id }}"}
    - pin: note
      to: contact
      when: "{{ not body.unpinned }}"
  joined:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
    - upsert: company
      object: companies
      key: {domain: "{{ body.domain }}"}
      set: {name: "{{ body.company }}"}
    - associate: [contact, company]
  hired:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
    - upsert: company
      object: companies
      key: {domain: "{{ body.domain }}"}
    - associate: [contact, company]
      label: Founder
  bought:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
    - create: deal
      object: deals
      set: {dealname: "deal {{ body.id }}", pipeline: default, dealstage: closedwon}
    - associate: [deal, contact]
"""


@dataclass(slots=True, kw_only=True, repr=False)
class Office:
    """A portal with its sandbox, its store and one writer, who holds the lease."""

    server: Server
    store: Store
    writer: Writer
    fence: int
    now: datetime

    def accept(self, *bodies: Mapping[str, object], times: Sequence[datetime] = ()) -> list[Event]:
        """Accept an event for each body, with its own time or that of the clock."""
        found = []
        for number, body in enumerate(bodies):
            arrival = Arrival(
                endpoint=ENDPOINT,
                source="shop",
                source_id=str(body["id"]),
                type=str(body["type"]),
                time=times[number] if times else None,
                body=orjson.dumps(body),
            )
            receipt = self.store.accept(PORTAL, [arrival], received=self.now).receipts[0]
            event = self.store.event(receipt.id)
            assert event is not None
            found.append(event)
        return found

    def turn(self, *, limit: int = 1_000) -> Turn:
        return turn(self.writer, fence=self.fence, limit=limit)

    def work_off(self, *, limit: int = 1_000, tries: int = 60) -> None:
        """Make turns until every event is in a final state, moving the clock to what is due."""
        for _ in range(tries):
            if self.turn(limit=limit).events:
                continue
            due = self.due()
            if due is None:
                return
            self.now = max(self.now, due)
        raise AssertionError(f"still waiting: {self.store.backlog(PORTAL, now=self.now)}")

    def due(self) -> datetime | None:
        """When the next retry is due."""
        waiting = self.store.browse([PORTAL], Query(state=EventState.RETRYING), limit=1_999).rows
        due = [row.standing.due for row in waiting if row.standing is not None]
        return min((each for each in due if each is not None), default=None)

    def standing(self, event: Event) -> Standing:
        return self.store.standings([event])[event.id]

    def state(self, event: Event) -> EventState:
        return self.standing(event).state

    def crm(self, method: str, path: str, body: object = None) -> Any:
        """Do something in the CRM as another of its users would."""
        response = requests.request(
            method,
            self.server.url + path,
            json=body,
            headers={"Authorization": "Bearer someone-else"},
            timeout=30,
        )
        assert response.ok, response.text
        return response.json() if response.content else None

    def records(self, object_type: str) -> dict[str, dict[str, Any]]:
        """The records of a type that are not archived, by id."""
        found = self.crm("GET", "/_sandbox/records").get(object_type, [])
        return {each["id"]: each for each in found if not each["archived"]}

    def properties(self, object_type: str) -> set[str]:
        """The names of the properties of a type."""
        found = self.crm("GET", f"/crm/v3/properties/{object_type}")["results"]
        return {each["name"] for each in found}

    def contact(self, email: str) -> dict[str, Any]:
        """The properties of the one contact of this address."""
        found = [
            each["properties"]
            for each in self.records("contacts").values()
            if each["properties"].get("email") == email
        ]
        assert len(found) == 1, f"{len(found)} contacts of {email}"
        properties: dict[str, Any] = found[0]
        return properties

    def bodies(self) -> list[str]:
        """The bodies of all notes, sorted."""
        notes = self.records("notes").values()
        return sorted(each["properties"]["hs_note_body"] for each in notes)

    def calls(self) -> list[str]:
        """The calls since the last time, as the sandbox saw them."""
        report = self.crm("GET", "/_sandbox/calls")
        self.crm("DELETE", "/_sandbox/calls")
        return [f"{each['method']} {each['path']}" for each in report["calls"]]

    def fault(self, kind: str, path: str = "", **rule: object) -> None:
        self.server.sandbox.faults.add({"kind": kind, "path": path, **rule})

    def provision(self, *object_types: str) -> None:
        """Make our unique property, as `hookline provision` does."""
        for object_type in object_types:
            body = {
                "name": "hookline_key",
                "label": "Hookline key",
                "groupName": f"{object_type.rstrip('s')}information",
                "type": "string",
                "fieldType": "text",
                "hasUniqueValue": True,
            }
            self.writer.sender.crm.send(Api().create_property(object_type, body))


@contextmanager
def office(
    redis_url: str,
    folder: Path,
    *,
    provisioned: bool = True,
    switches: Switches = STRICT,
    seed: int = 1,
) -> Iterator[Office]:
    """An office that is open while the block lasts."""
    store = Store(
        redis_url,
        limits=Limits(dedupe_s=86_400, max_backlog=100_000, future_tolerance_s=300),
        keep=Keep(handled_s=86_400, dead_s=86_400, clocks_s=86_400),
    )
    (folder / "shop.yaml").write_text(MAPPING, "utf-8")
    source = sources.load("shop", search=[folder])
    options = Options(tier="unlimited", switches=switches.changed(search_lag_s=0.0))
    with Server(options) as server:
        portal = Portal(
            name=PORTAL,
            base_url=server.url,
            token=TOKEN,
            calls_per_window=100_000,
            searches_per_s=1_000,
            threads=4,
        )
        found: Office
        client = Client(portal)
        permit = Permit(portal=portal, store=store, check=lambda: None, wait=lambda _: None)
        sender = Sender(
            api=Api(),
            crm=client,
            threads=portal.threads,
            clock=lambda: found.now,
            permit=permit,
            learn=permit.learn,
            name="1",
        )
        writer = Writer(
            portal=PORTAL,
            store=store,
            sender=sender,
            sources={ENDPOINT: source},
            patience=Patience(first_s=2, ceiling_s=900, give_up_s=3 * 86_400),
            clock=lambda: found.now,
            random=random.Random(seed).random,  # noqa: S311 (repeatable, not secret)
        )
        found = Office(
            server=server,
            store=store,
            writer=writer,
            fence=store.lease(PORTAL, owner="tests", lease_s=600),
            now=datetime.now(UTC),
        )
        if provisioned:
            found.provision("notes", "deals", "companies")
        found.calls()
        try:
            yield found
        finally:
            client.close()
            store.close()


def later(office: Office, seconds: float) -> None:
    """Let time pass."""
    office.now += timedelta(seconds=seconds)


def turn_without_settling(office: Office) -> None:
    """Make a turn whose process dies before the settling, after the last answer."""
    writer = office.writer
    events = writer.store.take(PORTAL, now=office.now, limit=1_000)
    standings = writer.store.standings(events)
    jobs, _, _ = translated(writer, events, standings)
    knowledge, _ = look_up(writer, jobs)
    carry_out(writer, jobs, knowledge, fence=office.fence)
