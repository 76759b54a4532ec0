"""The application on a store of its own, and browsers to look at it with."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.access import Role, accounts, require, tokens, visible
from app.web import create_app
from tests.app import serving
from workers.runtime import load_sources
from workers.settings import Settings
from workers.sources import Source
from workers.store import Store

PASSWORD = "four words of no meaning"
FORM = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(slots=True)
class Clock:
    """A clock that the test moves."""

    moment: datetime = field(default_factory=serving.now)

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass(kw_only=True)
class Site:
    """The application and who there is."""

    app: Flask
    runtime: serving.Runtime
    clock: Clock

    def user(self, name: str, role: Role) -> None:
        """Make a user whose password is PASSWORD."""
        accounts.add(self.runtime.store, name, role=role, now=self.clock())
        accounts.set_password(self.runtime.store, name, PASSWORD)

    def browser(self, *, address: str = "192.0.2.1") -> "Browser":
        """A browser that was never here."""
        client = self.app.test_client()
        client.environ_base = {**client.environ_base, "REMOTE_ADDR": address}
        return Browser(client)

    def logged_in(self, name: str, role: Role) -> "Browser":
        """A browser in which a new user of this role has logged in."""
        self.user(name, role)
        browser = self.browser()
        assert browser.log_in(name, PASSWORD).status_code == 303
        return browser

    def token(self, role: Role, *, portal: str | None = None, days: int = 1) -> str:
        """A new token of the command line."""
        _, text = tokens.issue(
            self.runtime.store,
            label="a test",
            role=role,
            days=days,
            maker="",
            now=self.clock(),
            portal=portal,
        )
        return text


@dataclass
class Browser:
    """A client that fills in forms."""

    client: FlaskClient

    def get(self, path: str, **more: str) -> TestResponse:
        return self.client.get(path, headers=more)

    def form_of(self, path: str) -> str:
        """The protection of the forms on a page."""
        found = FORM.search(self.client.get(path).text)
        assert found, f"{path} has no form"
        return found[1]

    def post(self, path: str, *, page: str, **fields: str) -> TestResponse:
        """Send a form as it stands on `page`."""
        return self.client.post(path, data={"csrf_token": self.form_of(page), **fields})

    def log_in(self, name: str, password: str, *, then: str = "/") -> TestResponse:
        return self.post("/login", page="/login", name=name, password=password, next=then)

    def cookies(self) -> dict[str, str]:
        """The cookies that it has, by name."""
        return {cookie.key: cookie.value for cookie in (self.client._cookies or {}).values()}


def made(url: str, settings: Callable[[Settings], Settings] = lambda found: found) -> Site:
    """The application on the store at `url`; http, without a proxy, unless `settings` says so."""
    clock = Clock()
    plain = replace(serving.settings_of(url), external_url=None)
    found = settings(plain)
    runtime = serving.Runtime(
        settings=found, store=Store.of(found), sources=_sources(), clock=clock
    )
    app = create_app(runtime)
    for role in Role:
        add_view(app, role)
    return Site(app=app, runtime=runtime, clock=clock)


def add_view(app: Flask, role: Role) -> None:
    """Add what a program with `role` may call; it tells which portals it sees."""

    @app.route(f"/api/as/{role.value}", methods=["GET", "POST"], endpoint=f"as_{role.value}")
    @require(role)
    def view() -> list[str]:
        return visible([serving.PORTAL, "other"])


@cache
def _sources() -> dict[str, Source]:
    """The sources, which are read once: they are the same for every test."""
    settings = serving.settings_of("redis://127.0.0.1:1")
    return load_sources(settings)


@pytest.fixture
def site(redis_url: str) -> Iterator[Site]:
    found = made(redis_url)
    yield found
    found.runtime.store.close()
