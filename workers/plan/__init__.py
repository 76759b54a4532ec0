"""Changes → waves of operations, each wave of what the answers so far have made possible.

Pure: `wave` gives operations, `absorb` takes what came back, until a wave is empty. The phases:

1. identify   records by their keys: upsert, read, or search and then create;
2. attach     activities with their associations, and the other associations;
3. write      one input for each record whose id is known, pins among its properties;
4. archive, and conclude the finds.

A phase that has nothing to do makes no call, so 100 × (upsert, note, pin) is three calls when
the records are unknown, and two when they are known.
"""

from collections.abc import Iterable, Mapping

from workers.knowledge import Knowledge, RecordId
from workers.operations import Operation, Result, Said
from workers.outcomes import Outcome, State
from workers.plan.attach import attach
from workers.plan.board import Board, Sent
from workers.plan.identify import conclude, identify
from workers.plan.jobs import Job
from workers.plan.write import archive, write
from workers.stamps import Clock

PHASES = (identify, attach, write, archive, conclude)


class Plan:
    """The work of one turn: ask `wave`, send it, give `absorb` the results, until none is left."""

    def __init__(self, jobs: Iterable[Job], knowledge: Knowledge) -> None:
        self.board = Board(jobs, knowledge)
        self._sent: dict[str, Sent] = {}

    def wave(self) -> list[Operation]:
        """Return what can be sent now; empty when nothing is left to do."""
        self.board.follow()
        for phase in PHASES:
            before = -1
            while before != len(self.board.open):  # what a phase concludes may free the rest
                before = len(self.board.open)
                sent = phase(self.board)
                self.board.follow()
                if sent:
                    self._sent = {each.operation.key: each for each in sent}
                    return [each.operation for each in sent]
        return []

    def once(self) -> frozenset[str]:
        """Return the keys in this wave that must not be sent twice: their intents come first."""
        return frozenset(key for key, each in self._sent.items() if each.once)

    def absorb(self, results: Mapping[str, Result]) -> None:
        """Take what came back for the operations of the last wave, by their keys."""
        self.board.news = True
        sent, self._sent = self._sent, {}
        for key, each in sent.items():
            result = results.get(key)
            if result is None:
                result = Result(said=Said.LOST, reason="the answer left this input out")
            if result.call:
                for task in each.tasks:
                    if result.call not in task.calls:
                        task.calls.append(result.call)
            each.took(self.board, each, result)

    def unclocked(self) -> set[RecordId]:
        """Return the records that came to be known since the last time, to load their clocks."""
        unclocked, self.board.unclocked = self.board.unclocked, set()
        return unclocked

    def know_clocks(self, clocks: Mapping[RecordId, Mapping[str, Clock]]) -> None:
        """Take the clocks of records that `unclocked` named."""
        self.board.know_clocks(clocks)

    def outcomes(self, *, why_open: str = "") -> dict[str, list[Outcome]]:
        """Return what became of each change, by event; what is still open is postponed."""
        found: dict[str, list[Outcome]] = {}
        for task in self.board.tasks:
            outcome = task.outcome or Outcome(
                step=task.change.name,
                state=State.POSTPONED,
                where=task.change.where,
                reason=why_open or "not reached in this turn",
                calls=tuple(task.calls),
            )
            found.setdefault(task.event.id, []).append(outcome)
        return found
