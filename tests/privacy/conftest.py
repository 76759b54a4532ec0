"""Two people, a company, and a portal that knows them: some by an address, some by other keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.agency import ACME, SHOP, Agency, agency
from tests.sandbox.account import Account
from workers.runtime import load_sources

ZOE = "zoe.marked@example.com"
BOB = "bob@example.com"
NAME = "Zoe Marked-Person"
PHONE = "+4712345678"
MARKS = (ZOE.encode(), NAME.encode(), PHONE.encode(), b"zoe.marked%40example.com")
SOURCE = """\
source: shop
verify: {scheme: hmac, header: X-Shop-Signature}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set:
        firstname: "{{ body.name }}"
        phone: "{{ body.phone }}"
        lifecyclestage: "{{ body.stage }}"
        customer_id: "{{ body.customer }}"
    - log: note
      on: [contact]
      set: {hs_note_body: "saved {{ body.name }}"}
  moved:
    - upsert: contact
      object: contacts
      key: {customer_id: "{{ body.customer }}"}
      set: {city: "{{ body.city }}", phone: "{{ body.phone }}"}
  told:
    - update: contact
      object: contacts
      id: "{{ body.contact }}"
      set: {city: "{{ body.city }}"}
  coded:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email | from_base64 }}"}
      set: {lifecyclestage: "{{ body.stage }}"}
  bought:
    - create: deal
      object: deals
      set: {dealname: "of {{ body.email }}", pipeline: default, dealstage: closedwon}
  joined:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
    - upsert: company
      object: companies
      key: {domain: example.com}
      set: {name: Example}
    - associate: [company, contact]
"""


@dataclass(slots=True, kw_only=True)
class House:
    """What is known of people, and how to ask."""

    found: Agency
    account: Account
    number: int = 0

    def event(self, type: str, **more: object) -> str:
        """Accept an event; return our id."""
        self.number += 1
        return self.found.accept({"id": f"e{self.number}", "type": type, **more})[0]

    def about_zoe(self, type: str = "saved", **more: object) -> str:
        return self.event(type, **{"email": ZOE, "name": NAME, "phone": PHONE, **more})

    def about_bob(self, type: str = "saved", **more: object) -> str:
        return self.event(type, email=BOB, name="Bob", **more)

    def contact(self, email: str) -> str:
        """The id of a contact in the CRM."""
        path = f"/crm/v3/objects/contacts/{email}"
        return str(self.account.done("GET", path, status=200, idProperty="email")["id"])

    def in_crm(self, email: str) -> bool:
        path = f"/crm/v3/objects/contacts/{email}"
        return self.account.call("GET", path, idProperty="email").ok


@pytest.fixture
def house(redis_url: str, tmp_path: Path) -> Iterator[House]:
    with agency(redis_url, tmp_path) as found:
        (tmp_path / "shop.yaml").write_text(SOURCE)
        found.runtime.sources = load_sources(found.runtime.settings)
        account = Account(found.server)
        body = {
            "name": "customer_id",
            "label": "Customer id",
            "groupName": "contactinformation",
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": True,
        }
        account.done("POST", "/crm/v3/properties/contacts", body, status=201)
        yield House(found=found, account=account)
        account.close()


__all__ = ["ACME", "SHOP"]
