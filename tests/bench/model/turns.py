"""What a turn of a portal's writer asks for: calls, waiting, CPU. Pure."""

import math
from dataclasses import dataclass

from tests.bench.model.costs import Costs

BATCH = 100  # records of a call
SIDE_BY_SIDE = 8  # calls of a portal at a time
UNKNOWN, KNOWN = 3, 2  # waves of calls, each after the other: records, notes, pins
HALVED = 1_000  # events from which on two parts of a turn go side by side


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How turns go: how many events at most, how many waves of calls, how long a call takes."""

    most: int = 1_600
    waves: int = UNKNOWN
    latency_s: float = 0.05

    def calls(self, events: float) -> float:
        """Return the calls of a turn."""
        return self.waves * math.ceil(events / BATCH)

    def waits_s(self, events: float) -> float:
        """Return how long a turn waits for its calls, if nothing else holds it up."""
        rounds = math.ceil(math.ceil(events / BATCH) / SIDE_BY_SIDE)
        return self.waves * rounds * self.latency_s

    def takes_s(self, events: float, costs: Costs) -> float:
        """Return how long a turn takes on a machine with nothing else to do."""
        calls = self.calls(events)
        works_s = sum(cost.of(events, calls) for cost in costs.applying.values())
        waits_s = self.waits_s(events)
        if events < HALVED:
            return works_s + waits_s
        return max(works_s, waits_s) + min(works_s, waits_s) / 2
