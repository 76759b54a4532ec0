"""The API on real parts: requests go through the whole application."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web import create_app
from tests.app.agency import Agency, agency
from workers.store.people import Role


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody who calls the API."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, *, status: int = 200, **query: Any) -> Any:
        """The answer's body, which must have this status."""
        return self._ask("GET", path, status=status, query_string=query)

    def post(self, path: str, body: object = None, *, status: int = 200) -> Any:
        return self._ask("POST", path, status=status, json={} if body is None else body)

    def delete(self, path: str, *, status: int = 204) -> Any:
        return self._ask("DELETE", path, status=status)

    def _ask(self, method: str, path: str, *, status: int, **more: Any) -> Any:
        headers: Mapping[str, str] = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        said = self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        assert said.status_code == status, said.text
        if status == 204:
            return None
        kind = "application/problem+json" if status >= 400 else "application/json"
        assert said.mimetype == kind
        return said.get_json(force=True)


@dataclass(frozen=True, kw_only=True)
class Callers:
    """One of each role, and a stranger."""

    viewer: Caller
    operator: Caller
    admin: Caller
    stranger: Caller
    emea: Caller  # an operator of that portal alone


@pytest.fixture
def office(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def app(office: Agency) -> Flask:
    return create_app(office.runtime)


@pytest.fixture
def callers(app: Flask, office: Agency) -> Callers:
    def with_role(role: Role, portal: str | None = None) -> Caller:
        return Caller(client=app.test_client(), token=office.token(role, portal=portal))

    return Callers(
        viewer=with_role(Role.VIEWER),
        operator=with_role(Role.OPERATOR),
        admin=with_role(Role.ADMIN),
        stranger=Caller(client=app.test_client()),
        emea=with_role(Role.OPERATOR, "emea"),
    )
