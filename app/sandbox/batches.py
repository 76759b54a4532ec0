"""Batches of records: all or nothing, or, with trace ids, each input for itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from app.sandbox import checks
from app.sandbox.asking import mapping, number_of, required, rows, text
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError, duplicates, together, unreadable
from app.sandbox.link_types import HUBSPOT, LinkType, TypeKey
from app.sandbox.model import Record
from app.sandbox.shapes import shown

Body = dict[str, object]
Claims = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that has been checked: a create if there is no record yet."""

    record: Record | None
    values: Mapping[str, str]
    links: Sequence[tuple[Record, Sequence[LinkType]]] = ()


@dataclass(slots=True, kw_only=True)
class Answer:
    """What became of the inputs of a batch."""

    results: list[Body] = field(default_factory=list)
    errors: list[Body] = field(default_factory=list)


def properties_of(found: Mapping[str, object]) -> Mapping[str, object]:
    """Return the properties of a body or an input. Raises the 400 if there are none."""
    given = required(found, "properties")
    if not isinstance(given, dict):
        raise unreadable("properties is an object")
    return given


def create(
    crm: Crm, kind: ObjectType, each: Mapping[str, object], claimed: Claims | None = None
) -> Write:
    """Return the create that an input asks for, associations before the pin. Raises ApiError."""
    values = checks.values(crm, kind, properties_of(each), record=None)
    checks.allowed(crm, kind, values)
    checks.required(crm, kind, values)
    links = _links(crm, kind, each.get("associations"))
    checks.unique(crm, kind, values, record=None, claimed=claimed)
    checks.pin(crm, values, [(other.type, other.id) for other, _ in links])
    return Write(record=None, values=values, links=links)


def update(
    crm: Crm,
    kind: ObjectType,
    record: Record,
    given: Mapping[str, object],
    claimed: Claims | None = None,
) -> Write:
    """Return the update of a record. Raises ApiError."""
    values = checks.values(crm, kind, given, record=record)
    checks.allowed(crm, kind, values)
    checks.unique(crm, kind, values, record=record, claimed=claimed)
    checks.pin(crm, values, record.links)
    return Write(record=record, values=values)


def done(crm: Crm, kind: ObjectType, write: Write) -> Record:
    """Do a write that has been checked, and return the record."""
    if write.record is not None:
        crm.update(kind, write.record, write.values)
        return write.record
    record = crm.create(kind, write.values)
    for other, types in write.links:
        crm.links.add(record, other, types)
    return record


def run(
    crm: Crm,
    kind: ObjectType,
    inputs: Sequence[Body],
    prepare: Callable[[Body, Claims | None], Write],
    *,
    verb: str,
    spoiled: Collection[int] = (),
) -> Answer:
    """Write each input; without a trace id on every one, a single fault refuses them all.

    The inputs whose numbers are in `spoiled` fail for no fault of theirs.
    """
    traces = [each.get("objectWriteTraceId") for each in inputs]
    apart = all(traces) and len(set(map(str, traces))) == len(traces)
    apart = apart and (crm.switches.multi_status == "all" or verb == "create")
    found = Answer()
    ready: list[Write | None] = [None] * len(inputs)
    if not apart:
        ready = [*_prepared(inputs, prepare)]
    for index, (each, trace) in enumerate(zip(inputs, traces, strict=True)):
        name = None if trace is None else text(trace)
        try:
            if index in spoiled:
                raise ApiError(500, "internal error", category="INTERNAL_ERROR")  # noqa: TRY301
            write = ready[index] or prepare(each, None)
            row = shown(crm, kind, done(crm, kind, write), echo=True)
        except ApiError as error:
            if not apart and index not in spoiled:
                raise
            found.errors.append(error.row(name))
            continue
        if verb == "upsert":
            row["new"] = write.record is None
        if name is not None:
            row["objectWriteTraceId"] = name
        found.results.append(row)
    return found


def _prepared(
    inputs: Sequence[Body], prepare: Callable[[Body, Claims | None], Write]
) -> list[Write]:
    """Return every write of a batch that goes through whole. Raises ApiError with all faults."""
    claimed: Claims = {}
    faults: list[ApiError] = []
    writes: list[Write] = []
    for each in inputs:
        try:
            writes.append(prepare(each, claimed))
        except ApiError as error:
            faults.append(error)
    if faults:
        raise together(faults)
    return writes


def refuse_duplicates(keys: Sequence[str]) -> None:
    """Raise the refusal of a batch that names one record twice."""
    seen: set[str] = set()
    twice = []
    for key in keys:
        if key in seen:
            twice.append(key)
        seen.add(key)
    if twice:
        raise duplicates(twice)


def type_keys(listed: object) -> list[TypeKey]:
    """Return the association types that a body names. Raises ApiError."""
    return [
        (
            text(each.get("associationCategory")) or HUBSPOT,
            number_of(each.get("associationTypeId"), "associationTypeId"),
        )
        for each in rows(listed, "types")
    ]


def _links(crm: Crm, kind: ObjectType, listed: object) -> list[tuple[Record, Sequence[LinkType]]]:
    """Return the records and types of inline associations. Raises ApiError with all faults."""
    found: list[tuple[Record, Sequence[LinkType]]] = []
    invalid: list[str] = []
    for each in rows(listed or [], "associations"):
        to_id = text(mapping(each.get("to")).get("id"))
        keys = type_keys(each.get("types") or [])
        to_type = crm.link_types.target(kind.id, keys, known=crm.types)
        types = crm.link_types.checked(kind.id, to_type, keys)
        to_kind = crm.types[to_type]
        other = crm.find(to_kind, to_id)
        if other is None:
            invalid.append(f"{to_kind.singular.upper()}={to_id} is not valid")
        else:
            found.append((other, types))
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
