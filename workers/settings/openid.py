"""Reads who else vouches for people who log in: an OpenID provider."""

from dataclasses import dataclass, field

from workers.settings.fields import Fields

ROLES = ("viewer", "operator", "admin", "none")
SCHEMES = ("https", "http")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenId:
    """A provider, and what those may do whom it vouches for."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    domains: tuple[str, ...]  # of the mail addresses that are let in
    role: str = "none"  # of whoever comes for the first time; none: an admin makes the user first


def open_id(top: Fields) -> OpenId | None:
    """Return the provider, None if there is none."""
    entry = top.inner("oidc")
    if entry is None:
        return None
    issuer = entry.url("issuer", None, SCHEMES)
    if issuer is None and entry.get("issuer") is None:
        entry.fault(entry.node, "issuer", "is missing; write the provider's https:// address")
    domains = tuple(each.lower() for each in entry.texts("domains"))
    if not domains:
        told = "is missing; name those whose mail addresses are let in: `domains: [example.com]`"
        entry.fault(entry.node, "domains", told)
    found = OpenId(
        issuer=(issuer or "").rstrip("/"),
        client_id=entry.text("client_id", needed="add the client's id at the provider") or "",
        client_secret=entry.text("client_secret", needed="add `client_secret: ${OIDC_SECRET}`")
        or "",
        domains=domains,
        role=entry.choice("role", "none", ROLES),
    )
    entry.close()
    return found
