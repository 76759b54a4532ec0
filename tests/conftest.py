"""What many tests share: real parts, started for them and gone afterwards."""

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.contract.table import pytest_terminal_summary
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore

__all__ = ["pytest_terminal_summary"]

# How long a machine takes to make or to run an example says nothing about what is tested.
settings.register_profile("hookline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hookline")

# An exception is logged without the locals of each frame: to draw those takes seconds.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

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
    """An empty database: of our own server, or the empty one HOOKLINE_TEST_REDIS_URL names.

    If that is of a user who may not empty it, HOOKLINE_TEST_REDIS_ADMIN is the URL of one who may.
    """
    given = os.environ.get("HOOKLINE_TEST_REDIS_URL")
    if given is None:
        server: EmbeddedStore = request.getfixturevalue("valkey")
        yield _emptied(f"{server.url.removesuffix('/0')}/{next(_turn) % DATABASES}")
        return
    admin = os.environ.get("HOOKLINE_TEST_REDIS_ADMIN", given)
    with closing(client(admin, timeout_s=10)) as found:
        if found.dbsize():
            pytest.fail(f"{given}: holds data; name an empty database for the tests")
    yield given
    _emptied(admin)


def _emptied(url: str) -> str:
    with closing(client(url, timeout_s=10)) as server:
        server.flushdb()
    return url


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the project."""
    return Path(__file__).parent.parent
