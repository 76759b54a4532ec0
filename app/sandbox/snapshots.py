"""The whole state as JSON: to go back to it, or to find it again after a restart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from app.sandbox.catalogue import Definition, ObjectType
from app.sandbox.crm import Crm
from app.sandbox.link_types import LinkType
from app.sandbox.model import Record


def packed(record: Record) -> bytes:
    """Return a record as JSON."""
    return orjson.dumps(
        {
            "id": record.id,
            "type": record.type,
            "created": record.created,
            "updated": record.updated,
            "properties": record.properties,
            "history": record.history,
            "links": [[*to, [*types]] for to, types in record.links.items()],
            "archived": record.archived,
            "searchable": record.searchable,
        }
    )


def unpacked(text: bytes) -> Record:
    """Return a record that was packed. What search had not seen yet, it sees now."""
    found = orjson.loads(text)
    return Record(
        id=found["id"],
        type=found["type"],
        created=datetime.fromisoformat(found["created"]),
        updated=datetime.fromisoformat(found["updated"]),
        properties=found["properties"],
        history={
            name: [(value, datetime.fromisoformat(at)) for value, at in versions]
            for name, versions in found["history"].items()
        },
        links={
            (to_type, to_id): dict.fromkeys(map(tuple, types))
            for to_type, to_id, types in found["links"]
        },
        archived=_moment(found["archived"]),
        searchable=_moment(found["searchable"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def state(crm: Crm, *, ids_only: bool = False) -> dict[str, bytes]:
    """Return what an account holds beside its records; `ids_only`, what each write changes."""
    found: dict[str, object] = {"next_id": crm.last_id}
    if not ids_only:
        found |= {
            "types": [*crm.types.values()],
            "merged": [[*key, into] for key, into in crm.merged.items()],
            "blocked": sorted(crm.blocked),
            "active": sorted(crm.active),
            "labels": crm.link_types.labels,
            "limits": [[*key, most] for key, most in crm.links.limits.items()],
            "groups": crm.groups,
            "pipelines": crm.pipelines,
            "clock_shift_s": crm.clock_shift.total_seconds(),
        }
    return {name: orjson.dumps(value) for name, value in found.items()}


def put_back(crm: Crm, kept: Mapping[str, bytes], records: list[Record]) -> None:
    """Make the CRM what it was."""
    crm.reset()
    found = {name: orjson.loads(text) for name, text in kept.items()}
    crm.types = {each["id"]: _type(each) for each in found["types"]}
    crm.merged = {(kind, record_id): into for kind, record_id, into in found["merged"]}
    crm.blocked, crm.active = set(found["blocked"]), set(found["active"])
    crm.link_types.labels = [LinkType(**each) for each in found["labels"]]
    crm.links.limits = {(a, b, name, number): most for a, b, name, number, most in found["limits"]}
    crm.groups, crm.clock_shift = found["groups"], timedelta(seconds=found["clock_shift_s"])
    crm.pipelines = found["pipelines"]
    crm.last_id = found["next_id"]
    for record in records:
        crm.records.setdefault(record.type, {})[record.id] = record
    crm.indexes_made()


def _type(found: dict[str, Any]) -> ObjectType:
    kind = ObjectType(**{**found, "properties": {}})
    later = kind.required_2026_09
    return replace(
        kind,
        required=tuple(kind.required),
        any_of=tuple(kind.any_of),
        required_2026_09=None if later is None else tuple(later),
        defaults=tuple(kind.defaults),
        searched=tuple(kind.searched),
        labels=tuple((name, label) for name, label in kind.labels),
        properties={
            name: Definition(**{**each, "options": tuple(map(tuple, each["options"]))})
            for name, each in found["properties"].items()
        },
    )


class Snapshot:
    """An account as it was."""

    def __init__(self, crm: Crm) -> None:
        self._state = state(crm)
        self._records = [packed(r) for table in crm.records.values() for r in table.values()]

    @property
    def size_bytes(self) -> int:
        """How much it holds."""
        return sum(map(len, (*self._state.values(), *self._records)))

    def put_back(self, crm: Crm) -> None:
        """Make the CRM what it was."""
        put_back(crm, self._state, [unpacked(each) for each in self._records])
