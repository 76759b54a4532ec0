"""Reads a portal's `oauth`: an app of one's own that an account lets in."""

from dataclasses import dataclass, field

from workers.settings.fields import Fields

HUBSPOT = "https://api.hubapi.com"
CONSENT = "https://app.hubspot.com/oauth/authorize"
SCOPES = "name what the mappings need: `scopes: [crm.objects.contacts.write]`"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """An app: what it shows of itself, and what it asks an account for."""

    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    authorize_url: str  # the page on which somebody of the account consents


def oauth(portal: Fields, *, base_url: str) -> OAuth | None:
    """Return the app of a portal, None if it has a token."""
    entry = portal.inner("oauth")
    if entry is None:
        return None
    consent = CONSENT if base_url == HUBSPOT else f"{base_url}/oauth/authorize"
    scopes = tuple(dict.fromkeys(entry.texts("scopes")))
    if not scopes:
        entry.fault(entry.node.items.get("scopes") or entry.node, "scopes", f"is missing; {SCOPES}")
    found = OAuth(
        client_id=entry.text("client_id", needed="add the app's client id") or "",
        client_secret=entry.text(
            "client_secret", needed="add `client_secret: ${HUBSPOT_APP_SECRET}`"
        )
        or "",
        scopes=scopes,
        authorize_url=entry.url("authorize_url", consent, ("https", "http")) or consent,
    )
    entry.close()
    return found
