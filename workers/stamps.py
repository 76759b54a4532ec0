"""Who wrote what and when: the order of writes, and the clocks that remember it.

A write's place in the order is (event time, event key, ordinal of the step): total, and the same
whatever the order of arrival, since the event key is made of what the sender calls the event.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = 5


class Stamp(NamedTuple):
    """A write's place in the order of writes; the greater one wins."""

    time_us: int
    event_key: str
    ordinal: int


def microseconds(time: datetime) -> int:
    """Return `time` in whole microseconds since 1970."""
    delta = time - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(time_us: int) -> datetime:
    """Return the moment that is `time_us` microseconds after 1970."""
    return datetime.fromtimestamp(time_us // 1_000_000, tz=UTC).replace(
        microsecond=time_us % 1_000_000
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """The newest write of one property: its stamp, our id of the event, the mapping's line.

    `previous` is the writer before it, without a previous one of its own.
    """

    stamp: Stamp
    event_id: str
    where: str
    previous: "Clock | None" = None

    def encode(self) -> str:
        """Return the clock as one short text, previous writer behind a newline."""
        own = "|".join(
            (
                str(self.stamp.time_us),
                str(self.stamp.ordinal),
                self.event_id,
                self.where.replace("|", "/"),
                self.stamp.event_key,
            )
        )
        if self.previous is None:
            return own
        before = self.previous
        return f"{own}\n{Clock(before.stamp, before.event_id, before.where).encode()}"

    @classmethod
    def decode(cls, text: str) -> "Clock":
        """Return the clock that `encode` made `text` of."""
        own, _, before = text.partition("\n")
        time_us, ordinal, event_id, where, event_key = own.split("|", _FIELDS - 1)
        return cls(
            Stamp(int(time_us), event_key, int(ordinal)),
            event_id,
            where,
            cls.decode(before) if before else None,
        )
