"""How many calls a portal may make: one budget for all processes."""

import uuid

from workers.store.connection import Connection
from workers.store.keys import portal_key


class Budgets(Connection):
    """The quota of each portal.

    A call counts from its grant until a window after its answer. The CRM counts it from its
    arrival, which lies between: so ours is never the smaller count, however late a call arrives.
    """

    def draw(
        self, portal: str, meter: str, *, limit: int, window_s: float, call: str | None = None
    ) -> float:
        """Return 0 if a call may be made now, else the seconds until the next may.

        `call` names it for `spent`.
        """
        key = portal_key(portal, "budget", meter)
        member = call or uuid.uuid4().hex
        wait_ms = self.script("budget", keys=[key], args=[limit, int(window_s * 1000), member])
        return int(wait_ms) / 1000

    def spent(self, portal: str, meter: str, call: str) -> None:
        """Count a call from now on: it has been answered, or never will be."""
        self.script("spent", keys=[portal_key(portal, "budget", meter)], args=[call])
