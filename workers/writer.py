"""What a portal's writer works with, and what it did in one turn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workers.events import Event
from workers.outcomes import Verdict
from workers.sending import Made, Sender
from workers.sources import Source
from workers.store import Standing, Store
from workers.verdicts import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn did: the events it handled, where they stand, and how many calls it made."""

    events: Sequence[Event] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    before: Mapping[str, Standing] = field(default_factory=dict)  # of those looked at earlier
    taken: datetime | None = None  # when they were taken up
    made: Sequence[Made] = ()  # the calls
    pause_s: float | None = None  # the portal takes nothing for so long
    reason: str = ""

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return len(self.made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What a portal's writer works with."""

    portal: str
    store: Store
    sender: Sender
    sources: Mapping[str, Source]  # by endpoint
    patience: Patience
    clock: Callable[[], datetime]
    random: Callable[[], float]
    answer_s: float = 45.0  # a call that was sent longer ago has its effect, or never will
    one_of_a_kind: bool = False  # of two records with one key none is written
    trace: Callable[[Turn, datetime], object] | None = None  # is told of each turn, if any is
