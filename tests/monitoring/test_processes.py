"""Several processes, run as they are for real, are measured and traced as one system."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import yaml

from app.cli.environment import command
from app.cli.ports import free_port
from app.cli.processes import launcher
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.monitoring.system import MAPPING, PORTAL, TOKEN, body
from tests.monitoring.test_files import SHIPPED, filled, queries
from tests.monitoring.test_metrics import values
from tests.workers.receivers import Collector, collecting
from workers.store.embedded import EmbeddedStore

pytestmark = pytest.mark.journey

EVENTS = 40
PATIENCE_S = 90
CONFIG = """\
store: ${REDIS_URL}
sources: .
portals: {acme: {base_url: "${SANDBOX_URL}", token: t}}
endpoints: {shop: {source: shop, portal: acme, secret: s}}
"""


@dataclass(frozen=True, kw_only=True)
class Running:
    """Two web processes behind one port, two workers, and where their traces go."""

    url: str
    collector: Collector

    def post(self, number: int) -> None:
        sent = Request(  # noqa: S310 (our own URL)
            f"{self.url}/hooks/shop",
            data=json.dumps(body(number)).encode(),
            headers={**TOKEN, "Content-Type": "application/json"},
        )
        with urlopen(sent, timeout=30) as said:  # noqa: S310
            assert said.status == 202

    def told(self) -> dict[tuple[str, ...], float]:
        """What /metrics says; each time on a new connection, so of whichever process."""
        with urlopen(f"{self.url}/metrics", timeout=30) as said:  # noqa: S310
            return values(said.read().decode())


def eventually(condition: Callable[[], bool], what: str) -> None:
    waiting = threading.Event()
    for _ in range(PATIENCE_S * 20):
        if condition():
            return
        waiting.wait(0.05)
    pytest.fail(f"did not happen: {what}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("processes")
    (folder / "shop.yaml").write_text(MAPPING, "utf-8")
    (folder / "hookline.yaml").write_text(CONFIG, "utf-8")
    port = free_port()
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        sandbox = stack.enter_context(Server(Options(tier="unlimited")))
        store = stack.enter_context(
            EmbeddedStore.start(tmp_path_factory.mktemp("processes-store"), appendfsync="no")
        )
        environ = {
            **os.environ,
            "PYTHONPATH": str(project),
            "HOOKLINE_CONFIG": str(folder / "hookline.yaml"),
            "REDIS_URL": store.url,
            "SANDBOX_URL": sandbox.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        for name, args in (
            ("web", ("web", "--port", str(port), "--workers", "2")),
            ("worker-1", ("worker", "--threads", "2")),
            ("worker-2", ("worker", "--threads", "2")),
        ):
            process = launcher(command(*args), environ=environ, log=folder / f"{name}.log")()
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        found = Running(url=f"http://127.0.0.1:{port}", collector=collector)
        eventually(lambda: _up(f"{found.url}/readyz"), "web and worker are up")
        yield found


def _up(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as said:  # noqa: S310
            return bool(said.status == 200)
    except OSError:
        return False


def test_whichever_process_is_asked_tells_what_all_of_them_did(running: Running) -> None:
    for number in range(EVENTS):
        running.post(number)
    done = ("hookline_events_handled_total", "shop", PORTAL, "none", "done")
    accepted = ("hookline_accept_seconds_count", "shop")
    eventually(lambda: running.told().get(done) == EVENTS, "every event is counted as done")
    eventually(lambda: running.told().get(accepted) == EVENTS, "both web processes have told")
    for _ in range(8):
        found = running.told()
        assert found[done] == EVENTS
        assert found["hookline_events_accepted_total", "shop", PORTAL] == EVENTS
        assert found["hookline_deliveries_total", "shop", "accepted", "202"] == EVENTS
        assert found["hookline_event_wait_seconds_count", "shop", PORTAL] == EVENTS
        assert found["hookline_event_apply_seconds_count", "shop", PORTAL] == EVENTS
        assert found["hookline_crm_call_inputs_total", "batch upsert", PORTAL] >= EVENTS
        assert found["hookline_portal_events", PORTAL, "waiting"] == 0


def test_prometheus_itself_scrapes_it_and_answers_every_query_of_the_dashboard(
    running: Running, promtool: str, tmp_path: Path
) -> None:
    prometheus = Path(promtool).with_name("prometheus")
    address = f"127.0.0.1:{free_port()}"
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(SHIPPED / "alerts.yaml")]
    target = running.url.removeprefix("http://")
    config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    (tmp_path / "prometheus.yml").write_text(json.dumps(config), "utf-8")
    process = launcher(
        [
            *(str(prometheus), f"--config.file={tmp_path / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address={address}"),
        ],
        environ=os.environ,
        log=tmp_path / "prometheus.log",
    )()
    try:
        eventually(lambda: _up(f"http://{address}/-/ready"), "prometheus is up")
        events = 'sum(hookline_portal_events{state="waiting"})'
        eventually(lambda: bool(asked(address, events)), "prometheus has scraped")
        for query in queries():
            asked(address, filled(query))
        assert asked(address, "max(hookline_store_up)") == ["1"]
        assert asked(address, 'ALERTS{alertstate="firing"}') == []
    finally:
        process.terminate()
        process.wait(60)


def asked(address: str, query: str) -> list[str]:
    """The values that Prometheus answers a query with."""
    url = f"http://{address}/api/v1/query?{urlencode({'query': query})}"
    with urlopen(url, timeout=30) as said:
        answer = json.load(said)
    return [each["value"][1] for each in answer["data"]["result"]]


def test_a_trace_goes_on_from_the_web_process_to_the_worker(running: Running) -> None:
    collector = running.collector
    running.post(EVENTS)

    def traced() -> bool:
        requests = {span.span_id: span.trace_id for span in collector.named("POST /hooks/<name>")}
        handled = [
            span for span in collector.named("handle shop") if span.parent_span_id in requests
        ]
        calls = {link.span_id for span in collector.named("batch upsert") for link in span.links}
        return len(handled) > EVENTS and all(span.span_id in calls for span in handled)

    eventually(traced, "each request's trace reaches the call that wrote its event")
