"""What an event costs each part, from measured points. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.model.points import Bytes, Idle, Measured, Point

APPLYING = ("worker", "store", "sandbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU seconds: of a part for each event, and besides for each call that is made for it."""

    event_s: float
    call_s: float = 0.0

    def of(self, events: float, calls: float) -> float:
        """Return what so many events and calls cost."""
        return events * self.event_s + calls * self.call_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What the parts use: at the door, when events are applied, and when nothing is to be done."""

    door: Mapping[str, Cost]  # web, store, client
    applying: Mapping[str, Cost]  # worker, store, sandbox
    idle: Mapping[str, float]  # cores for each portal
    bytes: Bytes

    @classmethod
    def of(cls, measured: Measured) -> "Costs":
        """Return the costs that fit what was measured best."""
        doors = [each for each in measured.points if each.kind == "door"]
        turns = [each for each in measured.points if each.kind == "workers"]
        return cls(
            door={part: _mean(doors, part) for part in doors[0].cpu_s},
            applying={part: _fitted(turns, part) for part in APPLYING},
            idle=_idle(measured.idle),
            bytes=measured.bytes,
        )


def _mean(points: Sequence[Point], part: str) -> Cost:
    return Cost(event_s=sum(each.cpu_s[part] / each.events for each in points) / len(points))


def _fitted(points: Sequence[Point], part: str) -> Cost:
    """Return the costs of an event and of a call by which no point is far off in its share.

    Least squares of the relative errors: a turn of one event makes a hundred times the calls of a
    full one for each event, which tells the two apart.
    """
    rows = [
        (each.events / each.cpu_s[part], each.calls / each.cpu_s[part])
        for each in points
        if each.cpu_s[part] > 0
    ]
    ee = sum(e * e for e, _ in rows)
    cc = sum(c * c for _, c in rows)
    ec = sum(e * c for e, c in rows)
    e1, c1 = sum(e for e, _ in rows), sum(c for _, c in rows)
    apart = ee * cc - ec * ec
    event_s = (e1 * cc - c1 * ec) / apart
    call_s = (c1 * ee - e1 * ec) / apart
    return Cost(event_s=max(0.0, event_s), call_s=max(0.0, call_s))


def _idle(idle: Sequence[Idle]) -> Mapping[str, float]:
    """Return the cores that a portal takes from one worker process, and from the store for it."""
    one = min(idle, key=lambda each: each.processes)
    return {part: one.cpu_s[part] / one.took_s / one.portals for part in ("worker", "store")}
