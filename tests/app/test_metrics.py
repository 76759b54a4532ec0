"""What Prometheus is told is right for all processes, in its own form, and not for everybody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app.web import create_app
from tests.app import serving
from tests.app.conftest import Door
from workers import measures
from workers.store.embedded import EmbeddedStore

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def runtime(redis_url: str) -> Iterator[serving.Runtime]:
    found = serving.runtime(serving.settings_of(redis_url))
    yield found
    found.store.close()


@pytest.fixture
def client(runtime: serving.Runtime) -> FlaskClient:
    return create_app(runtime).test_client()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Each value by its name and label values."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def told(client: FlaskClient) -> dict[tuple[str, ...], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    return samples(response.get_data(as_text=True))


def post(client: FlaskClient, number: int, *, endpoint: str = "open") -> int:
    body = {"id": str(number), "type": "a"}
    return client.post(f"/hooks/{endpoint}", json=body).status_code


def test_deliveries_are_counted_by_endpoint_answer_and_reason(client: FlaskClient) -> None:
    assert [post(client, n) for n in (1, 2, 2)] == [202, 202, 200]
    assert client.post("/hooks/open", data="{", content_type="application/json").status_code == 400
    found = told(client)
    name = "hookline_deliveries_total"
    assert found[name, "open", "accepted", "202"] == 2
    assert found[name, "open", "duplicate", "200"] == 1
    assert sum(n for key, n in found.items() if key[0] == name) == 4
    assert found["hookline_events_accepted_total", "open", serving.PORTAL] == 2
    assert found["hookline_events_duplicate_total", "open", serving.PORTAL] == 1
    assert found["hookline_accept_seconds_count", "open"] == 3


def test_a_refused_signature_is_counted_with_its_reason(client: FlaskClient) -> None:
    assert post(client, 1, endpoint="github") == 401
    assert told(client)["hookline_signature_failures_total", "github", "missing"] == 1


def test_a_stranger_cannot_make_up_labels(client: FlaskClient) -> None:
    for name in ("made-up", "and-another", "x" * 500):
        assert post(client, 1, endpoint=name) == 404
    found = told(client)
    assert found["hookline_deliveries_total", "unknown", "unknown_endpoint", "404"] == 3
    assert not any("made-up" in label for key in found for label in key)


def test_what_waits_is_told_for_each_endpoint(client: FlaskClient) -> None:
    for number in range(3):
        post(client, number)
    found = told(client)
    assert found["hookline_backlog_events", "open", serving.PORTAL] == 3
    assert found["hookline_backlog_oldest_age_seconds", "open", serving.PORTAL] >= 0
    assert found["hookline_portal_events", serving.PORTAL, "waiting"] == 3


def test_any_process_tells_what_all_of_them_counted(redis_url: str, client: FlaskClient) -> None:
    post(client, 1)
    told(client)  # which keeps what this one counted
    other = serving.runtime(serving.settings_of(redis_url))
    second = create_app(other).test_client()
    post(second, 2)
    try:
        for each in (second, client):
            found = told(each)
            assert found["hookline_deliveries_total", "open", "accepted", "202"] == 2
            assert found["hookline_accept_seconds_count", "open"] == 2
    finally:
        other.store.close()


def test_a_portal_that_is_not_written_to_is_told_with_the_reason(
    runtime: serving.Runtime, client: FlaskClient
) -> None:
    portal, now = serving.PORTAL, runtime.clock()
    runtime.store.pause(portal, until=now + timedelta(hours=1), reason="POST /x: 429 too many")
    assert paused(client) == {"throttled"}
    runtime.store.stop(portal, by="zoe", reason="it could not connect", now=now)
    assert paused(client) == {"operator"}


def paused(client: FlaskClient) -> set[str]:
    """The reasons for which the portal is not written to."""
    name = "hookline_portal_paused"
    return {key[2] for key, n in told(client).items() if key[0] == name and n}


def test_the_buckets_of_a_histogram_are_cumulative_and_end_with_all(
    runtime: serving.Runtime, client: FlaskClient
) -> None:
    for seconds in (0.05, 3.0, 1e9):
        runtime.store.tally.observe(measures.WAIT_S, serving.PORTAL, "open", seconds=seconds)
    found = told(client)
    name = "hookline_event_wait_seconds_bucket"
    counts = {key[2]: n for key, n in found.items() if key[0] == name}
    assert (counts["0.1"], counts["5.0"], counts["86400.0"], counts["+Inf"]) == (1, 2, 2, 3)
    assert found["hookline_event_wait_seconds_count", "open", serving.PORTAL] == 3


def test_every_family_is_there_before_anything_happens(client: FlaskClient) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    for family in measures.FAMILIES.values():
        assert f"# TYPE hookline_{family.name}" in text


def test_openmetrics_is_spoken_to_whoever_asks_for_it(client: FlaskClient) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    response = client.get("/metrics", headers=accept)
    assert response.content_type.startswith("application/openmetrics-text")
    assert response.get_data(as_text=True).endswith("# EOF\n")


def test_without_a_store_it_is_told_that_there_is_none(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path, appendfsync="no") as server:
        runtime = serving.runtime(serving.settings_of(server.url))
        client = create_app(runtime).test_client()
        assert told(client)["hookline_store_up",] == 1
    assert post(client, 1) == 503
    assert told(client)["hookline_store_up",] == 0
    runtime.store.close()


# Who may see it


def who(runtime: serving.Runtime, *, metrics: str, token: str | None = None) -> FlaskClient:
    runtime.settings = replace(runtime.settings, metrics=metrics, metrics_token=token)
    return create_app(runtime).test_client()


def status(client: FlaskClient, *, address: str, headers: dict[str, str] | None = None) -> int:
    environ = {"REMOTE_ADDR": address}
    return client.get("/metrics", environ_base=environ, headers=headers).status_code


@pytest.mark.parametrize(
    ("address", "headers", "said"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, 403),
        ("127.0.0.1", {"Forwarded": "for=198.51.100.7"}, 403),
        ("10.0.0.7", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 403),
    ],
)
def test_by_default_only_this_machine_may_see_it(
    runtime: serving.Runtime, address: str, headers: dict[str, str], said: int
) -> None:
    client = who(runtime, metrics="loopback")
    assert status(client, address=address, headers=headers) == said


@pytest.mark.parametrize("metrics", ["loopback", "token"])
def test_whoever_has_the_token_may_see_it_from_anywhere(
    runtime: serving.Runtime, metrics: str
) -> None:
    client = who(runtime, metrics=metrics, token=TOKEN)
    for given, said in ((f"Bearer {TOKEN}", 200), ("Bearer wröng", 401), (TOKEN, 401), ("", 401)):
        assert status(client, address="10.0.0.7", headers={"Authorization": given}) == said


def test_where_a_token_is_asked_for_this_machine_needs_it_too(runtime: serving.Runtime) -> None:
    client = who(runtime, metrics="token", token=TOKEN)
    assert status(client, address="127.0.0.1") == 401


def test_open_is_open(runtime: serving.Runtime) -> None:
    assert status(who(runtime, metrics="open"), address="10.0.0.7") == 200


def test_the_served_door_tells_its_metrics(door: Door) -> None:
    door.deliver("open", b'{"id": "metrics-1", "type": "a"}')
    said = door.send("/metrics", method="GET")
    assert said.status == 200
    assert samples(said.body.decode())["hookline_store_up",] == 1
