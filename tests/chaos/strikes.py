"""What can go wrong, alone and together, and in which order it does in a run of many rounds."""

import random
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from tests.chaos.system import LINKS, WORKERS


class Trouble(StrEnum):
    """What goes wrong beside, or instead of, a death."""

    PAUSED = "the lease holder is stopped past its lease, and woken"
    CLOCK = "clocks are stepped, by minutes or hours, forward or back"
    MEMORY = "the store is out of memory"
    DISK = "the store's disk is full"
    CUT = "connections are reset, and no new ones are let in"
    CLOGGED = "nothing gets through, and nobody is told"
    HALVED = "a connection breaks half way through an answer"


DEATHS = (
    ("worker-1",),
    ("worker-2",),
    ("web",),
    ("store",),
    WORKERS,
    ("store", "web"),
    ("store", "web", *WORKERS),
)
LINKED = (Trouble.CUT, Trouble.CLOGGED, Trouble.HALVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One blow: a trouble, the link that it is on, and what is killed meanwhile."""

    trouble: Trouble | None = None
    link: str = ""
    deaths: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (self.trouble and self.trouble.name.lower(), self.link, "+".join(self.deaths))
        return " ".join(part for part in parts if part)


def kinds() -> list[Strike]:
    """Every trouble on every link; with whom it is combined is not said yet.

    The disk is filled by a limit that only Linux sets on a process that runs.
    """
    plain = [Strike(trouble=each) for each in Trouble if each not in LINKED]
    if not hasattr(resource, "prlimit"):
        plain.remove(Strike(trouble=Trouble.DISK))
    return plain + [Strike(trouble=each, link=link) for each in LINKED for link in LINKS]


def pack(chance: random.Random) -> list[Strike]:
    """Every death alone, every trouble alone, and every trouble with some death; shuffled."""
    strikes = [Strike(deaths=deaths) for deaths in DEATHS] + kinds()
    for each in kinds():
        # A full disk keeps, with `everysec`, what was accepted in the store's memory for a moment.
        safe = [d for d in DEATHS if each.trouble is not Trouble.DISK or "store" not in d]
        strikes.append(Strike(trouble=each.trouble, link=each.link, deaths=chance.choice(safe)))
    chance.shuffle(strikes)
    return strikes


def _dealt(seed: int) -> Iterator[Strike]:
    chance = random.Random(f"strikes {seed}")  # noqa: S311 (repeatable, not secret)
    while True:
        yield from pack(chance)


def rounds(seed: int, *, count: int, strikes: int) -> Sequence[Sequence[Strike]]:
    """Return the strikes of each round: all of them once before any of them comes again."""
    dealt = _dealt(seed)
    return [tuple(islice(dealt, strikes)) for _ in range(count)]
