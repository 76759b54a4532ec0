"""What whatever watches the process is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.web import create_app
from tests.app import serving
from tests.app.conftest import Door
from workers.store.embedded import EmbeddedStore
from workers.store.keys import portal_key
from workers.store.versions import CURRENT

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.fixture
def runtime(redis_url: str) -> Iterator[serving.Runtime]:
    found = serving.runtime(serving.settings_of(redis_url))
    found.clock = lambda: NOW
    yield found
    found.store.close()


@pytest.fixture
def client(runtime: serving.Runtime) -> FlaskClient:
    return create_app(runtime).test_client()


def told(response: TestResponse) -> dict[str, Any]:
    """What a page says."""
    found = response.get_json(force=True)
    assert isinstance(found, dict)
    return found


def test_a_process_that_runs_is_healthy(door: Door) -> None:
    said = door.send("/healthz", method="GET")
    assert (said.status, said.json) == (200, {"status": "ok"})


def test_without_any_worker_nothing_is_ready(client: FlaskClient) -> None:
    said = client.get("/readyz")
    assert (said.status_code, said.headers["Retry-After"]) == (503, "5")
    assert told(said)["faults"] == ["worker: none was ever seen; start one with `hookline worker`"]


@pytest.mark.parametrize(("ago_s", "status"), [(0, 200), (29, 200), (31, 503)])
def test_a_worker_must_have_been_seen_lately(
    runtime: serving.Runtime, client: FlaskClient, ago_s: int, status: int
) -> None:
    runtime.store.seen_worker(now=NOW - timedelta(seconds=ago_s))
    said = client.get("/readyz")
    assert said.status_code == status
    assert told(said)["worker_seen_s"] == pytest.approx(ago_s)


def test_the_door_is_ready_to_keep_events_though_nobody_works(
    runtime: serving.Runtime, client: FlaskClient
) -> None:
    runtime.store.seen_worker(now=NOW - timedelta(hours=1))
    assert client.get("/readyz").status_code == 503
    said = client.get("/readyz/door")
    assert (said.status_code, told(said)) == (200, {"status": "ready", "faults": []})
    assert client.post("/hooks/open", json={"id": "1", "type": "a"}).status_code == 202


def test_what_waits_in_each_portal_is_told(runtime: serving.Runtime, client: FlaskClient) -> None:
    runtime.store.seen_worker(now=NOW)
    client.post("/hooks/open", json={"id": "1", "type": "a"})
    waiting = told(client.get("/readyz"))["portals"][serving.PORTAL]
    assert (waiting["waiting"], waiting["dead"]) == (1, 0)


def test_a_portal_that_lets_nobody_in_is_told_by_the_class_of_the_reason(
    runtime: serving.Runtime, client: FlaskClient
) -> None:
    runtime.store.seen_worker(now=NOW)
    assert told(client.get("/readyz"))["portals"][serving.PORTAL]["paused"] is None
    until = datetime.now(UTC) + timedelta(minutes=1)  # the store's clock ends it
    runtime.store.pause(serving.PORTAL, until=until, reason="GET /crm/v3: 401: who are you?")
    assert told(client.get("/readyz"))["portals"][serving.PORTAL]["paused"] == "unauthorized"


@pytest.mark.parametrize("page", ["/readyz", "/readyz/door"])
def test_a_store_that_only_a_newer_version_may_work_on_is_told(redis_url: str, page: str) -> None:
    runtime = serving.runtime(serving.settings_of(redis_url))
    newer = {"version": CURRENT + 1, "least": CURRENT + 1}
    runtime.store.redis.hset(portal_key("", "schema"), mapping=newer)
    said = create_app(runtime).test_client().get(page)
    assert said.status_code == 503
    assert told(said)["faults"] == [
        f"store: its schema is {CURRENT + 1}, and this version knows {CURRENT}; start the version "
        "that wrote it or a newer one, or restore a back-up from before"
    ]
    runtime.store.close()


def test_a_store_that_is_gone_is_503_everywhere_and_the_process_lives_on(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path, appendfsync="no") as server:
        runtime = serving.runtime(serving.settings_of(server.url))
        client = create_app(runtime).test_client()
        assert client.post("/hooks/open", json={"id": "1", "type": "a"}).status_code == 202
    said = client.post("/hooks/open", json={"id": "2", "type": "a"})
    assert (said.status_code, said.headers["Retry-After"]) == (503, "5")
    assert told(said)["detail"] == ("Events cannot be kept at the moment; send again later.")
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert told(ready)["faults"][0].startswith("store: ")
    door = client.get("/readyz/door")
    assert (door.status_code, door.headers["Retry-After"]) == (503, "5")
    assert told(door)["faults"] == told(ready)["faults"]
    assert client.get("/healthz").status_code == 200
    runtime.store.close()


def test_a_full_backlog_is_503_until_there_is_room(redis_url: str) -> None:
    settings = serving.settings_of(redis_url)
    runtime = serving.runtime(settings)
    runtime.store.limits = type(runtime.store.limits)(
        dedupe_s=60, max_backlog=1, future_tolerance_s=60
    )
    client = create_app(runtime).test_client()
    first = client.post("/hooks/open", json={"id": "1", "type": "a"})
    second = client.post("/hooks/open", json={"id": "2", "type": "a"})
    again = client.post("/hooks/open", json={"id": "1", "type": "a"})
    assert (first.status_code, second.status_code, again.status_code) == (202, 503, 200)
    assert int(second.headers["Retry-After"]) >= 1
    runtime.store.close()


def test_a_burst_rings_the_bell_once(runtime: serving.Runtime, client: FlaskClient) -> None:
    for number in range(20):
        client.post("/hooks/open", json={"id": str(number), "type": "a"})
    assert runtime.rung == [serving.PORTAL]
