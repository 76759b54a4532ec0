"""A portal that lets an app in: the sandbox with the app, a store, and clocks that go together."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.sandbox.account import TIMEOUT_S, Account
from workers.credentials.granted import Granted
from workers.credentials.installing import consent_url, install
from workers.sealing import Seal
from workers.settings import Portal
from workers.settings.oauth import OAuth
from workers.store import Keep, Limits, Store
from workers.store.grants import Grant

PORTAL = "acme"
CLIENT_ID = "app-1"
CLIENT_SECRET = "private-secret-of-the-app"
BACK = "http://localhost/oauth/callback"
KEY = bytes(range(32))
LIMITS = Limits(dedupe_s=86_400, max_backlog=1_000, future_tolerance_s=300)
KEEP = Keep(handled_s=86_400, dead_s=86_400, clocks_s=86_400)
OLDER_KEY = bytes(range(100, 132))
SCOPES = tuple(
    f"crm.{family}.{kind}.{way}"
    for family, kinds in {
        "objects": ("contacts", "notes", "companies", "deals"),
        "schemas": ("contacts", "notes", "companies", "deals"),
    }.items()
    for kind in kinds
    for way in ("read", "write")
)


def store_of(url: str, *keys: bytes) -> Store:
    """A store that has these keys."""
    return Store(
        url,
        limits=LIMITS,
        keep=KEEP,
        seal=Seal.of(keys or (KEY,)),
    )


def portal_of(base_url: str) -> Portal:
    """The portal, with short time-outs."""
    return Portal(
        name=PORTAL,
        base_url=base_url,
        token="",
        connect_timeout_s=5,
        read_timeout_s=5,
        calls_per_window=100_000,
        threads=4,
        oauth=OAuth(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            scopes=SCOPES,
            authorize_url=f"{base_url}/oauth/authorize",
        ),
    )


def brought_back(url: str) -> dict[str, str]:
    """What the browser brings back from the page of consent."""
    answer = requests.get(url, allow_redirects=False, timeout=TIMEOUT_S)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


@dataclass(kw_only=True)
class Bench:
    """The portal and all that it needs."""

    server: Server
    account: Account
    store: Store
    portal: Portal
    url: str  # of the store
    moved_s: float = 0.0
    stores: list[Store] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.moved_s)

    def pass_(self, seconds: float) -> None:
        """Move both clocks."""
        self.moved_s += seconds
        self.account.control("clock", by_s=seconds)

    def install(self, *, by: str = "ada") -> Grant:
        """Let the app in."""
        assert self.portal.oauth is not None
        found = brought_back(consent_url(self.portal.oauth, redirect_uri=BACK, state="s"))
        return install(
            self.portal,
            store=self.store,
            code=found["code"],
            redirect_uri=BACK,
            by=by,
            now=self.now(),
        )

    def credential(self, *keys: bytes) -> Granted:
        """The credential of another process, which has a connection of its own."""
        store = store_of(self.url, *keys)
        self.stores.append(store)
        wait = threading.Event().wait
        return Granted(self.portal, store=store, clock=self.now, wait=wait)

    def asked(self) -> int:
        """How many times the token endpoint was asked since the last time."""
        report = self.account.done("GET", "/_sandbox/calls", status=200, last=1_000)
        self.account.done("DELETE", "/_sandbox/calls", status=204)
        return sum(each["path"].endswith("/token") for each in report["calls"])

    def takes(self, token: str) -> bool:
        """True if the CRM takes the token."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.account.call("GET", "/crm/v3/objects/contacts", headers=headers).ok


@pytest.fixture
def bench(redis_url: str) -> Iterator[Bench]:
    with Server(Options(tier="unlimited")) as server:
        account = Account(server)
        account.control("oauth/apps", client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        found = Bench(
            server=server,
            account=account,
            store=store_of(redis_url),
            portal=portal_of(server.url),
            url=redis_url,
        )
        yield found
        account.close()
        for store in (found.store, *found.stores):
            store.close()
