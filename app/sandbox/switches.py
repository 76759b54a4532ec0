"""Where sources disagree about HubSpot: one switch each, `strict` and `lenient` presets."""

from dataclasses import dataclass, fields, replace

CHOICES: dict[str, tuple[str | int, ...]] = {
    "empty_properties": ("omit", "null"),
    "required_on_create": ("seed", "2026-09", "none"),
    "pin_unassociated": ("reject", "accept_hidden"),
    "unknown_property": ("reject", "ignore"),
    "readonly_property": ("reject", "ignore"),
    "enum_case": ("strict", "insensitive"),
    "multi_status": ("all", "create_only"),
    "batch_update_by_email": ("accept", "reject"),
    "merge_id": ("new", "preserve"),
    "notfound_body": ("plain", "category"),
    "retry_after_on_429": ("absent", "present"),
    "first_company_primary": ("off", "on"),
    "v3_association_put_code": (200, 201),
    "shuffle_results": ("on", "off"),
    "association_rate_headers": ("off", "on"),
    "inactive_objects": ("403", "allow"),
    "appointment_required": ("start", "name"),
    "lifecycle": ("any", "forward"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How the sandbox behaves; the defaults are the strict preset, `CHOICES` what there is."""

    empty_properties: str = "omit"
    required_on_create: str = "seed"
    pin_unassociated: str = "reject"
    unknown_property: str = "reject"
    readonly_property: str = "reject"
    enum_case: str = "strict"
    multi_status: str = "all"
    batch_update_by_email: str = "accept"
    merge_id: str = "new"
    notfound_body: str = "plain"
    retry_after_on_429: str = "absent"
    first_company_primary: str = "off"
    v3_association_put_code: int = 200
    search_lag_s: float = 5.0
    shuffle_results: str = "on"
    association_rate_headers: str = "off"
    inactive_objects: str = "403"
    appointment_required: str = "start"
    lifecycle: str = "any"

    def changed(self, **values: object) -> "Switches":
        """Return switches with some set anew. Raises ValueError naming every fault."""
        known = [each.name for each in fields(self)]
        faults = []
        for name, value in values.items():
            if name not in known:
                faults.append(f"{name}: no such switch; there are {', '.join(known)}")
            elif name == "search_lag_s":
                if not isinstance(value, int | float) or value < 0:
                    faults.append(f"{name}: {value!r} is not a number of seconds")
            elif value not in CHOICES[name]:
                faults.append(f"{name}: {value!r} is not one of {CHOICES[name]}")
        if faults:
            raise ValueError("; ".join(faults))
        return replace(self, **values)  # type: ignore[arg-type]


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
