"""Many portals, many web and worker processes: real ones, on the sandbox and one store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from app.cli.ports import free_port
from app.cli.provisioning import provide
from app.cli.wire import answers
from tests.app.serving import SECRET
from tests.bench.load import A_DELIVERY, arrival
from tests.bench.rig import Rig, now, rig
from tests.bench.usage import Meter
from workers.events import Arrival
from workers.runtime import Runtime
from workers.store.keys import portal_key

APART = 1_000_000  # between the first visitors of two portals: all of them are in one sandbox
FILLING = timedelta(hours=1)  # longer than it takes
UNBOUND = 100_000  # calls in a window: more than can be made

PORTAL = """\
  {name}: {{base_url: "{sandbox}", token: bench, calls_per_window: {calls}, window_s: 1,
    searches_per_s: 1000}}
"""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Portals and the worker processes that write to them."""

    rig: Rig
    portals: list[str]
    workers: list[int]
    filled: int = 0

    @property
    def runtime(self) -> Runtime:
        """What the measuring process itself works with."""
        return self.rig.runtime

    def work(self, *, processes: int, threads: int) -> None:
        """Start worker processes, and wait until each of them waits for a task."""
        for number in range(processes):
            last = number == processes - 1
            self.workers.append(
                self.rig.hookline(
                    f"worker-{number}",
                    *("worker", "--threads", str(threads)),
                    ready=lambda last=last: not last or self._listening() == processes,  # type: ignore[misc]
                )
            )

    def _listening(self) -> int:
        clients = self.runtime.store.redis.client_list()
        return sum(client["cmd"] == "brpop" for client in clients)

    def serve(self, *, processes: int) -> tuple[int, int]:
        """Start the web server with so many processes; return its port and its process."""
        port = free_port()
        pid = self.rig.hookline(
            "web",
            *("web", "--port", str(port), "--workers", str(processes)),
            ready=lambda: answers(f"http://127.0.0.1:{port}/healthz"),
        )
        return port, pid

    def fill(
        self, events: int, *, run: str, grown: Callable[[Arrival], Arrival] = lambda each: each
    ) -> None:
        """Have so many events wait in each portal, and only then let them be written."""
        for portal in self.portals:
            self.runtime.store.pause(portal, until=now() + FILLING, reason="it is filled")
        for start in range(0, events, A_DELIVERY):
            for number, portal in enumerate(self.portals):
                first = number * APART + start
                arrivals = [
                    replace(grown(arrival("contact", first + each, run=run)), endpoint=portal)
                    for each in range(min(A_DELIVERY, events - start))
                ]
                self.runtime.store.accept(portal, arrivals, received=now())
        self.filled += events
        for portal in self.portals:
            self.runtime.store.resume(portal)
            self.runtime.ring(portal)

    def done(self) -> list[int]:
        """Return how many events of each portal have been applied."""
        pipe = self.runtime.store.redis.pipeline(transaction=False)
        for portal in self.portals:
            pipe.hget(portal_key(portal, "counts"), "done")
        return [int(each or 0) for each in pipe.execute()]

    def held(self) -> int:
        """Return how many portals have a writer at this moment."""
        keys = [portal_key(portal, "lease") for portal in self.portals]
        return int(self.runtime.store.redis.exists(*keys))

    def meter(self, **others: int) -> Meter:
        """Begin to count what each part uses."""
        return Meter.of(
            {
                "worker": self.workers,
                "store": [self.rig.store.process.pid],
                "sandbox": [self.rig.sandbox_pid],
                **{name: [pid] for name, pid in others.items()},
            }
        )

    def bytes_used(self) -> int:
        """Return the bytes of memory that the store's data take."""
        return int(self.runtime.store.redis.info("memory")["used_memory"])


@contextmanager
def fleet(
    portals: int,
    *,
    turn_events: int,
    slice_s: float,
    calls_per_s: int | None = None,
    latency_s: float = 0.0,
) -> Iterator[Fleet]:
    """Start a sandbox and a store, with so many portals configured; stop all at the end."""
    names = [f"p{number}" for number in range(portals)]
    with rig() as found:
        lines = [f"store: {found.store.url}", "sources: [sources]", "portals:"]
        lines += [
            PORTAL.format(name=name, sandbox=found.sandbox, calls=calls_per_s or UNBOUND).rstrip()
            for name in names
        ]
        lines += [f"turn_events: {turn_events}", f"slice_s: {slice_s}", "endpoints:"]
        lines += [f"  {name}: {{source: contact, portal: {name}}}" for name in names]
        lines += [f"  stripe: {{source: stripe, portal: {names[0]}, secret: {SECRET}}}", ""]
        config = found.folder / "fleet.yaml"
        config.write_text("\n".join(lines))
        found.runtime.store.close()
        found.environ = {**found.environ, "HOOKLINE_CONFIG": str(config)}
        found.runtime = Runtime.build(found.environ)
        try:
            made = Fleet(rig=found, portals=names, workers=[])
            _learn(made)
            found.latency(latency_s)
            yield made
        finally:
            found.runtime.store.close()


def _learn(made: Fleet) -> None:
    """Have every portal know its schema, as it does after its first turn."""
    first, *others = made.portals
    provide(made.runtime, first, say=lambda _: None)
    made.fill(1, run="first")
    made.runtime.drain(first)
    store = made.runtime.store
    definitions, labels = store.schema(first)
    for other in others:
        store.learn_schema(other, definitions=definitions, labels=labels)
        made.runtime.drain(other)
