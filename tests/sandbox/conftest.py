"""Sandboxes, served over real HTTP for the tests of their behaviour."""

from collections.abc import Iterator

import pytest

from app.sandbox.server import Server
from app.sandbox.switches import LENIENT, STRICT
from app.sandbox.web import Options
from tests.sandbox.account import Account


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(Options(tier="unlimited")) as server:
        yield server


@pytest.fixture
def account(server: Server) -> Iterator[Account]:
    """An empty account with the strict switches, and no limits."""
    found = Account(server)
    found.control("reset")
    found.control("switches", preset="strict", search_lag_s=STRICT.search_lag_s)
    found.control("tier", tier="unlimited")
    yield found
    found.close()


@pytest.fixture
def lenient(account: Account) -> Account:
    """The same account with the lenient switches."""
    account.control("switches", preset="lenient", search_lag_s=LENIENT.search_lag_s)
    return account
