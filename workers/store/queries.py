"""What is looked for among the events, and a page of what was found."""

from dataclasses import dataclass
from datetime import datetime

from workers.events import Event
from workers.outcomes import EventState
from workers.store.standings import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which events are meant; None, or an empty text, for what does not matter."""

    endpoint: str | None = None
    type: str | None = None
    state: EventState | None = None
    since: datetime | None = None  # by arrival
    until: datetime | None = None  # not itself
    text: str = ""  # in our id or the sender's
    key: str = ""  # of a record that the event is about: an e-mail address, a domain, …
    group: str | None = None  # of those that ended alike; goes with `state`
    reason: str = ""  # in what is said of its end

    def takes(self, event: Event) -> bool:
        """Return True if `event` is meant, whatever its state and keys."""
        return (
            self.endpoint in (None, event.endpoint)
            and self.type in (None, event.type)
            and (self.since is None or event.received >= self.since)
            and (self.until is None or event.received < self.until)
            and (not self.text or _holds(event, self.text.casefold()))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event, where it stands, and its standing if it was ever looked at."""

    event: Event
    state: EventState
    standing: Standing | None

    def fits(self, query: Query) -> bool:
        """Return True if `query` means it, whatever its keys."""
        said = self.standing.reason if self.standing else ""
        return (
            query.takes(self.event)
            and query.state in (None, self.state)
            and query.reason.casefold() in said.casefold()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A page: its rows, the cursor of the next (None on the last), and how far back was looked."""

    rows: tuple[Found, ...]
    looked: int = 0  # at so many events
    next: str | None = None
    searched_to: datetime | None = None  # set if the page ended before it was full, and goes on


def _holds(event: Event, text: str) -> bool:
    return text in event.id.casefold() or text in event.source_id.casefold()
