"""Leave to send a call: the lease is still ours, and the quota has room."""

from collections.abc import Callable

from workers.crm.calls import Call
from workers.errors import Throttled
from workers.settings import Portal
from workers.store import Store

MARGIN_S = 0.3  # the CRM's window is of arrivals, ours of departures
PATIENT_S = 15.0  # the longest wait for quota within a turn; a longer one pauses the portal


def permit(
    portal: Portal,
    *,
    store: Store,
    check: Callable[[], None],
    wait: Callable[[float], object],
) -> Callable[[Call], None]:
    """Return a function that waits until a call may be sent.

    It raises Throttled when the quota leaves no room for long, and what `check` raises when the
    portal is no longer ours: looked at last, since the wait may have been long.
    """
    limits = {
        "crm": (portal.calls_per_window, portal.window_s + MARGIN_S),
        "associations": (portal.calls_per_window, portal.window_s + MARGIN_S),
        "search": (portal.searches_per_s, 1.0 + MARGIN_S / 3),
    }

    def wait_for_leave(call: Call) -> None:
        limit, window_s = limits.get(call.meter, limits["crm"])
        waited_s = 0.0
        while True:
            wait_s = store.draw(portal.name, call.meter, limit=limit, window_s=window_s)
            if wait_s <= 0:
                break
            if waited_s + wait_s > PATIENT_S:
                raise Throttled(
                    f"portal {portal.name}: its own limit of {limit} calls in {window_s:g} s",
                    retry_after_s=wait_s,
                    policy="BUDGET",
                )
            wait(wait_s)
            waited_s += wait_s
        check()

    return wait_for_leave
