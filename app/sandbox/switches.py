"""Where sources disagree about HubSpot: one switch each, `strict` and `lenient` presets."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How the sandbox behaves; the defaults are the strict preset."""

    empty_properties: str = "omit"  # or null
    required_on_create: str = "seed"  # or none
    pin_unassociated: str = "reject"  # or accept_hidden
    unknown_property: str = "reject"  # or ignore
    readonly_property: str = "reject"  # or ignore
    enum_case: str = "strict"  # or insensitive
    multi_status: str = "all"  # or create_only
    batch_update_by_email: str = "accept"  # or reject
    merge_id: str = "new"  # or preserve
    notfound_body: str = "plain"  # or category
    retry_after_on_429: str = "absent"  # or present
    first_company_primary: str = "off"  # or on
    v3_association_put_code: int = 200  # or 201
    search_lag_s: float = 5.0
    shuffle_results: str = "on"  # or off
    association_rate_headers: str = "off"  # or on
    inactive_objects: str = "403"  # or allow
    appointment_required: str = "start"  # or name
    lifecycle: str = "any"  # or forward

    def changed(self, **values: object) -> "Switches":
        """Return switches with some set anew. Raises ValueError for one that there is not."""
        known = {each.name: each.type for each in fields(self)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}; there are {sorted(known)}")
        typed = {name: type(getattr(self, name))(value) for name, value in values.items()}
        return replace(self, **typed)


STRICT = Switches()
LENIENT = Switches(
    empty_properties="null",
    required_on_create="none",
    pin_unassociated="accept_hidden",
    unknown_property="ignore",
    readonly_property="ignore",
    enum_case="insensitive",
    notfound_body="category",
    retry_after_on_429="present",
    first_company_primary="on",
    v3_association_put_code=201,
    search_lag_s=0.0,
    shuffle_results="off",
    association_rate_headers="on",
    inactive_objects="allow",
)
