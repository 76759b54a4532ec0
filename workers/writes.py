"""Folding: many writes of one record become one, the newest value winning for each property."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from workers.stamps import Clock, Stamp

Writer = TypeVar("Writer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Generic[Writer]):
    """What one change wants of one record."""

    writer: Writer
    stamp: Stamp
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded(Generic[Writer]):
    """One input for many writes, and who has a part in it.

    `winners` names for each property whose value is sent. A write in `stale` is older than every
    clock of what it writes, whatever becomes of this input.
    """

    properties: Mapping[str, str]
    winners: Mapping[str, Write[Writer]]
    stale: tuple[Write[Writer], ...]


def fold(writes: Iterable[Write[Writer]], clocks: Mapping[str, Clock]) -> Folded[Writer]:
    """Return the one write that leaves what all of `writes` would, newest last, over `clocks`.

    A value older than its property's clock is dropped. One of the very same stamp is sent again:
    it is this write, and whether it arrived before is not known.
    """
    winners: dict[str, Write[Writer]] = {}
    stale: list[Write[Writer]] = []
    for write in writes:
        current = not write.properties
        for name in write.properties:
            clock = clocks.get(name)
            if clock is not None and clock.stamp > write.stamp:
                continue
            current = True
            best = winners.get(name)
            if best is None or best.stamp <= write.stamp:
                winners[name] = write
        if not current:
            stale.append(write)
    return Folded(
        properties={name: write.properties[name] for name, write in winners.items()},
        winners=winners,
        stale=tuple(stale),
    )


def advanced(before: Clock | None, *, stamp: Stamp, event_id: str, where: str) -> Clock:
    """Return the clock after this write, remembering the writer before unless it is the same."""
    if before is None:
        return Clock(stamp, event_id, where)
    if before.stamp == stamp:
        return Clock(stamp, event_id, where, before.previous)
    return Clock(stamp, event_id, where, Clock(before.stamp, before.event_id, before.where))
