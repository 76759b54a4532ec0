"""Operations → the fewest calls, of as many inputs as the CRM takes. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workers.crm import calls
from workers.crm.calls import Api, Call
from workers.operations import Kind, Operation

LIMIT = 100  # inputs a call, HubSpot's own limit on its object batches
PAIRS_LIMIT = 2_000  # inputs a call of the association batches
SEARCH_CHARACTERS = 2_400  # of values, so that the body stays under HubSpot's 3,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A call, and the operations that it carries."""

    call: Call
    operations: tuple[Operation, ...]
    api: Api
    details: bool = False  # the second half of a RECALL: the activities themselves


def batches(operations: Iterable[Operation], api: Api) -> list[Batch]:
    """Return the fewest calls that carry `operations`, in their order."""
    groups: dict[tuple[str, ...], list[Operation]] = {}
    for op in operations:
        groups.setdefault(_group(op), []).append(op)
    return [batch for group in groups.values() for batch in _chunked(group, api)]


def _group(op: Operation) -> tuple[str, ...]:
    match op.kind:
        case Kind.UPSERT | Kind.READ | Kind.SEARCH:
            return (op.kind, op.object_type, op.property)
        case Kind.ASSOCIATE | Kind.DISSOCIATE:
            return (op.kind, op.object_type, op.to_type, "" if op.type_id is None else "typed")
        case Kind.RECALL:
            return (op.kind, op.object_type, op.to_type)
        case Kind.CREATE | Kind.UPDATE | Kind.ARCHIVE:
            return (op.kind, op.object_type)


def _chunked(group: Sequence[Operation], api: Api) -> Iterable[Batch]:
    kind = group[0].kind
    limit = PAIRS_LIMIT if kind in (Kind.ASSOCIATE, Kind.DISSOCIATE) else LIMIT
    chunk: list[Operation] = []
    characters = 0
    for op in group:
        characters += len(op.value) + 3
        full = len(chunk) == limit
        if full or (kind is Kind.SEARCH and chunk and characters > SEARCH_CHARACTERS):
            yield _batch(chunk, api)
            chunk, characters = [], len(op.value) + 3
        chunk.append(op)
    if chunk:
        yield _batch(chunk, api)


def _batch(ops: Sequence[Operation], api: Api) -> Batch:
    return Batch(call=_call(ops, api), operations=tuple(ops), api=api)


def _call(ops: Sequence[Operation], api: Api) -> Call:
    first = ops[0]
    match first.kind:
        case Kind.UPSERT:
            return api.upsert_batch(
                first.object_type,
                key_property=first.property,
                rows=[
                    calls.UpsertRow(key=op.value, properties=op.properties, trace=op.key)
                    for op in ops
                ],
            )
        case Kind.READ:
            return api.read_batch(
                first.object_type,
                ids=[op.value for op in ops],
                key_property=first.property,
                properties=(first.property,),
            )
        case Kind.SEARCH:
            return api.search(
                first.object_type,
                property=first.property,
                values=[op.value for op in ops],
                properties=(first.property, "createdate"),
                limit=200,
            )
        case Kind.CREATE:
            return api.create_batch(
                first.object_type,
                rows=[
                    calls.CreateRow(
                        properties=op.properties,
                        links=[
                            calls.LinkTo(
                                to_id=link.id, category=link.category, type_id=link.type_id or 0
                            )
                            for link in op.links
                        ],
                        trace=op.key,
                    )
                    for op in ops
                ],
            )
        case Kind.UPDATE:
            return api.update_batch(
                first.object_type,
                rows=[
                    calls.UpdateRow(id=op.value, properties=op.properties, trace=op.key)
                    for op in ops
                ],
            )
        case Kind.ARCHIVE:
            return api.archive_batch(first.object_type, ids=[op.value for op in ops])
        case Kind.ASSOCIATE | Kind.DISSOCIATE:
            return _pairs_call(ops, api)
        case Kind.RECALL:
            return api.read_associations_batch(
                first.object_type, first.to_type, ids=list(dict.fromkeys(op.value for op in ops))
            )


def _pairs_call(ops: Sequence[Operation], api: Api) -> Call:
    first = ops[0]
    pairs = [(op.value, op.to_id) for op in ops]
    rows = [
        calls.PairRow(from_id=op.value, to_id=op.to_id, category=op.category, type_id=op.type_id)
        for op in ops
    ]
    if first.kind is Kind.ASSOCIATE:
        if first.type_id is None:
            return api.associate_default_batch(first.object_type, first.to_type, pairs=pairs)
        return api.associate_batch(first.object_type, first.to_type, rows=rows)
    if first.type_id is None:
        return api.dissociate_batch(first.object_type, first.to_type, pairs=pairs)
    return api.dissociate_labels_batch(first.object_type, first.to_type, rows=rows)
