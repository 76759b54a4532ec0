"""The CRM itself: records by id and by unique value, their history, the recycling bin."""

import random
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from app.sandbox import catalogue, unique
from app.sandbox.catalogue import Definition, ObjectType
from app.sandbox.defaults import first_pipelines
from app.sandbox.errors import ApiError, not_found
from app.sandbox.link_types import LinkTypes
from app.sandbox.links import Links
from app.sandbox.model import Record
from app.sandbox.switches import STRICT, Switches
from app.sandbox.unique import CONTACT, EMAIL, UniqueValues
from app.sandbox.values import iso

PORTAL_ID = 4455
BIN_DAYS = 90
UNIQUE_PROPERTIES = 10
STAGE_PROPERTIES = {
    "0-3": ("pipeline", "dealstage"),
    "0-5": ("hs_pipeline", "hs_pipeline_stage"),
    "0-162": ("hs_pipeline", "hs_pipeline_stage"),
}


class Crm:
    """Everything that an account holds. Callers hold `lock` around what belongs together."""

    def __init__(self, *, seed: int, switches: Switches = STRICT) -> None:
        self.lock = threading.RLock()
        self.seed = seed
        self.switches = switches
        self.clock_shift = timedelta()
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new account."""
        self.random = random.Random(self.seed)  # noqa: S311 (repeatable, not secret)
        self.shuffler = random.Random(self.seed)  # noqa: S311
        self.types: dict[str, ObjectType] = catalogue.object_types()
        self.records: dict[str, dict[str, Record]] = {}
        self.unique = UniqueValues()
        self.merged: dict[tuple[str, str], str] = {}
        self.blocked: set[str] = set()
        self.active: set[str] = set()
        self.link_types = LinkTypes()
        self.links = Links(self)
        self.groups: dict[str, dict[str, dict[str, object]]] = {}
        self.pipelines: dict[str, dict[str, dict[str, object]]] = first_pipelines()
        self.last_id = 10_000 + self.random.randrange(1_000)
        self._order: dict[str, list[int]] = {}
        self.touched: set[tuple[str, str]] = set()  # what a file has to be told of
        self.replaced = True  # ... or all of it

    def now(self) -> datetime:
        """Return the account's time, which an admin call can move."""
        return datetime.now(UTC) + self.clock_shift

    def touch(self, record: Record) -> None:
        """Note that a record is not what it was."""
        self.touched.add((record.type, record.id))

    # Types and properties

    def kind(self, name: str) -> ObjectType:
        """Return the object type that a path names. Raises ApiError."""
        kind = self.types.get(name) or self._by_name(name.lower())
        if kind is None:
            raise ApiError(400, f"Unable to infer object type from: {name}")
        inactive = kind.activatable and kind.id not in self.active
        if inactive and self.switches.inactive_objects == "403":
            raise ApiError(
                403,
                f"The object type {kind.id} is not activated in this account.",
                category="OBJECT_TYPE_NOT_ACTIVATED",
                context={"objectTypeId": [kind.id]},
            )
        return kind

    def _by_name(self, name: str) -> ObjectType | None:
        for each in self.types.values():
            # The bare name of a custom object is not enough.
            names = (f"p{PORTAL_ID}_{each.name}",) if each.custom else (each.name, each.singular)
            if name in names:
                return each
        return None

    def plural_name(self, name: str) -> str | None:
        """Return what scopes call the type that a path names; None if it names none."""
        kind = self.types.get(name) or self._by_name(name.lower())
        return None if kind is None else "custom" if kind.custom else kind.name

    def define(self, kind: ObjectType, definition: Definition) -> None:
        """Add a property. Raises ApiError when there is one, or too many are unique."""
        if definition.name in kind.properties:
            raise ApiError(
                409,
                f"A property named '{definition.name}' already exists.",
                category="OBJECT_ALREADY_EXISTS",
                subCategory="Properties.PROPERTY_WITH_NAME_EXISTS",
            )
        if definition.unique:
            own = [p for p in kind.properties.values() if p.unique and not p.defined_by_hubspot]
            if len(own) >= UNIQUE_PROPERTIES:
                raise ApiError(400, f"At most {UNIQUE_PROPERTIES} unique properties a type.")
        kind.properties[definition.name] = definition

    # Finding records

    def all(self, kind: ObjectType, *, archived: bool = False, after: int = 0) -> Iterator[Record]:
        """Yield the records of a type in the order of their ids, from the id `after` on."""
        table = self.records.get(kind.id, {})
        order = self._order.get(kind.id)
        if order is None or len(order) < len(table):
            order = self._order[kind.id] = sorted(map(int, table))
        for number in order[bisect_left(order, after) :]:
            record = table.get(str(number))
            if record is not None and self._is_there(record, archived=archived):
                yield record

    def _is_there(self, record: Record, *, archived: bool) -> bool:
        if record.archived is None:
            return not archived
        return archived and record.archived >= self.now() - timedelta(days=BIN_DAYS)

    def find(
        self, kind: ObjectType, key: str, *, by: str | None = None, archived: bool = False
    ) -> Record | None:
        """Return a record by its id or by a unique property. Raises ApiError for another one."""
        if by is None:
            record_id = self.resolved(kind, key)
        else:
            definition = kind.properties.get(by)
            if definition is None or not definition.unique:
                raise ApiError(
                    400, f"Unable to perform update/upsert by non-unique {kind.id} property {by}"
                )
            value = key.strip().lower() if by == EMAIL else key
            record_id = self.unique.holder(kind, by, value) or ""
        record = self.records.get(kind.id, {}).get(record_id)
        return record if record is not None and self._is_there(record, archived=archived) else None

    def resolved(self, kind: ObjectType, record_id: str) -> str:
        """Return the id that an id leads to: its own, or that of what it was merged into."""
        while (kind.id, record_id) in self.merged:
            record_id = self.merged[kind.id, record_id]
        return record_id

    def get(
        self, kind: ObjectType, key: str, *, by: str | None = None, archived: bool = False
    ) -> Record:
        """Return a record; raises the 404 if it is not there."""
        record = self.find(kind, key, by=by, archived=archived)
        if record is None:
            plain = self.switches.notfound_body == "plain"
            raise not_found(plain=plain, record_id="" if by else key)
        return record

    def indexed(self, record: Record, *, now: datetime) -> Mapping[str, str] | None:
        """Return the properties that search sees, which lag behind; None if it sees no record."""
        if record.searchable is None or record.searchable > now:
            return None
        return next((seen for until, seen in record.behind if until > now), record.properties)

    def stage_ids(self, type_id: str) -> dict[str, list[str]]:
        """Return the stages of each pipeline of an object type, by their ids."""
        found: dict[str, list[str]] = {}
        for own_id, pipeline in self.pipelines.get(type_id, {}).items():
            stages = pipeline["stages"]
            found[own_id] = [each["id"] for each in stages] if isinstance(stages, list) else []
        return found

    def next_id(self) -> str:
        """Return an id that nothing has."""
        self.last_id += 1 + self.random.randrange(1, 40)
        return str(self.last_id)

    def least_id(self) -> str:
        """Return the least id that the next record can have."""
        return str(self.last_id + 1)

    # Writing records; the values have been checked

    def create(self, kind: ObjectType, values: Mapping[str, str]) -> Record:
        """Add a record."""
        now = self.now()
        record = Record(id=self.next_id(), type=kind.id, created=now, updated=now)
        system = {
            "hs_object_id": record.id,
            kind.created: iso(now),
            "hs_object_source": "INTEGRATION",
            "hs_object_source_id": "1",
        }
        if kind.id == CONTACT:
            system |= {"hs_is_contact": "true", "hs_all_contact_vids": record.id}
            system |= {"hs_is_unworked": "true", "lifecyclestage": "lead"}
            if values.get(EMAIL):
                system["hs_email_domain"] = values[EMAIL].partition("@")[2]
        if kind.activity:
            system["hs_body_preview"] = ""
        self.records.setdefault(kind.id, {})[record.id] = record
        self._order.setdefault(kind.id, []).append(self.last_id)
        self._write(kind, record, {**system, **values}, now)
        record.searchable = now + timedelta(seconds=self.switches.search_lag_s)
        record.behind.clear()
        return record

    def update(self, kind: ObjectType, record: Record, values: Mapping[str, str]) -> None:
        """Set values on a record."""
        if self.switches.lifecycle == "forward" and "lifecyclestage" in values:
            values = _forward(record, values)
        self._write(kind, record, values, self.now())

    def _write(
        self, kind: ObjectType, record: Record, values: Mapping[str, str], now: datetime
    ) -> None:
        lag_s = self.switches.search_lag_s
        if record.behind or lag_s:
            record.behind = [(until, seen) for until, seen in record.behind if until > now]
            record.behind.append((now + timedelta(seconds=lag_s), dict(record.properties)))
        claims = unique.concerns(kind, values)
        if claims:
            self.unique.free(kind, record)
        for name, value in values.items():
            if name in record.properties and record.properties[name] == value:
                continue  # what is not a change is not in the history
            record.properties[name] = value
            record.history.setdefault(name, []).insert(0, (value, now))
        if claims:
            self.unique.keep(kind, record)
        record.updated = now
        record.properties[kind.modified] = iso(now)
        self.touch(record)

    def archive(self, kind: ObjectType, record: Record) -> None:
        """Put a record into the recycling bin: its unique values are free, its links gone."""
        record.archived = self.now()
        self.unique.free(kind, record)
        self.touch(record)
        for to_type, to_id in record.links:
            other = self.records.get(to_type, {}).get(to_id)
            if other is not None and other.links.pop((kind.id, record.id), None) is not None:
                self.touch(other)

    def restore(self, kind: ObjectType, record: Record) -> None:
        """Take a record out of the recycling bin, with its associations."""
        record.archived = None
        self.unique.keep(kind, record)
        links, record.links = record.links, {}
        for (to_type, to_id), types in links.items():
            other = self.records.get(to_type, {}).get(to_id)
            if other is not None and other.archived is None:
                known = self.link_types.between(kind.id, to_type)
                self.links.add(record, other, [known[key] for key in types if key in known])
        self.touch(record)

    def remove(self, kind: ObjectType, record: Record) -> None:
        """Take a record away for good."""
        self.archive(kind, record)
        del self.records[kind.id][record.id]

    def indexes_made(self) -> None:
        """Make what follows from the records, after they came from elsewhere."""
        self.unique.clear()
        self._order.clear()
        for type_id, table in self.records.items():
            for record in table.values():
                if record.archived is None:
                    self.unique.keep(self.types[type_id], record)


def _forward(record: Record, values: Mapping[str, str]) -> dict[str, str]:
    """Return `values` without a lifecycle stage that would go back."""
    order = catalogue.LIFECYCLE
    before, after = record.properties.get("lifecyclestage", ""), values["lifecyclestage"]
    if before in order and after in order and order.index(after) < order.index(before):
        return {name: value for name, value in values.items() if name != "lifecyclestage"}
    return dict(values)
