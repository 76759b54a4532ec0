"""What many tests share: real parts, started for them and gone afterwards."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from tests.contract.table import pytest_terminal_summary
from workers.store.embedded import EmbeddedStore

__all__ = ["pytest_terminal_summary"]

# How long a machine takes to make or to run an example says nothing about what is tested.
settings.register_profile("hookline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hookline")

DATABASES = 16
_turn = count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regold", action="store_true", help="write the expected plans anew")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """A Valkey of this test run's own, on a free port, with a folder of its own."""
    with EmbeddedStore.start(tmp_path_factory.mktemp("valkey"), appendfsync="no") as server:
        yield server


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database: of our own server, or the empty one HOOKLINE_TEST_REDIS_URL names."""
    given = os.environ.get("HOOKLINE_TEST_REDIS_URL")
    if given is None:
        server: EmbeddedStore = request.getfixturevalue("valkey")
        yield _emptied(f"{server.url.removesuffix('/0')}/{next(_turn) % DATABASES}")
        return
    with redis.Redis.from_url(given) as client:
        if client.dbsize():
            pytest.fail(f"{given}: holds data; name an empty database for the tests")
    yield given
    _emptied(given)


def _emptied(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the project."""
    return Path(__file__).parent.parent
