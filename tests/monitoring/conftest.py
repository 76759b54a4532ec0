"""A system in which everything happened that is measured, and the checkers of the real tools."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.sandbox.server import Server
from app.sandbox.web import Options
from app.web import create_app
from workers import sources
from workers.runtime import Runtime
from workers.settings import Endpoint, Portal, Settings
from workers.store import Store

PORTAL = "acme"
MAPPING = """\
source: shop
verify: {scheme: token, header: X-Token}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.firstname }}"}
  broken:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.firstname + 1 }}"}
"""
ADVICE = "add it: apt-get install prometheus (its service need not run)"


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus's own checker."""
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("HOOKLINE_CI"):
            pytest.fail(f"promtool is missing; {ADVICE}")
        pytest.skip(f"the monitoring files were not checked: promtool is missing; {ADVICE}")
    return found


@pytest.fixture
def runtime(redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """A portal in the sandbox, an endpoint, and what a process works with."""
    (tmp_path / "shop.yaml").write_text(MAPPING, "utf-8")
    with Server(Options(tier="professional")) as sandbox:
        settings = Settings(
            store_url=redis_url,
            broker_url="memory://",
            portals={PORTAL: Portal(name=PORTAL, base_url=sandbox.url, token="t")},
            endpoints={"shop": Endpoint(name="shop", source="shop", portal=PORTAL, secrets=("s",))},
            sources_dirs=(tmp_path,),
        )
        store = Store.of(settings)
        yield Runtime(
            settings=settings,
            store=store,
            sources={"shop": sources.load("shop", search=(tmp_path,))},
            celery=None,
        )
        store.close()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    """The door and the metrics."""
    return create_app(runtime).test_client()


@pytest.fixture
def told(runtime: Runtime, client: FlaskClient) -> str:
    """What /metrics says after events were done, dead and refused."""
    for number, type_ in enumerate(("saved", "saved", "broken", "other")):
        body = {"id": f"e{number}", "type": type_, "email": "a@x.example", "firstname": "A"}
        for token, status in (("wrong", 401), ("s", 202), ("s", 200)):
            said = client.post("/hooks/shop", json=body, headers={"X-Token": token})
            assert said.status_code == status
    runtime.store.seen_worker(now=runtime.clock())
    runtime.drain(PORTAL)
    return client.get("/metrics").get_data(as_text=True)
