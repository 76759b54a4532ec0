"""A system in which everything happened that is measured, and the checkers of the real tools."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.web import create_app
from tests.monitoring.system import PORTAL, body, system
from workers.runtime import Runtime

MISSING = (
    "the monitoring files were not checked: promtool is missing; "
    "add it: apt-get install prometheus (its service need not run)"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs Prometheus's own checker, in one line, where that may be left out."""
    if shutil.which("promtool") is not None or os.environ.get("HOOKLINE_CI") == "1":
        return
    for item in items:
        if "promtool" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus's own checker."""
    found = shutil.which("promtool")
    if found is None:
        pytest.fail(MISSING)
    return found


@pytest.fixture
def runtime(redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """What a process works with."""
    with system(redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    """The door and the metrics."""
    return create_app(runtime).test_client()


@pytest.fixture
def told(runtime: Runtime, client: FlaskClient) -> str:
    """What /metrics says after events were done, dead and refused."""
    for number, type_ in enumerate(("saved", "saved", "broken", "other")):
        sent = body(number, type=type_)
        for token, status in (("wrong", 401), ("s", 202), ("s", 200)):
            said = client.post("/hooks/shop", json=sent, headers={"X-Token": token})
            assert said.status_code == status
    runtime.store.seen_worker(now=runtime.clock())
    runtime.drain(PORTAL)
    return client.get("/metrics").get_data(as_text=True)
