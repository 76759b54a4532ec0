"""What is shown to a portal: a token, one in a file that is looked at again, or a granted one."""

from collections.abc import Callable
from datetime import datetime

from workers.credentials.files import FromFile
from workers.credentials.granted import Granted
from workers.crm.credential import Credential, Given
from workers.settings import Portal
from workers.store import Store

__all__ = ["credential_of"]


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
