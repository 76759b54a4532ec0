"""Where a record can be looked at: its page in HubSpot, or in the sandbox."""

from dataclasses import dataclass, field

from app.desk import Desk
from workers.objects import TYPE_IDS, canonical
from workers.store.portals import Account

HUBSPOT_API = "hubapi.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The pages of records; whose account a portal is, is asked of the store once."""

    desk: Desk
    _accounts: dict[str, Account | None] = field(default_factory=dict)

    def url(self, portal: str, record: str) -> str | None:
        """Return the page of a record like "contacts/9001"; None while the account is not known.

        A look at the portal tells it, and is asked for here if nobody took one yet.
        """
        kind, _, id = record.partition("/")
        config = self.desk.settings.portals.get(portal)
        if not id or config is None:
            return None
        if HUBSPOT_API not in config.base_url:
            return f"{config.base_url}/_sandbox/view/{kind}/{id}"
        account = self._account(portal)
        if account is None or not account.ui_domain:
            return None
        type_id = TYPE_IDS.get(canonical(kind), kind)
        return f"https://{account.ui_domain}/contacts/{account.id}/record/{type_id}/{id}"

    def _account(self, portal: str) -> Account | None:
        if portal not in self._accounts:
            self._accounts[portal] = self.desk.store.account(portal)
            if self._accounts[portal] is None:
                self.desk.runtime.send_look(portal)
        return self._accounts[portal]
