"""What the templates of one event may do in all, counted and never timed.

A payload is not to be trusted, and a mapping may be careless: rounds of loops, the elements and
characters that are looked at, and what is written are all paid for, so that neither can hold a
process up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from jinja2.runtime import Context

MAX_LOOPS = 10_000  # rounds of all loops of one event
# Parts of a template that are run again by a loop, elements of lists that are looked at, and
# hundreds of characters that are looked at or written.
MAX_WORK = 1_000_000
CHARACTERS = 100  # that cost as much as an element
BUDGET = "\N{ZERO WIDTH SPACE}budget"  # a name that no template can spell


def fail(reason: str) -> NoReturn:
    """Raise what makes the template's event a dead letter."""
    raise ValueError(reason)


@dataclass(slots=True)
class Budget:
    """What the templates of one event may still do."""

    loops: int = MAX_LOOPS
    work: int = MAX_WORK

    def renew(self) -> None:
        """Begin again, for another event."""
        self.loops, self.work = MAX_LOOPS, MAX_WORK

    def loop(self, parts: int) -> None:
        """Pay for a round of a loop over so many parts of a template."""
        self.loops -= 1
        if self.loops < 0:
            fail(f"loops of more than {MAX_LOOPS:,} rounds")
        self.pay(parts)

    def pay(self, work: int) -> None:
        """Pay for work that is about to be done."""
        self.work -= work
        if self.work < 0:
            fail("too much work for one event; loop over less, or look at less in each round")

    def read(self, value: object) -> None:
        """Pay for looking at a value with everything in it."""
        if isinstance(value, str):
            if len(value) > CHARACTERS:
                self.pay(len(value) // CHARACTERS)
        elif isinstance(value, list | tuple | dict | range) and value:
            self.pay(self._parts(value))

    def copy(self, value: object) -> None:
        """Pay for a copy of a text or list, or of a part of it."""
        if isinstance(value, str):
            self.read(value)
        elif isinstance(value, list | tuple | dict | range):
            self.pay(len(value))

    def _parts(self, value: object) -> int:
        """Return how much there is in a list or mapping, or more than can be paid for."""
        count = 0
        waiting: list[Iterable[object]] = [_inner(value)]
        while waiting and count <= self.work:
            for each in waiting.pop():
                count += 1
                if isinstance(each, str):
                    count += len(each) // CHARACTERS
                elif isinstance(each, list | tuple | dict) and each:
                    waiting.append(_inner(each))
        return count


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple | range):
        return value
    return ()


def budget_of(context: Context) -> Budget:
    """Return the budget that the templates in this context share."""
    found: Budget = context.parent[BUDGET]
    return found
