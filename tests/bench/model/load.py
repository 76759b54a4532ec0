"""Which portal gets how much: a few get most. Pure."""

from dataclasses import dataclass

ALONE = 10  # the busiest portals, each by itself; of the others those of like load together
WIDER = 1.5  # each group reaches so much farther down the ranks than the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Portals of like load, simulated as one that counts for all of them."""

    portals: int
    per_s: float  # events of each


def skewed(portals: int, *, per_s: float, skew: float) -> list[Group]:
    """Return the portals, the busiest first, which together get `per_s` events a second.

    The load of the portal of rank k is as 1 / k ** skew (Zipf): 0 is the same for all.
    """
    shares = [1 / rank**skew for rank in range(1, portals + 1)]
    whole = sum(shares)
    groups: list[Group] = []
    first = 0
    while first < portals:
        last = first + 1 if first < ALONE else min(portals, max(first + 1, int(first * WIDER)))
        some = shares[first:last]
        groups.append(Group(portals=len(some), per_s=per_s * sum(some) / whole / len(some)))
        first = last
    return groups
