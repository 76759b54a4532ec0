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

    `winners` names for each property whose value is sent; a write in `stale` has none.
    """

    properties: Mapping[str, str]
    winners: Mapping[str, Write[Writer]]
    stale: tuple[Write[Writer], ...]


def fold(writes: Iterable[Write[Writer]], clocks: Mapping[str, Clock]) -> Folded[Writer]:
    """Return the one write that leaves what all of `writes` would, newest last, over `clocks`.

    A value older than its property's clock is dropped. One of the very same stamp is sent again:
    it is this write, and whether it arrived before is not known.
    """
    writes = list(writes)
    winners: dict[str, Write[Writer]] = {}
    for write in writes:
        for name in write.properties:
            clock = clocks.get(name)
            if clock is not None and clock.stamp > write.stamp:
                continue
            best = winners.get(name)
            if best is None or best.stamp <= write.stamp:
                winners[name] = write
    winning = {id(write) for write in winners.values()}
    return Folded(
        properties={name: write.properties[name] for name, write in winners.items()},
        winners=winners,
        stale=tuple(w for w in writes if w.properties and id(w) not in winning),
    )


def advanced(before: Clock | None, *, stamp: Stamp, event_id: str, where: str) -> Clock:
    """Return the clock after this write, remembering the writer before unless it is the same."""
    if before is None:
        return Clock(stamp, event_id, where)
    if before.stamp == stamp:
        return Clock(stamp, event_id, where, before.previous)
    return Clock(stamp, event_id, where, Clock(before.stamp, before.event_id, before.where))
