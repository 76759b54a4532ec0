"""A record of an account, as the sandbox keeps it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Record:
    """One record; what was ever written to it is in `history`, the newest first."""

    id: str
    type: str
    created: datetime
    updated: datetime
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[tuple[str, int], None]] = field(default_factory=dict)
    archived: datetime | None = None
    searchable: datetime | None = None
    behind: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)  # what search sees
