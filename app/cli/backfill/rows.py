"""A row → the events that it stands for, as if its sender had posted it; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from app.cli.backfill.files import Row
from workers.errors import MappingError
from workers.events import Arrival
from workers.expressions import Missing, Scope, literal
from workers.filters.lists import fingerprint
from workers.filters.times import as_time
from workers.filters.values import at, text
from workers.settings import Endpoint
from workers.sources import Source, arrivals
from workers.sources.model import Reading

DELIVERY = {"headers", "body"}  # the keys of a row that brings its own headers
REJECTED = {"line", "reason", "row"}  # of a row that was rejected once and is tried again
PLACE = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How rows are read: what they say by themselves, and what is said of them all.

    With `event` a row is an event's body; else it is what the sender would post, which may be
    several events.
    """

    endpoint: Endpoint
    source: Source
    max_bytes: int
    event: str | None = None  # the type of all of them
    id: str | None = None  # where a row's id is: a column, or a dotted path
    time: str | None = None  # where its time is
    at: datetime | None = None  # the time of those that have none
    headers: Mapping[str, str] = field(default_factory=dict)

    def events(self, read: Row, *, now: datetime) -> list[Arrival]:
        """Return the events of a row. Raises MappingError, and if it could not even be read."""
        if read.fault:
            raise MappingError(read.fault)
        row = read.value
        headers = dict(self.headers)
        if isinstance(row, dict) and row.keys() == REJECTED:
            row = row["row"]
        if isinstance(row, dict) and row.keys() == DELIVERY and isinstance(row["headers"], dict):
            headers |= {name.lower(): text(value) for name, value in row["headers"].items()}
            row = row["body"]
        reading = self._reading(row, headers, now)
        found = arrivals(
            replace(self.source, reading=reading),
            endpoint=self.endpoint.name,
            headers=headers,
            body=row,
            received=now,
        )
        return [self._dated(each) for each in found]

    def _dated(self, arrival: Arrival) -> Arrival:
        if len(arrival.body) > self.max_bytes:
            raise MappingError(f"is larger than {self.max_bytes:,} bytes (max_body_bytes)")
        if arrival.time is not None:
            return arrival
        if self.at is None:
            raise MappingError("has no time; name where it is with --time, or say --at for all")
        return replace(arrival, time=self.at)

    def _reading(self, row: object, headers: Mapping[str, str], now: datetime) -> Reading:
        reading = self.source.reading
        if self.event is not None:
            kind = literal(self.event, place=PLACE)
            reading = replace(reading, type=kind, each=None, body=None)
        if self.time is not None:
            reading = replace(reading, time=literal(self._time(row), place=PLACE))
        if self.id is not None:
            name = text(_value(row, self.id))
            if not name:
                raise MappingError(f"has no {self.id!r}, which --id names")
            return replace(reading, id=(literal(name, place=PLACE),))
        if reading.each is None and not self._has_id(reading, row, headers, now):
            return replace(reading, id=(literal(fingerprint([self.event, row]), place=PLACE),))
        return reading

    def _time(self, row: object) -> datetime | None:
        found = _value(row, self.time or "")
        if found is None or found == "":
            return None
        try:
            return as_time(found)
        except ValueError as error:
            raise MappingError(f"{self.time}: {error}") from error

    def _has_id(
        self, reading: Reading, row: object, headers: Mapping[str, str], now: datetime
    ) -> bool:
        """Return True if the sender's own id is in the row."""
        scope = Scope(
            body=row, headers=headers, received=now, event={}, variables=self.source.variables
        )
        try:
            parts = [part(scope) for part in reading.id]
        except MappingError:
            return False
        return all(not isinstance(part, Missing) and part != "" for part in parts)


def _value(row: object, path: str) -> object:
    """Return what a row has in a column of that name, or else at the dotted path."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    return at(row, path)


def rejected(*, line: int, reason: str, row: object) -> bytes:
    """Return the line that is kept of a rejected row; backfilled itself, it is that row."""
    return orjson.dumps({"line": line, "reason": reason, "row": row}, default=str) + b"\n"
