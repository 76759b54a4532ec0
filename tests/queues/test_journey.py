"""A message in another system's queue ends as a record, an activity and a pin in the CRM."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import System, eventually
from tests.queues.conftest import Broker
from workers.settings import shipped

pytestmark = pytest.mark.journey

FOREIGN = Path(__file__).parent / "foreign.py"
ENDPOINT = """\
  orders:
    source: orders.yaml
    portal: sandbox
    secret: no-queue-needs-it
"""
SOURCE = """\
source: orders
verify: {scheme: hmac, header: X-Signature}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  order.paid:
    - upsert: buyer
      object: contacts
      key: {email: "{{ body.buyer }}"}
      set: {firstname: "{{ body.name }}"}
    - log: receipt
      on: [buyer]
      set: {hs_note_body: "Paid {{ body.total }}"}
    - pin: receipt
      to: buyer
"""


@pytest.fixture
def system(tmp_path: Path, project: Path) -> System:
    """An installation with an endpoint for orders."""
    (tmp_path / "orders.yaml").write_text(SOURCE, "utf-8")
    text = shipped().read_text("utf-8")
    config = text.replace("\nendpoints:\n", f"\nendpoints:\n{ENDPOINT}")
    (tmp_path / "hookline.yaml").write_text(config, "utf-8")
    return System(tmp_path, project, {"HOOKLINE_CONFIG": "hookline.yaml"})


def test_orders_in_a_queue_become_contacts_with_pinned_notes(
    system: System, broker: Broker, queue: str
) -> None:
    orders = [
        {"id": f"o-{number}", "type": "order.paid", "buyer": f"b{number}@acme.example"}
        | {"name": f"Buyer {number}", "total": number}
        for number in range(5)
    ]
    broker.publish(queue, *orders, *orders)
    with system.running("--no-first"):
        args = ("consume", broker.url, queue, "--endpoint", "orders", "--until-empty")
        done: subprocess.CompletedProcess[str] = system.call(*args)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("10 messages: 5 new events, 5 known already; 0 to")
        events = system.events()
        assert len(events) == 5
        for each in events:
            assert system.settled(each["id"])["state"] == "done"
        for number in range(5):
            path = f"contacts/b{number}@acme.example?idProperty=email"
            record = system.record(f"{path}&properties=firstname,hs_pinned_engagement_id")
            (note,) = system.linked(f"contacts/{record['id']}", "notes")
            assert record["properties"]["firstname"] == f"Buyer {number}"
            assert record["properties"]["hs_pinned_engagement_id"] == note


def test_orders_of_another_celery_application_become_contacts(system: System) -> None:
    order = {"id": "o-1", "type": "order.paid", "buyer": "b1@acme.example", "name": "B", "total": 1}
    calls = [{"endpoint": "orders", "body": order}] * 2
    with system.running("--no-first"):
        url = f"redis://127.0.0.1:{system.store}/0"
        done = subprocess.run(
            [sys.executable, "-P", str(FOREIGN), url, "", json.dumps(calls)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        eventually(lambda: bool(system.events()), what="the order has come")
        (event,) = system.events()
        assert system.settled(event["id"])["state"] == "done"
        record = system.record("contacts/b1@acme.example?idProperty=email")
        assert len(system.linked(f"contacts/{record['id']}", "notes")) == 1
