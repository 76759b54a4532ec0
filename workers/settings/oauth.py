"""Reads a portal's `oauth`: an app of one's own that an account lets in."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from workers.settings.fields import Fields
from workers.settings.variables import file_of

HUBSPOT = re.compile(r"https://api(?P<place>-[a-z0-9]+)?\.hubapi\.com")
ALWAYS = "oauth"  # a scope that each of HubSpot's apps requires
SCOPES = "name what the mappings need: `scopes: [crm.objects.contacts.write]`"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """An app: what it shows of itself, and what it asks an account for."""

    client_id: str
    client_secret: str = field(repr=False)
    client_secret_file: Path | None = None  # where it is looked for again
    scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...] = ()  # asked for, and done without where an account has none
    authorize_url: str  # the page on which somebody of the account consents


def oauth(portal: Fields, *, base_url: str) -> OAuth | None:
    """Return the app of a portal, None if it has a token."""
    entry = portal.inner("oauth")
    if entry is None:
        return None
    consent = _consent(base_url)
    scopes = tuple(dict.fromkeys(entry.texts("scopes")))
    if not scopes:
        entry.fault(entry.node.items.get("scopes") or entry.node, "scopes", f"is missing; {SCOPES}")
    elif HUBSPOT.fullmatch(base_url) and ALWAYS not in scopes:
        told = f"lacks `{ALWAYS}`, which HubSpot's apps require; add it, or its page may refuse"
        entry.warn(entry.node.items["scopes"], "scopes", told)
    optional = dict.fromkeys(entry.texts("optional_scopes"))
    secret = entry.get("client_secret")
    found = OAuth(
        client_id=entry.text("client_id", needed="add the app's client id") or "",
        client_secret=entry.text(
            "client_secret", needed="add `client_secret: ${HUBSPOT_APP_SECRET}`"
        )
        or "",
        client_secret_file=None if secret is None else file_of(secret.text, entry.notes.environ),
        scopes=scopes,
        optional_scopes=tuple(each for each in optional if each not in scopes),
        authorize_url=entry.url("authorize_url", consent, ("https", "http")) or consent,
    )
    entry.close()
    return found


def _consent(base_url: str) -> str:
    """Return the page of consent that goes with an API: HubSpot's own, of the same data centre."""
    found = HUBSPOT.fullmatch(base_url)
    if found is None:
        return f"{base_url}/oauth/authorize"
    return f"https://app{found['place'] or ''}.hubspot.com/oauth/authorize"
