"""A sandbox over real HTTP, spoken to as any program would."""

from collections.abc import Mapping
from typing import Any

import orjson
import requests

from app.sandbox.server import Server

TIMEOUT_S = 10.0
Json = Any

NOTE_TO_CONTACT = 202
CONTACT_TO_NOTE = 201
CONTACT_TO_COMPANY = 279


class Account:
    """One sandbox, its API and its controls."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer any"

    def close(self) -> None:
        self.session.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: object,
    ) -> requests.Response:
        """Return whatever is answered."""
        return self.session.request(
            method,
            self.server.url + path,
            data=None if body is None else orjson.dumps(body),
            headers={"Content-Type": "application/json", **(headers or {})},
            params=[(name, str(value)) for name, value in query.items()],
            timeout=TIMEOUT_S,
        )

    def done(
        self, method: str, path: str, body: object = None, *, status: int, **query: object
    ) -> Json:
        """Return the JSON of an answer that must have `status`."""
        answer = self.call(method, path, body, **query)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def control(self, what: str, **body: object) -> Json:
        """Use the sandbox's own controls."""
        answer = self.call("POST", f"/_sandbox/{what}", body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    # What most tests begin with

    def create(self, kind: str, *, links: Json = None, **properties: object) -> Json:
        """Create a record."""
        body: dict[str, object] = {"properties": properties}
        if links is not None:
            body["associations"] = links
        return self.done("POST", f"/crm/v3/objects/{kind}", body, status=201)

    def contact(self, email: str = "ann@example.org", **properties: object) -> str:
        """Create a contact and return its id."""
        return str(self.create("contacts", email=email, **properties)["id"])

    def note(self, *contacts: str, body: str = "Called") -> str:
        """Create a note on contacts and return its id."""
        links = [link(contact, NOTE_TO_CONTACT) for contact in contacts]
        made = self.create(
            "notes", links=links, hs_timestamp="2026-01-05T10:00:00Z", hs_note_body=body
        )
        return str(made["id"])

    def read(self, kind: str, id: str, *properties: str, **query: object) -> Json:
        """Read a record."""
        if properties:
            query["properties"] = ",".join(properties)
        return self.done("GET", f"/crm/v3/objects/{kind}/{id}", status=200, **query)


def link(to_id: str, type_id: int) -> Json:
    """Return an inline association."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"to": {"id": to_id}, "types": types}
