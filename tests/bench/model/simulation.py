"""Portals, quotas and machines, step by step: a small simulation. Pure, and nothing in it random.

In each step events arrive, and every portal's writer makes the turns that fit into it: as many
events to a turn as wait, up to its ceiling. What a quota does not let through waits. What the
machines cannot give to all is given to all alike, as the queue of turns does.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.bench.model.load import Group
from tests.bench.model.system import Portal, System, Wish

DAY_S = 86_400
LEAST = 1e-6  # fewer events than this are none


@dataclass(slots=True, kw_only=True)
class Simulation:
    """Portals on a system; `step` moves it on. It begins at midnight, in every portal's zone."""

    system: System
    portals: list[Portal]
    now_s: float = 0.0
    limits: Counter[str] = field(default_factory=Counter)  # milliseconds, by what was used up

    @classmethod
    def of(cls, groups: Iterable[Group], system: System, *, waiting: float = 0.0) -> "Simulation":
        """Begin with so many events waiting in each portal."""
        portals = [Portal(group=each, waiting=waiting, arrived=waiting) for each in groups]
        return cls(system=system, portals=portals)

    @property
    def waiting(self) -> float:
        """How many events wait in all portals."""
        return sum(each.waiting * each.group.portals for each in self.portals)

    @property
    def arrived(self) -> float:
        """How many events came, those that waited at the beginning among them."""
        return sum(each.arrived * each.group.portals for each in self.portals)

    @property
    def applied(self) -> float:
        """How many events were applied."""
        return sum(each.applied * each.group.portals for each in self.portals)

    @property
    def calls(self) -> float:
        """How many calls were made."""
        return sum(each.calls * each.group.portals for each in self.portals)

    @property
    def limit(self) -> str:
        """What was used up for the longest time, "" if nothing ever was."""
        return max(self.limits, key=lambda name: self.limits[name], default="")

    def step(self, step_s: float, *, down: bool = False) -> None:
        """Move on by a step; while `down`, nothing is applied."""
        midnight = (self.now_s + step_s) // DAY_S > self.now_s // DAY_S
        self.now_s += step_s
        for portal in self.portals:
            portal.arrive(portal.group.per_s * step_s, midnight=midnight)
        if down:
            return
        wishes = [
            wish
            for portal in self.portals
            if portal.waiting > LEAST
            and (wish := self.system.wish(portal, now_s=self.now_s, step_s=step_s)).events > 0
        ]
        came = sum(each.group.per_s * each.group.portals for each in self.portals) * step_s
        shares, scarce = self._shares(wishes, step_s, came)
        for name in {scarce, *(wish.by for wish in wishes)} - {""}:
            self.limits[name] += round(step_s * 1000)
        for wish, share in zip(wishes, shares, strict=True):
            wish.portal.apply(wish, share=share, now_s=self.now_s, step_s=step_s)

    def _shares(
        self, wishes: Sequence[Wish], step_s: float, came: float
    ) -> tuple[list[float], str]:
        """Return which share of its wish each gets, and what is used up for it, if anything is."""
        portals = sum(each.group.portals for each in self.portals)
        shares = [1.0] * len(wishes)
        scarce, scarcest = "", 1.0
        for name, room, uses in self.system.rooms(wishes, step_s, portals=portals, came=came):
            asked = [use * share for use, share in zip(uses, shares, strict=True)]
            weights = [wish.portal.group.portals for wish in wishes]
            whole = sum(use * weight for use, weight in zip(asked, weights, strict=True))
            if whole <= room:
                continue
            given = alike(asked, weights, room)
            shares = [
                share * got / use if use else share
                for share, got, use in zip(shares, given, asked, strict=True)
            ]
            if room / whole < scarcest:
                scarce, scarcest = name, room / whole
        return shares, scarce


def alike(asked: Sequence[float], weights: Sequence[int], room: float) -> list[float]:
    """Return what each gets of `room`: as much as any other, but no more than it asks for.

    Each stands for as many as its weight.
    """
    given = [0.0] * len(asked)
    left = sum(weights)
    for place in sorted(range(len(asked)), key=lambda each: asked[each]):
        given[place] = min(asked[place], room / left)
        room -= given[place] * weights[place]
        left -= weights[place]
    return given
