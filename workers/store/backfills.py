"""How far the backfill of a file has come, so that it goes on where it stopped.

hl:{portal}:backfill:FILE   string: JSON, the rows that are done with and what became of them
"""

from dataclasses import dataclass

import orjson

from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key
from workers.store.retention import Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The first `rows` rows of a file are done with."""

    rows: int = 0
    accepted: int = 0  # events that had not been seen before
    duplicates: int = 0
    rejected: int = 0  # rows of which no event could be made
    ended: bool = False


class Backfills(Connection):
    """The progress of each file that is or was backfilled."""

    keep: Keep

    def progress(self, portal: str, file: str) -> Progress | None:
        """Return how far the backfill with this name came; None if it never began."""
        with our_errors():
            kept = self.redis.get(portal_key(portal, "backfill", file))
        if kept is None:
            return None
        rows, accepted, duplicates, rejected, ended = orjson.loads(kept)
        return Progress(
            rows=rows, accepted=accepted, duplicates=duplicates, rejected=rejected, ended=ended
        )

    def keep_progress(self, portal: str, file: str, progress: Progress) -> None:
        """Remember, as long as a dead letter, how far it has come."""
        row = [
            progress.rows,
            progress.accepted,
            progress.duplicates,
            progress.rejected,
            progress.ended,
        ]
        key = portal_key(portal, "backfill", file)
        with our_errors():
            self.redis.set(key, orjson.dumps(row), ex=self.keep.dead_s)
