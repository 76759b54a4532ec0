"""`Event`: one thing that happened, as it was accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

TRACEPARENT = "traceparent"  # the header under which an event keeps the trace that it is part of


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event at the door: verified, and not yet stored."""

    endpoint: str
    source: str
    source_id: str  # the sender's id, or a hash of the parts that identify the event
    type: str
    time: datetime | None  # when it happened, by the sender; None if it does not say
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names, those kept
    body: bytes  # JSON text in UTF-8, whatever the sender's content type was
    fault: str = ""  # why nothing can be made of it: it is kept for a person to see


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An accepted event; `id` is ours, and sorts by arrival within a portal."""

    id: str  # PORTAL.ENDPOINT-MILLISECONDS-SEQUENCE
    portal: str
    endpoint: str
    source: str
    source_id: str
    type: str
    time: datetime  # aware, UTC; never later than `received` plus the tolerance
    received: datetime  # aware, UTC
    headers: Mapping[str, str]
    body: bytes
    fault: str = ""  # of an element that could not be read

    @property
    def key(self) -> str:
        """What names this event whenever and wherever it is delivered again."""
        return f"{self.endpoint}/{self.source_id}"
