"""What is shown to a portal: a token, one in a file that is looked at again, or a granted one."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from workers.credentials.files import FromFile
from workers.credentials.granted import Granted
from workers.crm import tenant
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.crm.credential import Credential, Given
from workers.errors import Refused, Retryable, Unreachable
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
        allow = partial(_same_account, portal, store)
        return FromFile(portal.token_file, token=portal.token, allow=allow)
    return Given(portal.token)


def _same_account(portal: Portal, store: Store, token: str) -> None:
    """Raise Refused if `token` is of another account than the portal is known to be."""
    known = store.account(portal.name)
    if known is None:
        return
    client = Client(portal, credential=Given(token))
    try:
        found = tenant.account(client.send(Api(portal.api).account())).portal_id
    except Refused:
        return  # so will the call be for which it is shown
    except Retryable as error:
        raise Unreachable(str(error), retry_after_s=error.retry_after_s) from None
    finally:
        client.close()
    if found and found != known.id:
        raise Refused(
            f"portal {portal.name}: the token in its file is not shown: it is of account {found}, "
            f"and the portal is account {known.id}; put one of that account there. Should it be "
            f"another from now on, `hookline connect {portal.name} --forget` first",
            status=401,
        )
