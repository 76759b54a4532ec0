"""How long things are kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how many seconds what is kept."""

    handled_s: int
    dead_s: int
    clocks_s: int
