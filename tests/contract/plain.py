"""Plain HTTP, since an SDK forgives: paths, status codes and bodies as they are."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.contract.sandboxes import TIMEOUT_S

PREFIXES = {
    "objects": ("/crm/v3/objects", "/crm/objects/2026-03"),
    "linked": ("/crm/v4/objects", "/crm/objects/2026-03"),
    "associations": ("/crm/v4/associations", "/crm/associations/2026-03"),
    "properties": ("/crm/v3/properties", "/crm/properties/2026-03"),
    "pipelines": ("/crm/v3/pipelines", "/crm/pipelines/2026-03"),
    "owners": ("/crm/v3/owners", "/crm/owners/2026-03"),
    "schemas": ("/crm-object-schemas/v3/schemas", "/crm-object-schemas/2026-03/schemas"),
    "library": ("/crm/v3/object-library/enablement", "/crm/object-library/2026-03/enablement"),
    "account": ("/account-info/v3", "/account-info/2026-03"),
    "oauth": ("/oauth/v1", "/oauth/2026-03"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer: status, parsed body (None for an empty one), headers."""

    status: int
    body: Any
    headers: requests.structures.CaseInsensitiveDict[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """Speaks to a sandbox in one family of paths."""

    url: str
    family: str
    token: str = "plain"

    def path(self, path: str) -> str:
        """Return a path such as "objects/contacts/1" in full; one that begins with / is."""
        if path.startswith("/"):
            return path
        part, slash, rest = path.partition("/")
        return PREFIXES[part][self.family != "classic"] + slash + rest

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: str = "",
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send, and return the answer whatever it is."""
        told = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        response = requests.request(
            method,
            self.url + self.path(path) + query,
            json=body if data is None else None,
            data=data,
            headers={name: value for name, value in told.items() if value},
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
        json = "json" in response.headers.get("Content-Type", "")
        return Answer(
            status=response.status_code,
            body=response.json() if response.content and json else None,
            headers=response.headers,
        )
