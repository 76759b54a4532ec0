"""What goes wrong with the CRM can be seen, and whoever should be told is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient

from app.web import create_app
from tests.monitoring.system import PORTAL, TOKEN, body, system
from tests.monitoring.test_metrics import values
from tests.workers.receivers import webhooks
from workers.runtime import Runtime
from workers.settings import Notices, Target


@pytest.fixture
def runtime(redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    with system(redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return create_app(runtime).test_client()


def strike(runtime: Runtime, **fault: object) -> None:
    """Let the sandbox answer so."""
    url = f"{runtime.settings.portals[PORTAL].base_url}/_sandbox/faults"
    said = requests.post(url, json={"kind": "status", **fault}, timeout=10)
    assert said.ok, said.text


def after(runtime: Runtime, client: FlaskClient) -> dict[tuple[str, ...], float]:
    """What is told after an event was tried."""
    assert client.post("/hooks/shop", json=body(1), headers=TOKEN).status_code == 202
    runtime.drain(PORTAL)
    return values(client.get("/metrics").get_data(as_text=True))


def test_a_limit_that_was_reached_is_counted_by_its_name(
    runtime: Runtime, client: FlaskClient
) -> None:
    strike(runtime, status=429, policy="DAILY", path="upsert")
    found = after(runtime, client)
    assert found["hookline_throttles_total", "daily", PORTAL] == 1
    assert found["hookline_crm_calls_total", "batch upsert", PORTAL, "429"] == 1
    assert found["hookline_portal_pauses_total", PORTAL, "throttled"] == 1
    assert found["hookline_portal_paused", PORTAL, "throttled"] == 1
    assert found["hookline_events_handled_total", "shop", PORTAL, "throttled", "retrying"] == 1
    assert found["hookline_portal_events", PORTAL, "retrying"] == 1


def test_a_policy_that_is_not_known_makes_no_label_of_its_own(
    runtime: Runtime, client: FlaskClient
) -> None:
    strike(runtime, status=429, policy="MADE_UP_YESTERDAY", path="upsert")
    assert after(runtime, client)["hookline_throttles_total", "other", PORTAL] == 1


def test_a_call_without_an_answer_has_the_status_0(runtime: Runtime, client: FlaskClient) -> None:
    strike(runtime, kind="lost", path="upsert")
    found = after(runtime, client)
    assert found["hookline_crm_calls_total", "batch upsert", PORTAL, "0"] == 1


def test_a_token_that_is_revoked_is_seen_and_told(runtime: Runtime, client: FlaskClient) -> None:
    with webhooks() as slack:
        notices = Notices(targets=(Target(url=slack.url),))
        runtime.settings = replace(runtime.settings, notices=notices)
        strike(runtime, status=401, times=0)
        found = after(runtime, client)
        assert found["hookline_portal_paused", PORTAL, "unauthorized"] == 1
        assert found["hookline_portal_paused", PORTAL, "throttled"] == 0
        runtime.tick()
        runtime.tick()
        (post,) = slack.posts
        assert "acme refuses our token (401)" in post["text"]


def test_a_retry_is_timed_and_counted_once_as_applied(
    runtime: Runtime, client: FlaskClient
) -> None:
    strike(runtime, status=503, path="upsert")
    after(runtime, client)
    (event,) = runtime.store.since(PORTAL, since=runtime.clock().replace(year=2000))
    runtime.store.redis.zadd(f"hl:{{{PORTAL}}}:retry", {event.id.partition(".")[2]: 0})  # due
    runtime.drain(PORTAL)
    found = values(client.get("/metrics").get_data(as_text=True))
    assert found["hookline_events_handled_total", "shop", PORTAL, "crm_fault", "retrying"] == 1
    assert found["hookline_events_handled_total", "shop", PORTAL, "none", "done"] == 1
    assert found["hookline_event_wait_seconds_count", "shop", PORTAL] == 1
    assert found["hookline_event_apply_seconds_count", "shop", PORTAL] == 1
    assert found["hookline_outcomes_total", PORTAL, "none", "applied"] == 1
