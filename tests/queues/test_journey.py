"""A message in another system's queue ends as a record, an activity and a pin in the CRM."""

import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import System
from tests.queues.conftest import Broker
from workers.settings import shipped

pytestmark = pytest.mark.journey

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
