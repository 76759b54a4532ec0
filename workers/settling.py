"""What is to be remembered of a turn: where each event stands, and what was learned of records."""

from collections.abc import Iterable, Mapping, Sequence

from workers.events import Event
from workers.knowledge import RecordId
from workers.outcomes import Verdict
from workers.plan import Plan
from workers.plan.parts import gathered
from workers.stamps import Clock
from workers.store import Learned, Settlement


def settlements(
    events: Sequence[Event],
    verdicts: Mapping[str, Verdict],
    plans: Iterable[Plan],
    *,
    attempts: Mapping[str, int],
) -> tuple[list[Settlement], Learned]:
    """Return what the store is to keep of the events, and what the plans have learned.

    `attempts` says for each event how often it was handled, this turn among them.
    """
    found = gathered(plans)
    clocks: dict[str, list[tuple[RecordId, str, Clock]]] = {}
    for (record, name), clock in found.moved.items():
        clocks.setdefault(clock.event_id, []).append((record, name, clock))
    settled = [
        Settlement(
            event=event,
            verdict=verdicts[event.id],
            attempts=attempts[event.id],
            clocks=clocks.pop(event.id, ()),
            about=found.about.get(event.id, ()),
        )
        for event in events
    ]
    learned = Learned(
        ids=found.ids,
        forgotten=found.forgotten,
        archived=found.archived,
        clocks=[clock for others in clocks.values() for clock in others],
    )
    return settled, learned
