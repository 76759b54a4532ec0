"""Batches of records: all or nothing, or, with trace ids, each input for itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.sandbox.asking import mapping, text
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm, Record
from app.sandbox.errors import ApiError, together
from app.sandbox.shapes import envelope, shown

Body = dict[str, object]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The body and status of a batch."""

    body: Body
    status: int


def run(
    crm: Crm,
    kind: ObjectType,
    inputs: Sequence[Body],
    write: Callable[[Body], tuple[Record, bool | None]],
    *,
    check: Callable[[Sequence[Body]], list[ApiError]],
    created: int,
    verb: str,
) -> Outcome:
    """Write each input; without a trace id on every one, a single fault refuses them all."""
    started = crm.now()
    traces = [each.get("objectWriteTraceId") for each in inputs]
    apart = all(traces) and len(set(map(str, traces))) == len(traces)
    apart = apart and (crm.switches.multi_status == "all" or verb == "create")
    if not apart:
        faults = check(inputs)
        if faults:
            raise together(faults)
    results: list[Body] = []
    errors: list[Body] = []
    for number, each in enumerate(inputs):
        trace = each.get("objectWriteTraceId")
        try:
            if apart and crm.partial and number % 2:
                raise _failed()
            record, new = write(each)
        except ApiError as error:
            if not apart:
                raise
            errors.append(error.row(text(trace)))
            continue
        row = shown(crm, kind, record, echo=True)
        if new is not None:
            row["new"] = new
        if trace is not None:
            row["objectWriteTraceId"] = text(trace)
        results.append(row)
    status = 207 if errors else created
    return Outcome(body=envelope(crm, results, errors, started=started), status=status)


def _failed() -> ApiError:
    """Return the fault of one input of a batch that is to succeed in part."""
    message = "You have reached your ten_secondly_rolling limit."
    return ApiError(429, message, category="RATE_LIMITS")


def refuse_duplicates(keys: Sequence[str]) -> None:
    """Raise the refusal of a batch that names one record twice."""
    seen: set[str] = set()
    twice = []
    for key in keys:
        if key in seen:
            twice.append(key)
        seen.add(key)
    if twice:
        listed = ", ".join(dict.fromkeys(twice))
        raise ApiError(
            400,
            f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique",
            context={"ids": list(dict.fromkeys(twice))},
        )


def linked_inputs(
    crm: Crm, kind: ObjectType, listed: object
) -> list[tuple[Record, list[tuple[str, int]]]]:
    """Return the records and types of inline associations. Raises ApiError with all faults."""
    found: list[tuple[Record, list[tuple[str, int]]]] = []
    invalid: list[str] = []
    for each in listed if isinstance(listed, list) else []:
        to_id = text(mapping(mapping(each).get("to")).get("id"))
        types = mapping(each).get("types")
        asked = [
            (
                text(mapping(t).get("associationCategory")) or "HUBSPOT_DEFINED",
                int(text(mapping(t).get("associationTypeId")) or 0),
            )
            for t in (types if isinstance(types, list) else [])
        ]
        to_kind = _to_kind(crm, kind, asked)
        other = crm.find(to_kind, to_id)
        if other is None:
            invalid.append(f"{to_kind.singular.upper()}={to_id} is not valid")
        else:
            found.append((other, crm.checked_types(kind.id, to_kind.id, asked)))
    if invalid:
        raise ApiError(
            400,
            "One or more associations are not valid: " + ", ".join(invalid),
            errors=[
                {
                    "message": "One or more associations are not valid",
                    "code": "INVALID_OBJECT_IDS",
                    "context": {"INVALID_OBJECT_IDS": invalid},
                }
            ],
        )
    return found


def _to_kind(crm: Crm, kind: ObjectType, asked: Sequence[tuple[str, int]]) -> ObjectType:
    """Return the object type that association types lead to."""
    if not asked:
        raise ApiError(400, "Some required fields were not set: [types]")
    category, type_id = asked[0]
    for to_kind in crm.types.values():
        if crm.link_type(kind.id, to_kind.id, category, type_id) is not None:
            return to_kind
    crm.checked_types(kind.id, "", asked)
    raise ApiError(400, f"There is no association type {type_id} from {kind.id}.")


def create_one(crm: Crm, kind: ObjectType, each: Mapping[str, object]) -> Record:
    """Create one record with its associations and its pin, all or nothing."""
    if kind.read_only:
        raise ApiError(400, f"{kind.name} are read-only.")
    values = crm.checked(kind, mapping(each.get("properties")), record=None)
    if kind.id == "0-1" and values.get("email", "") in crm.blocked:
        raise ApiError(400, "This email address was deleted for privacy and cannot be used.")
    crm.check_required(kind, values)
    links = linked_inputs(crm, kind, each.get("associations"))
    crm.check_unique(kind, values, record=None)
    crm.check_pin(values, [(other.type, other.id) for other, _ in links])
    record = crm.create(kind, values)
    for other, types in links:
        crm.link(record, other, types)
    return record


def check_creates(crm: Crm, kind: ObjectType, inputs: Sequence[Body]) -> list[ApiError]:
    """Return what would refuse a batch of creates, without writing."""
    faults: list[ApiError] = []
    taken: set[tuple[str, str]] = set()
    for each in inputs:
        try:
            values = crm.checked(kind, mapping(each.get("properties")), record=None)
            crm.check_required(kind, values)
            links = linked_inputs(crm, kind, each.get("associations"))
            crm.check_unique(kind, values, record=None)
            crm.check_pin(values, [(other.type, other.id) for other, _ in links])
            _refuse_twice(kind, values, taken)
        except ApiError as error:
            faults.append(error)
    return faults


def _refuse_twice(kind: ObjectType, values: Mapping[str, str], taken: set[tuple[str, str]]) -> None:
    """Raise the refusal of a unique value that an earlier input of the batch has."""
    for name, value in values.items():
        if value and kind.properties[name].unique:
            if (name, value) in taken:
                raise ApiError(400, f"{name} {value} is in the batch twice.")
            taken.add((name, value))


def update_one(crm: Crm, kind: ObjectType, record: Record, values: Mapping[str, object]) -> Record:
    """Set properties of a record, all or nothing."""
    checked = crm.checked(kind, values, record=record)
    crm.check_unique(kind, checked, record=record)
    crm.check_pin(checked, record.links)
    crm.update(kind, record, checked)
    return record


def check_updates(
    crm: Crm, kind: ObjectType, pairs: Sequence[tuple[Record | None, Mapping[str, object]]]
) -> list[ApiError]:
    """Return what would refuse a batch of updates or upserts, without writing."""
    faults: list[ApiError] = []
    for record, values in pairs:
        try:
            checked = crm.checked(kind, values, record=record)
            if record is None:
                crm.check_required(kind, checked)
            crm.check_unique(kind, checked, record=record)
            crm.check_pin(checked, record.links if record else ())
        except ApiError as error:
            faults.append(error)
    return faults


def missing(kind: ObjectType, ids: Sequence[str]) -> Body:
    """Return the row of a 207 for ids that are not there."""
    message = (
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    error = ApiError(404, message, category="OBJECT_NOT_FOUND", context={"ids": list(ids)})
    return error.row(None)
