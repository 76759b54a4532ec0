"""Asking a portal outside any turn: by its own credential, within the quota that all share."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from workers.credentials import credential_of
from workers.crm.calls import Call
from workers.crm.client import Client
from workers.crm.replies import Reply
from workers.errors import StoreDown
from workers.permit import Permit
from workers.settings import Portal, Settings
from workers.store import Store
from workers.store.clock import StoreClock


@dataclass(slots=True)
class Asking:
    """A connection to a portal, for a process that makes a few calls."""

    client: Client
    permit: Permit
    alone: bool = False  # no store can be reached, so nobody writes: there is nothing to share

    def send(self, call: Call) -> Reply:
        """Return the answer, once the quota has room. Raises as `Client.send`, and Throttled."""
        if not self.alone:
            try:
                self.permit(call)
            except StoreDown:
                self.alone = True
        try:
            return self.client.send(call)
        finally:
            self.permit.spent(call)


@contextmanager
def asking(
    portal: Portal, settings: Settings, *, clock: Callable[[], datetime]
) -> Iterator[Asking]:
    """Give a connection to `portal`; `clock` tells the time where no store does."""
    store = Store.of(settings)
    wait = threading.Event().wait
    credential = credential_of(portal, store=store, clock=StoreClock(store, own=clock), wait=wait)
    client = Client(portal, credential=credential)
    permit = Permit(portal=portal, store=store, check=lambda: None, wait=wait)
    try:
        yield Asking(client, permit)
    finally:
        client.close()
        store.close()
