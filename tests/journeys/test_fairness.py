"""One worker, many portals: what ails one of them keeps no other waiting, nor does a flood."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from app.cli.ports import free_port
from app.cli.processes import launcher
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.journeys.conftest import OURS, eventually
from workers.events import Arrival
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.store import Query

SOURCE = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
"""
CONFIG = """\
store: {store}
sources: .
slice_s: 0.5
turn_events: 100
portals:
  well: {{base_url: "{crm}", token: t}}
  slow: {{base_url: "{slow}", token: t}}
  silent: {{base_url: "{silent}", token: t}}
  gone: {{base_url: "{gone}", token: t}}
  flooded: {{base_url: "{crm}", token: t, calls_per_window: 100000}}
endpoints:
  well: {{source: shop, portal: well}}
  slow: {{source: shop, portal: slow}}
  silent: {{source: shop, portal: silent}}
  gone: {{source: shop, portal: gone}}
  flood: {{source: shop, portal: flooded}}
  quiet: {{source: shop, portal: flooded}}
"""
ILL = ("slow", "silent", "gone")
FLOOD = 4_000


@dataclass(slots=True, kw_only=True)
class House:
    """A worker of two threads, and what it writes to."""

    runtime: Runtime

    def accept(self, endpoint: str, count: int, *, start: int = 0) -> None:
        """Have so many events wait, and ring."""
        portal = self.runtime.settings.endpoints[endpoint].portal
        arrivals = [
            Arrival(
                endpoint=endpoint,
                source="shop",
                source_id=f"{endpoint}-{n}",
                type="saved",
                time=None,
                body=orjson.dumps(
                    {"id": f"{endpoint}-{n}", "type": "saved", "email": f"{endpoint}{n}@x.example"}
                ),
            )
            for n in range(start, start + count)
        ]
        for first in range(0, count, 500):
            self.runtime.store.accept(
                portal, arrivals[first : first + 500], received=datetime.now(UTC)
            )
        self.runtime.ring(portal)

    def waiting(self, portal: str) -> int:
        return self.runtime.store.backlog(portal).waiting

    def done(self, endpoint: str) -> int:
        """How many events of an endpoint are done."""
        portal = self.runtime.settings.endpoints[endpoint].portal
        found = self.runtime.store.browse([portal], Query(endpoint=endpoint), limit=1_000)
        return sum(row.state is EventState.DONE for row in found.rows)


@pytest.fixture
def house(redis_url: str, tmp_path: Path, project: Path) -> Iterator[House]:
    with ExitStack() as stack:
        crm = stack.enter_context(Server(Options(tier="unlimited")))
        slow = stack.enter_context(Server(Options(tier="unlimited")))
        slow.sandbox.faults.slow({"delay_s": 3.0})
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # never accepts
        (tmp_path / "shop.yaml").write_text(SOURCE, "utf-8")
        config = tmp_path / "hookline.yaml"
        config.write_text(
            CONFIG.format(
                store=redis_url,
                crm=crm.url,
                slow=slow.url,
                silent=f"http://127.0.0.1:{silent.getsockname()[1]}",
                gone=f"http://127.0.0.1:{free_port()}",
            ),
            "utf-8",
        )
        plain = {name: value for name, value in os.environ.items() if name not in OURS}
        environ = {**plain, "PYTHONPATH": str(project), "HOOKLINE_CONFIG": str(config)}
        found = House(runtime=Runtime.build(environ))
        worker = launcher(
            [sys.executable, "-P", "-m", "app.cli", "worker", "--threads", "4"],
            environ=environ,
            log=tmp_path / "worker.log",
        )()
        try:
            yield found
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            found.runtime.store.close()


def test_portals_that_are_slow_silent_or_gone_keep_no_other_waiting(house: House) -> None:
    for ill in ILL:
        house.accept(ill, 50)
    eventually(
        lambda: all(
            house.runtime.store.leased(ill)
            or house.runtime.store.paused(ill, now=datetime.now(UTC))
            for ill in ILL
        ),
        what="the ill ones are being written to, or pause",
    )
    for start in range(0, 300, 100):
        house.accept("well", 100, start=start)
        eventually(lambda: house.waiting("well") == 0, what="the one that is well has nothing left")
        assert house.waiting("silent") == 50
        assert house.waiting("gone") == 50
    assert house.done("well") == 300


def test_a_flood_at_one_endpoint_leaves_the_others_their_share(house: House) -> None:
    house.accept("flood", FLOOD)
    eventually(lambda: house.waiting("flooded") < FLOOD, what="the flood is being worked off")
    house.accept("quiet", 5)
    eventually(lambda: house.done("quiet") == 5, what="the quiet endpoint's events are done")
    assert house.waiting("flooded") > 0
