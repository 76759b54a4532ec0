"""One thing that is wrong, and the hint at what was meant."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

FEW = 8  # names that a hint lists; with more of them it says where to look


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """Where something is wrong, what it is, and what to do."""

    place: str  # FILE:LINE
    what: str
    advice: str
    certain: bool = True  # False: only where a record is not there yet, say

    def __str__(self) -> str:
        return f"{self.place}: {self.what}; {self.advice}"


def meant(name: str, known: Iterable[str], *, otherwise: str, few: int = FEW) -> str:
    """Return a hint at which of the known names was meant: all of them if they are at most `few`.

    `otherwise` is what to do if it was none of them.
    """
    names = sorted(set(known))
    folded = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.75)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    if names and len(names) <= few:
        return f"use one of {', '.join(names)}"
    return otherwise
