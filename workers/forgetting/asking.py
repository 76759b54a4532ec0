"""Asking the CRM to forget a person for good, and by what the trail calls one that is forgotten."""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from workers.crm.calls import Api, Call
from workers.crm.replies import Reply
from workers.errors import HooklineError, Permanent, Refused
from workers.store import Store

NOT_FOUND = 404


class NotDeleted(Permanent):
    """Raised when the CRM could not be asked, or refused; `refused` says which."""

    def __init__(self, message: str, *, refused: bool) -> None:
        self.refused = refused
        super().__init__(message)


def delete(api: Api, *, email: str, contacts: Sequence[str], ask: Callable[[Call], Reply]) -> None:
    """Ask for the CRM's GDPR delete, by the ids that are known and by the address.

    HubSpot then refuses the address whenever it comes again. Raises NotDeleted; to ask once more
    does no harm.
    """
    calls = [api.gdpr_delete(id) for id in contacts]
    calls.append(api.gdpr_delete(email, key_property="email"))
    for call in calls:
        try:
            ask(call)
        except Refused as error:
            if error.status != NOT_FOUND:
                raise NotDeleted(str(error), refused=True) from None
        except HooklineError as error:
            raise NotDeleted(str(error), refused=False) from None


def pseudonym(store: Store, email: str) -> str:
    """Return what the trail calls the person: always the same; without the store nobody can tell.

    It is made with a key that is in the store alone.
    """
    key = store.signing_key().encode()
    return "person " + hmac.new(key, email.encode(), hashlib.sha256).hexdigest()[:32]
