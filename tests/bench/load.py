"""Events that wait, and draining them as the worker does."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from tests.bench.rig import PORTAL, Rig, now
from workers.drain import Ended
from workers.events import Arrival

A_DELIVERY = 100
EMPLOYEES = 5  # contacts of one company


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What a drain of everything that waited came to."""

    events: int
    calls: int
    took_s: float

    @property
    def per_s(self) -> float:
        """Events a second."""
        return self.events / self.took_s

    @property
    def calls_an_event(self) -> float:
        """Calls an event."""
        return self.calls / self.events


def arrival(endpoint: str, number: int, *, run: str, padding: str = "") -> Arrival:
    """Return the event of visitor `number`, whose record is the same in every run."""
    company = number // EMPLOYEES
    body = {
        "id": f"{run}-{number}",
        "type": "visited",
        "email": f"visitor{number}@company{company}.example",
        "name": f"Visitor {number} {run}",
    }
    if padding:
        body["padding"] = padding
    return Arrival(
        endpoint=endpoint,
        source=endpoint,
        source_id=str(body["id"]),
        type="visited",
        time=None,
        headers={},
        body=orjson.dumps(body),
    )


def fill(rig: Rig, endpoint: str, events: int, *, run: str) -> None:
    """Have so many events wait."""
    for arrivals in _deliveries([arrival(endpoint, number, run=run) for number in range(events)]):
        rig.runtime.store.accept(PORTAL, arrivals, received=now())


def _deliveries(arrivals: Sequence[Arrival]) -> Iterator[Sequence[Arrival]]:
    for start in range(0, len(arrivals), A_DELIVERY):
        yield arrivals[start : start + A_DELIVERY]


def drain_all(rig: Rig) -> Drained:
    """Drain until nothing waits, by the very function that the worker's task calls."""
    before = rig.done()
    rig.count_anew()
    began = time.perf_counter()
    while rig.runtime.drain(PORTAL) is not Ended.EMPTY:
        pass
    took_s = time.perf_counter() - began
    counts = rig.runtime.store.counts(PORTAL)
    others = {name: n for name, n in counts.items() if name not in ("accepted", "done") and n}
    assert not others, f"not every event was applied: {others}"
    return Drained(events=rig.done() - before, calls=rig.calls(), took_s=took_s)


def drain_slice(rig: Rig) -> Drained:
    """Drain for one time slice."""
    before = rig.done()
    rig.count_anew()
    began = time.perf_counter()
    rig.runtime.drain(PORTAL)
    took_s = time.perf_counter() - began
    return Drained(events=rig.done() - before, calls=rig.calls(), took_s=took_s)
