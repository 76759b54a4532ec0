"""One trace goes from a sender's request to the calls that its events led to."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from werkzeug.test import Client

from app.traced import traced
from app.web import create_app
from tests.monitoring.system import PORTAL, TOKEN, body, system
from tests.workers.receivers import Collector, collecting
from workers import traces as module
from workers.errors import SettingsError
from workers.runtime import Runtime

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
UNSAMPLED = f"00-{TRACE_ID}-00f067aa0ba902b7-00"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture
def runtime(redis_url: str, tmp_path: Path, collector: Collector) -> Iterator[Runtime]:
    with system(redis_url, tmp_path, otlp_endpoint=collector.url) as found:
        yield found


def deliver(runtime: Runtime, *numbers: int, traceparent: str = "", type: str = "saved") -> None:
    """Send one event after the other, then write to the portal, and send the spans."""
    client = Client(traced(create_app(runtime), runtime.traces))
    headers = {**TOKEN, "traceparent": traceparent} if traceparent else TOKEN
    for number in numbers:
        said = client.post("/hooks/shop", json=body(number, type=type), headers=headers)
        assert said.status_code == 202
    runtime.drain(PORTAL)
    if runtime.traces is not None:
        runtime.traces.flush()


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def test_one_trace_goes_from_the_senders_span_to_the_call(
    runtime: Runtime, collector: Collector
) -> None:
    deliver(runtime, 1, traceparent=PARENT)
    request = collector.one("POST /hooks/<name>")
    event = collector.one("handle shop")
    call = collector.one("batch upsert")
    assert request.trace_id.hex() == event.trace_id.hex() == call.trace_id.hex() == TRACE_ID
    assert request.parent_span_id.hex() == "00f067aa0ba902b7"
    assert event.parent_span_id == request.span_id
    assert call.parent_span_id == event.span_id
    assert collector.services == {"hookline"}


def test_without_a_senders_trace_one_begins_at_the_door(
    runtime: Runtime, collector: Collector
) -> None:
    deliver(runtime, 1)
    request, call = collector.one("POST /hooks/<name>"), collector.one("batch upsert")
    assert request.parent_span_id == b""
    assert call.trace_id == request.trace_id


def test_a_call_of_many_events_is_linked_to_each(runtime: Runtime, collector: Collector) -> None:
    deliver(runtime, 1, 2, 3)
    events = collector.named("handle shop")
    call = collector.one("batch upsert")
    turn = collector.one("turn")
    assert {link.span_id for link in call.links} == {event.span_id for event in events}
    assert len({event.trace_id for event in events}) == 3
    assert call.parent_span_id == turn.span_id
    assert turn.start_time_unix_nano <= call.start_time_unix_nano
    assert call.end_time_unix_nano <= turn.end_time_unix_nano


def test_a_span_says_what_became_of_the_event_and_nothing_of_its_body(
    runtime: Runtime, collector: Collector
) -> None:
    deliver(runtime, 1, type="broken")
    event = collector.one("handle shop")
    said = attributes(event)
    assert (said["hookline.state"], said["hookline.reason"]) == ("dead", "mapping")
    assert event.status.code == Status.STATUS_CODE_ERROR
    assert not any("x.example" in str(span) for span in collector.spans)


def test_what_the_sender_does_not_sample_is_not_sent(
    runtime: Runtime, collector: Collector
) -> None:
    deliver(runtime, 1, traceparent=UNSAMPLED)
    assert {span.name for span in collector.spans} <= {"turn"}


def test_a_broken_traceparent_costs_the_sender_nothing(
    runtime: Runtime, collector: Collector
) -> None:
    deliver(runtime, 1, traceparent="00-not-a-trace")
    assert collector.one("POST /hooks/<name>").parent_span_id == b""


def test_the_event_keeps_its_trace_for_whoever_handles_it(
    runtime: Runtime, collector: Collector
) -> None:
    deliver(runtime, 1, traceparent=PARENT)
    (event,) = runtime.store.since(PORTAL, since=runtime.clock().replace(year=2000))
    assert event.headers["traceparent"].split("-")[1] == TRACE_ID
    assert (
        event.headers["traceparent"].split("-")[2]
        == collector.one("POST /hooks/<name>").span_id.hex()
    )


def test_a_collector_that_is_gone_costs_no_event(redis_url: str, tmp_path: Path) -> None:
    with system(redis_url, tmp_path, otlp_endpoint="http://127.0.0.1:1") as runtime:
        client = Client(traced(create_app(runtime), runtime.traces))
        assert client.post("/hooks/shop", json=body(1), headers=TOKEN).status_code == 202
        runtime.drain(PORTAL)
        assert runtime.store.counts(PORTAL)["done"] == 1


# Off


def test_where_traces_are_off_the_application_is_itself_and_no_trace_is_kept(
    redis_url: str, tmp_path: Path
) -> None:
    with system(redis_url, tmp_path) as runtime:
        app = create_app(runtime)
        assert traced(app, runtime.traces) is app
        deliver(runtime, 1, traceparent=PARENT)
        (event,) = runtime.store.since(PORTAL, since=runtime.clock().replace(year=2000))
        assert "traceparent" not in event.headers


def test_where_traces_are_off_the_library_is_not_imported(project: Path) -> None:
    told = "import sys, app.traced, workers.traces; workers.traces.traces(None)\n"
    told += "sys.exit('opentelemetry.exporter' in sys.modules)"  # redis imports the rest
    done = subprocess.run([sys.executable, "-c", told], cwd=project, check=False)
    assert done.returncode == 0


def test_a_library_that_is_missing_is_a_fault_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"pip install 'hookline\[traces\]'"):
        module.traces("http://127.0.0.1:4318")
