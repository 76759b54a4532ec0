"""How many calls a portal may make: one budget for all processes."""

from workers.store.connection import Connection
from workers.store.keys import portal_key


class Budgets(Connection):
    """The quota of each portal."""

    def draw(self, portal: str, meter: str, *, limit: int, window_s: float) -> float:
        """Return 0 if a call may be made now, else the seconds until the next may."""
        key = portal_key(portal, "budget", meter)
        wait_ms = self.script("budget", keys=[key], args=[limit, int(window_s * 1000)])
        return int(wait_ms) / 1000
