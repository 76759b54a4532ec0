"""Records and batches as HubSpot writes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.link_types import LinkType
from app.sandbox.model import Record
from app.sandbox.values import iso


def shown(
    crm: Crm,
    kind: ObjectType,
    record: Record,
    *,
    properties: Sequence[str] = (),
    history: Sequence[str] = (),
    associations: Sequence[str] = (),
    echo: bool = False,
    held: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Return a record. `echo` shows every property, as the answer to a write does.

    `held` are the properties that are shown when they are not the record's own of now.
    """
    held = record.properties if held is None else held
    if echo:
        names: Iterable[str] = held
    else:
        system = ("hs_object_id", kind.created, kind.modified)
        names = dict.fromkeys((*(properties or kind.defaults), *history, *system))
    values: dict[str, str | None] = {}
    for name in names:
        value = held.get(name)
        if value:
            values[name] = value
        elif not echo and crm.switches.empty_properties == "null" and name in kind.properties:
            values[name] = None
    body: dict[str, object] = {
        "id": record.id,
        "properties": values,
        "createdAt": iso(record.created),
        "updatedAt": iso(record.updated),
        "archived": record.archived is not None,
    }
    if record.archived is not None:
        body["archivedAt"] = iso(record.archived)
    if history:
        body["propertiesWithHistory"] = {
            name: [
                {
                    "value": value,
                    "timestamp": iso(at),
                    "sourceType": "INTEGRATION",
                    "sourceId": "1",
                }
                for value, at in record.history.get(name, [])
            ]
            for name in history
        }
    if associations:
        linked = _associations(crm, kind, record, associations)
        if linked:
            body["associations"] = linked
    return body


def _associations(
    crm: Crm, kind: ObjectType, record: Record, wanted: Sequence[str]
) -> dict[str, object]:
    """Return what a record is associated with: one entry for each record and type."""
    found: dict[str, object] = {}
    for name in wanted:
        to_kind = crm.kind(name)
        types = crm.link_types.between(kind.id, to_kind.id)
        results = [
            {"id": to_id, "type": link_name(kind, to_kind, types.get(key))}
            for (to_type, to_id), keys in record.links.items()
            if to_type == to_kind.id
            for key in keys
        ]
        if results:
            found[to_kind.name] = {"results": results}
    return found


def link_name(kind: ObjectType, to_kind: ObjectType, link: LinkType | None) -> str:
    """Return the name of an association type as v3 writes it."""
    plain = f"{kind.singular}_to_{to_kind.singular}"
    if link is None or link.kind == "unlabelled":
        # Where there is a primary type, that one has the plain name.
        return f"{plain}_unlabeled" if "0-2" in (kind.id, to_kind.id) else plain
    return plain if link.kind == "primary" else link.name


def envelope(
    crm: Crm,
    results: list[dict[str, object]],
    errors: Sequence[Mapping[str, object]] = (),
    *,
    started: datetime,
) -> dict[str, object]:
    """Return the body of a batch: its results in an order that is not the input's."""
    if crm.switches.shuffle_results == "on":
        crm.shuffler.shuffle(results)
    body: dict[str, object] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(started),
        "completedAt": iso(crm.now()),
    }
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = list(errors)
    return body
