"""Where a record can be looked at: its page in HubSpot, or in the sandbox."""

from app.desk import Desk
from workers.objects import TYPE_IDS, canonical

HUBSPOT_API = "hubapi.com"


def record_url(desk: Desk, portal: str, record: str) -> str | None:
    """Return the page of a record like "contacts/9001"; None while the account is not known.

    The account is known once the portal was looked at (`portals.checked`).
    """
    kind, _, id = record.partition("/")
    config = desk.settings.portals.get(portal)
    if not id or config is None:
        return None
    if HUBSPOT_API not in config.base_url:
        return f"{config.base_url}/_sandbox/view/{kind}/{id}"
    told = desk.store.account(portal)
    if told is None:
        return None
    type_id = TYPE_IDS.get(canonical(kind), kind)
    return f"https://{told.ui_domain}/contacts/{told.id}/record/{type_id}/{id}"
