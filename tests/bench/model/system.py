"""What writers run on, and what one of them would do by itself in a step. Pure."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.model.costs import Costs
from tests.bench.model.load import Group
from tests.bench.model.turns import Turns

SETTLES = 8  # turns after which their size stays
MARGIN_S = 0.05  # a call counts until so long after its window, which begins at its answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Cores that some parts share."""

    name: str
    cores: float
    parts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a portal allows: HubSpot's, of a private app in a Professional account."""

    calls: float = 190.0
    window_s: float = 10.0
    per_day: float = 625_000.0
    reserve: float = 0.05  # of the day's, that Hookline leaves to others

    @property
    def of_a_day(self) -> float:
        """How many calls Hookline makes in a day at most."""
        return self.per_day * (1 - self.reserve)


@dataclass(slots=True, kw_only=True)
class Portal:
    """One portal of a group; each of the group is like it."""

    group: Group
    arrived: float = 0.0
    waiting: float = 0.0
    applied: float = 0.0
    calls: float = 0.0
    today: float = 0.0  # calls since midnight
    today_most: float = 0.0
    fresh: float = 0.0  # events of this step
    recent: deque[tuple[float, float, float]] = field(default_factory=deque)  # from, to, calls

    def arrive(self, events: float, *, midnight: bool) -> None:
        """Take in what comes in a step."""
        self.fresh = events
        self.arrived += events
        self.waiting += events
        if midnight:
            self.today = 0.0

    def spent(self, since_s: float) -> float:
        """Return the calls since a moment, and forget those before it.

        Those of a step were made all through it.
        """
        while self.recent and self.recent[0][1] <= since_s:
            self.recent.popleft()
        return sum(
            calls * min(1.0, (end - since_s) / (end - begin)) for begin, end, calls in self.recent
        )

    def apply(self, wish: "Wish", *, share: float, now_s: float, step_s: float) -> None:
        """Apply that share of what it wished."""
        events, calls = wish.events * share, wish.calls * share
        self.waiting = max(0.0, self.waiting - events)
        self.applied += events
        self.calls += calls
        self.today += calls
        self.today_most = max(self.today_most, self.today)
        self.recent.append((now_s - step_s, now_s, calls))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a portal would do in a step by itself."""

    portal: Portal
    events: float
    calls: float
    writing_s: float  # for so long a writer is at it
    by: str = ""  # what keeps it from doing more


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What the writers run on."""

    processes: int  # of workers
    threads: int = 16  # of each: so many portals have a writer at a time
    pools: Sequence[Pool]
    turns: Turns
    quota: Quota | None
    costs: Costs

    def wish(self, portal: Portal, *, now_s: float, step_s: float) -> Wish:
        """Return what a portal with waiting events would do in the step that ends `now_s`."""
        turns = self.turns
        size = self.size(portal)
        takes_s = turns.takes_s(size, self.costs)
        events, by = portal.waiting, ""
        if events > size * step_s / takes_s:
            events, by = size * step_s / takes_s, "one writer for each portal"
        calls = events / size * turns.calls(size)
        if self.quota is not None:
            left, name = self._left(portal, self.quota, now_s=now_s, step_s=step_s)
            if calls > left:
                events, calls, by = events * left / calls, left, name
        writing_s = events / size * takes_s
        return Wish(portal=portal, events=events, calls=calls, writing_s=writing_s, by=by)

    def size(self, portal: Portal) -> float:
        """Return how many events a turn takes: what waits at its begin."""
        waits = max(1.0, portal.waiting - portal.fresh)
        size = min(float(self.turns.most), waits)
        for _ in range(SETTLES):  # what comes during one turn is the next one's
            came = portal.group.per_s * self.turns.takes_s(size, self.costs)
            before, size = size, min(float(self.turns.most), max(waits, came))
            if size == before:
                break
        return size

    def _left(
        self, portal: Portal, quota: Quota, *, now_s: float, step_s: float
    ) -> tuple[float, str]:
        """Return how many calls a portal may make in this step, and what would forbid more."""
        counts_s = quota.window_s + MARGIN_S + self.turns.latency_s
        if step_s >= counts_s:
            window = quota.calls / counts_s * step_s
        else:
            window = quota.calls - portal.spent(now_s - counts_s)
        today = quota.of_a_day - portal.today
        return (today, "the day's calls") if today < window else (window, "the quota")

    def rooms(
        self, wishes: Sequence[Wish], step_s: float, *, portals: int, came: float
    ) -> Iterator[tuple[str, float, list[float]]]:
        """Yield what is shared: its name, how much there is in a step, and each wish's use of it.

        What `portals` take that have nothing to do, and what `came` through the door took of the
        store, is gone already.
        """
        seats_s = self.processes * self.threads * step_s
        yield "threads of the workers", seats_s, [wish.writing_s for wish in wishes]
        for pool in self.pools:
            room = pool.cores * step_s
            room -= sum(
                cores * portals * step_s
                for part, cores in self.costs.idle.items()
                if part in pool.parts
            )
            if "store" in pool.parts:
                room -= self.costs.door["store"].event_s * came
            costs = [
                self.costs.applying[part] for part in self.costs.applying if part in pool.parts
            ]
            yield (
                pool.name,
                max(0.0, room),
                [sum(cost.of(wish.events, wish.calls) for cost in costs) for wish in wishes],
            )
