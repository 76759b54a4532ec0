"""Row after row into the store: waits while it is full, and goes on where it stopped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from app.cli.backfill.files import Row
from app.cli.backfill.rows import Reader, rejected
from workers.errors import MappingError, Permanent, Retryable
from workers.events import Arrival
from workers.receive import keep
from workers.runtime import Runtime
from workers.store import Progress

ROWS = 200  # that are kept in one step
EVENTS = 1_000
WAIT_S = 1.0


class Rejects:
    """The file of the rows that were rejected, each once; made with the first of them."""

    def __init__(self, path: Path, *, anew: bool) -> None:
        self.path = path
        if anew:
            path.unlink(missing_ok=True)
        self._known = _lines(path)

    def add(self, row: Row, reason: str) -> None:
        """Write down a rejected row."""
        if row.line not in self._known:
            self._known.add(row.line)
            try:
                with self.path.open("ab") as file:
                    file.write(rejected(line=row.line, reason=reason, row=row.value))
            except OSError as error:
                what = f"{self.path}: cannot be written ({error.strerror}); choose --rejected"
                raise Permanent(what) from error


def _lines(path: Path) -> set[int]:
    """Return the lines that are written down; a kill may have cut the last one short."""
    if not path.exists():
        return set()
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        path.write_bytes(whole)
    return {int(orjson.loads(line)["line"]) for line in whole.splitlines()}


@dataclass(slots=True, kw_only=True)
class Loading:
    """The backfill of one file."""

    runtime: Runtime
    reader: Reader
    name: str  # of the file's progress; "" for what cannot be read again
    rejects: Rejects
    wait: Callable[[float], object]
    tell: Callable[[Progress, str], None]  # how far it is, and what it waits for
    progress: Progress
    _events: list[Arrival] = field(default_factory=list)

    def load(self, rows: Iterable[Row]) -> Progress:
        """Keep the events of every row, and return what became of them.

        A row of which no event can be made goes to the rejects. What is kept is noted after each
        step; a step that was kept and not noted is repeated, and its events are known then.
        """
        done = self.progress
        for number, row in enumerate(rows, start=1):
            done = replace(done, rows=row.line)
            try:
                self._events += self.reader.events(row, now=self.runtime.clock())
            except MappingError as error:
                self.rejects.add(row, str(error))
                done = replace(done, rejected=done.rejected + 1)
            if number % ROWS == 0 or len(self._events) >= EVENTS:
                done = self._step(done)
                self._note(done)
        done = replace(self._step(done), ended=True)
        self._note(done)
        return done

    def _note(self, done: Progress) -> None:
        if self.name:
            self.runtime.store.keep_progress(self.reader.endpoint.portal, self.name, done)

    def _step(self, done: Progress) -> Progress:
        """Keep the events that were read, when there is room for them."""
        reader, events = self.reader, self._events
        while events:
            try:
                received = keep(
                    events,
                    endpoint=reader.endpoint,
                    source=reader.source,
                    store=self.runtime.store,
                    now=self.runtime.clock(),
                    backfill=True,
                )
            except Retryable as error:
                self.tell(done, str(error))
                self.wait(error.retry_after_s or WAIT_S)
                continue
            for portal in received.rings:
                self.runtime.ring(portal)
            done = replace(
                done,
                accepted=done.accepted + received.fresh,
                duplicates=done.duplicates + len(received.receipts) - received.fresh,
            )
            self._events = events = []
        self.tell(done, "")
        return done
