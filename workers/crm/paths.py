"""Where each part of the API is, in either family of paths: classic, or dated (2026-03)."""

from dataclasses import dataclass
from urllib.parse import quote

from workers.errors import Permanent

CLASSIC = "classic"

_PARTS = {
    "objects": ("/crm/v3/objects", "/crm/objects/{}"),
    "linked": ("/crm/v4/objects", "/crm/objects/{}"),  # associations in the object path
    "associations": ("/crm/v4/associations", "/crm/associations/{}"),
    "properties": ("/crm/v3/properties", "/crm/properties/{}"),
    "pipelines": ("/crm/v3/pipelines", "/crm/pipelines/{}"),
    "owners": ("/crm/v3/owners", "/crm/owners/{}"),
    "schemas": ("/crm-object-schemas/v3/schemas", "/crm-object-schemas/{}/schemas"),
    "library": ("/crm/v3/object-library/enablement", "/crm/object-library/{}/enablement"),
    "limits": ("/crm/v3/limits", "/crm/limits/{}"),
    "account": ("/account-info/v3", "/account-info/{}"),
    "token": ("/oauth/v1/token", "/oauth/{}/token"),
}


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one family."""

    family: str = CLASSIC

    def to(self, part: str, *segments: str) -> str:
        """Return the path of `part`, its further segments quoted.

        Raises Permanent for a segment that would lead elsewhere: an empty id makes a path to a
        record into one to all of them.
        """
        classic, dated = _PARTS[part]
        base = classic if self.family == CLASSIC else dated.format(self.family)
        return "/".join((base, *(_quoted(segment, base=base) for segment in segments)))


def _quoted(segment: str, *, base: str) -> str:
    if segment.strip(". ") == "":
        raise Permanent(f"{base}: {segment!r} is no name or id; give one that is not empty")
    return quote(segment, safe="")
