"""What is shown to a portal: a token, one in a file that is looked at again, or a granted one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from workers.credentials.files import FromFile
from workers.credentials.granted import Granted
from workers.crm.client import Client
from workers.crm.credential import Credential, Given
from workers.settings import Portal, Settings
from workers.store import Store

__all__ = ["client_of", "credential_of"]


def credential_of(
    portal: Portal,
    *,
    store: Store,
    clock: Callable[[], datetime],
    wait: Callable[[float], object],
) -> Credential:
    """Return what a client shows to `portal`."""
    if portal.oauth is not None:
        return Granted(portal, store=store, clock=clock, wait=wait)
    if portal.token_file is not None:
        return FromFile(portal.token_file, token=portal.token)
    return Given(portal.token)


@contextmanager
def client_of(
    portal: Portal, settings: Settings, *, clock: Callable[[], datetime]
) -> Iterator[Client]:
    """Give a client of `portal` to a process that makes a few calls and has no store else."""
    store = Store.of(settings)
    credential = credential_of(portal, store=store, clock=clock, wait=threading.Event().wait)
    client = Client(portal, credential=credential)
    try:
        yield client
    finally:
        client.close()
        store.close()
