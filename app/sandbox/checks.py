"""What a write must fulfil: values, required properties, uniqueness, the pin. Changes nothing."""

from collections.abc import Collection, Iterator, Mapping

from app.sandbox.catalogue import ACTIVITIES, PIN, ObjectType
from app.sandbox.crm import PORTAL_ID, STAGE_PROPERTIES, Crm
from app.sandbox.errors import ApiError, conflict, duplicates, invalid_values, taken, unreadable
from app.sandbox.model import Record
from app.sandbox.unique import CONTACT, EMAIL, MORE_EMAILS
from app.sandbox.values import Invalid, not_allowed, stored

Fault = dict[str, str]
NEW = "new"  # holds a value of a batch, but has no id yet


def values(
    crm: Crm, kind: ObjectType, given: Mapping[str, object], *, record: Record | None
) -> dict[str, str]:
    """Return `given` as it would be stored. Raises ApiError with all its faults."""
    if kind.read_only:
        raise ApiError(405, f"{kind.name} cannot be written.", category="VALIDATION_ERROR")
    faults: list[Fault] = []
    found: dict[str, str] = {}
    any_case = crm.switches.enum_case == "insensitive"
    now = crm.now()
    for name, value in given.items():
        definition = kind.properties.get(name)
        if isinstance(value, dict | list):
            raise unreadable(f"Cannot deserialize value of property {name} from an Object or Array")
        if definition is None:
            if crm.switches.unknown_property == "reject":
                message = f'Property "{name}" does not exist'
                faults.append(_fault(name, value, "PROPERTY_DOESNT_EXIST", message))
            continue
        if definition.read_only or definition.calculated:
            if crm.switches.readonly_property == "reject":
                message = f'"{name}" is a calculated property; its value cannot be set.'
                faults.append(_fault(name, value, "READ_ONLY_VALUE", message))
            continue
        before = record.properties.get(name, "") if record else ""
        try:
            found[name] = stored(definition, value, before=before, any_case=any_case, now=now)
        except Invalid as error:
            faults.append(_fault(name, value, error.code, error.message))
    _stage(crm, kind, found, record, faults)
    if faults:
        raise invalid_values(faults, portal_id=PORTAL_ID)
    return found


def _stage(
    crm: Crm, kind: ObjectType, found: Mapping[str, str], record: Record | None, faults: list[Fault]
) -> None:
    """Note a stage that is not of the record's pipeline, or a pipeline that is not there."""
    pipelines, names = crm.stage_ids(kind.id), STAGE_PROPERTIES.get(kind.id)
    if not pipelines or names is None:
        return
    pipeline_name, stage_name = names
    given, stage = found.get(pipeline_name), found.get(stage_name)
    held = record.properties.get(pipeline_name, "") if record else ""
    if given and given not in pipelines:
        message = not_allowed(given, [(each, each) for each in pipelines])
        faults.append(_fault(pipeline_name, given, "INVALID_OPTION", message))
    elif stage:
        every = [each for stages in pipelines.values() for each in stages]
        stages = pipelines.get(given or held, every)
        if stage not in stages:
            message = not_allowed(stage, [(each, each) for each in stages])
            faults.append(_fault(stage_name, stage, "INVALID_OPTION", message))


def required(crm: Crm, kind: ObjectType, given: Mapping[str, str]) -> None:
    """Raise the refusal of a create that lacks what its type must have."""
    rule = crm.switches.required_on_create
    if rule == "none":
        return
    needed, any_of = kind.required, kind.any_of
    if rule == "2026-09" and kind.required_2026_09 is not None:
        needed, any_of = kind.required_2026_09, ()
    if kind.id == "0-421" and crm.switches.appointment_required == "name":
        needed = ("hs_appointment_name",)
    missing = [name for name in needed if not given.get(name)]
    if kind.id == "0-47" and given.get("hs_meeting_start_time"):
        missing = [name for name in missing if name != "hs_timestamp"]
    if any_of and not any(given.get(name) for name in any_of):
        missing.append(any_of[0])
    if missing:
        raise ApiError(
            400,
            f"Error creating {kind.singular.upper()}. Some required properties were not set.",
            context={"properties": missing},
        )


def unique(
    crm: Crm,
    kind: ObjectType,
    given: Mapping[str, str],
    *,
    record: Record | None,
    claimed: dict[tuple[str, str], str] | None = None,
) -> None:
    """Raise the refusal of a unique value that another record has.

    `claimed` are the values of the same batch's earlier inputs, and gets this one's.
    """
    own = record.id if record else ""
    for name, property_name, value in _unique(kind, given):
        holder = crm.unique.holder(kind, name, value)
        if holder is not None and holder != own:
            if kind.id == CONTACT and property_name == EMAIL:
                raise conflict(holder)
            raise _taken(crm, kind, property_name, value, own=own, holder=holder)
        if claimed is None:
            continue
        if (name, value) not in claimed:
            claimed[name, value] = own or NEW
            continue
        claimer = claimed[name, value]
        if own and claimer == own:
            continue
        if kind.id == CONTACT and property_name == EMAIL:
            raise duplicates([value])
        raise _taken(crm, kind, property_name, value, own=own, holder=claimer)


def _unique(kind: ObjectType, given: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield the pool that a value is unique in, its property, and the value."""
    for name, value in given.items():
        if value and kind.properties[name].unique:
            yield name, name, value
        elif kind.id == CONTACT and name == MORE_EMAILS:
            for each in value.split(";"):
                if each:
                    yield EMAIL, name, each


def _taken(crm: Crm, kind: ObjectType, name: str, value: str, *, own: str, holder: str) -> ApiError:
    return taken(
        portal_id=PORTAL_ID,
        kind=kind.singular.upper(),
        name=name,
        value=value,
        own=own or crm.least_id(),
        holder=crm.least_id() if holder == NEW else holder,
    )


def pin(crm: Crm, given: Mapping[str, str], linked: Collection[tuple[str, str]]) -> None:
    """Raise the refusal of a pin whose activity is not among `linked`."""
    pinned = given.get(PIN)
    if not pinned or crm.switches.pin_unassociated != "reject":
        return
    if not any(to_id == pinned and to_type in ACTIVITIES for to_type, to_id in linked):
        raise ApiError(
            400,
            f"{PIN}: the activity {pinned} is not associated with this record.",
            context={"propertyName": [PIN]},
            errors=[
                {
                    "message": f"{pinned} is not an activity associated with this record.",
                    "code": "INVALID_PINNED_ENGAGEMENT",
                    "context": {"propertyName": [PIN]},
                }
            ],
        )


def allowed(crm: Crm, kind: ObjectType, given: Mapping[str, str]) -> None:
    """Raise the refusal of an address that was deleted for privacy."""
    if kind.id == CONTACT and given.get(EMAIL) in crm.blocked:
        raise ApiError(400, "This email address was deleted for privacy and cannot be used.")


def _fault(name: str, value: object, code: str, message: str) -> Fault:
    return {"name": name, "value": str(value), "code": code, "message": message}
