"""What is known of notices from one look around to the next, and whose turn it is to look.

hl:notices         string: JSON, what is watched and what each target is owed; lives for a month
hl:notices:round   string: set while somebody looks around, and until the next may
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from workers.store.connection import Connection, our_errors

KEY = "hl:notices"
ROUND = "hl:notices:round"
KEEP_S = 30 * 86_400
LONGEST_S = 60  # that a look around takes, and as much again for each target


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What one target is still to be told."""

    rows: list[dict[str, object]] = field(default_factory=list)
    failures: int = 0
    due: datetime | None = None  # when to try again


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the last look around left."""

    watched: Mapping[str, dict[str, object]] = field(default_factory=dict)
    outboxes: Mapping[str, Outbox] = field(default_factory=dict)


class NoticeBoard(Connection):
    """The memory of whoever looks around."""

    def begin_round(self, targets: int) -> bool:
        """Return True if the caller is the one to look around now."""
        with our_errors():
            return bool(self.redis.set(ROUND, "1", nx=True, ex=LONGEST_S * (1 + targets)))

    def end_round(self, *, every_s: float) -> None:
        """Let the next look around begin in `every_s`."""
        with our_errors():
            self.redis.pexpire(ROUND, int(every_s * 1000))

    def recall_notices(self) -> Memory:
        """Return what the last look around left."""
        with our_errors():
            text = self.redis.get(KEY)
        if text is None:
            return Memory()
        read = orjson.loads(text)
        return Memory(
            watched=read["watched"],
            outboxes={
                name: Outbox(
                    rows=row["rows"],
                    failures=row["failures"],
                    due=None if row["due"] is None else datetime.fromisoformat(row["due"]),
                )
                for name, row in read["outboxes"].items()
            },
        )

    def keep_notices(self, memory: Memory) -> None:
        """Keep what this look around leaves."""
        with our_errors():
            self.redis.set(KEY, orjson.dumps(memory), ex=KEEP_S)
