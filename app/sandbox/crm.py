"""The CRM itself: records, associations, history, the recycling bin. One lock around it all."""

import random
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.sandbox import catalogue
from app.sandbox.catalogue import ACTIVITIES, Definition, LinkType, ObjectType
from app.sandbox.defaults import first_pipelines
from app.sandbox.errors import ApiError, conflict, invalid_values, not_found, taken
from app.sandbox.switches import STRICT, Switches
from app.sandbox.values import Invalid, iso, stored

PORTAL_ID = 4455
BIN_DAYS = 90
PIN = "hs_pinned_engagement_id"
UNIQUE_PROPERTIES = 10
STAGE_PROPERTIES = {
    "0-3": ("pipeline", "dealstage"),
    "0-5": ("hs_pipeline", "hs_pipeline_stage"),
    "0-162": ("hs_pipeline", "hs_pipeline_stage"),
}


@dataclass(slots=True)
class Record:
    """One record; what was ever written to it is in `history`, the newest first."""

    id: str
    type: str
    created: datetime
    updated: datetime
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[tuple[str, int], None]] = field(default_factory=dict)
    archived: datetime | None = None
    searchable: datetime | None = None


class Crm:
    """Everything that an account holds. Callers hold `lock` around what belongs together."""

    def __init__(self, *, seed: int, switches: Switches = STRICT) -> None:
        self.lock = threading.RLock()
        self.seed = seed
        self.switches = switches
        self.clock_shift = timedelta()
        self.partial = False  # every second input of the batch at hand is to fail
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new account."""
        self.random = random.Random(self.seed)  # noqa: S311 (repeatable, not secret)
        self.types: dict[str, ObjectType] = catalogue.object_types()
        self.records: dict[str, dict[str, Record]] = {}
        self.unique: dict[tuple[str, str], dict[str, str]] = {}
        self.merged: dict[tuple[str, str], str] = {}
        self.blocked: set[str] = set()
        self.active: set[str] = set()
        self.labels: list[LinkType] = []
        self.groups: dict[str, dict[str, dict[str, object]]] = {}
        self._link_cache: dict[tuple[str, str], dict[tuple[str, int], LinkType]] = {}
        self._next_id = 10_000 + self.random.randrange(1_000)
        self.pipelines: dict[str, dict[str, dict[str, object]]] = first_pipelines()

    def now(self) -> datetime:
        """Return the account's time, which an admin call can move."""
        return datetime.now(UTC) + self.clock_shift

    # Types and properties

    def kind(self, name: str) -> ObjectType:
        """Return the object type that a path names. Raises ApiError."""
        kind = self.types.get(name)
        if kind is None:
            lowered = name.lower()
            for each in self.types.values():
                if lowered in (each.id, each.name, each.singular, f"p{PORTAL_ID}_{each.name}"):
                    if each.custom and lowered == each.name:
                        continue  # a bare custom name is not enough
                    kind = each
                    break
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

    def all(self, kind: ObjectType, *, archived: bool = False) -> list[Record]:
        """Return the records of a type in the order of their ids."""
        self._empty_bin(kind)
        found = self.records.get(kind.id, {}).values()
        return sorted(
            (r for r in found if (r.archived is not None) is archived), key=lambda r: int(r.id)
        )

    def _empty_bin(self, kind: ObjectType) -> None:
        limit = self.now() - timedelta(days=BIN_DAYS)
        table = self.records.get(kind.id, {})
        for record in [r for r in table.values() if r.archived and r.archived < limit]:
            del table[record.id]

    def find(
        self, kind: ObjectType, key: str, *, by: str | None = None, archived: bool = False
    ) -> Record | None:
        """Return a record by its id or by a unique property. Raises ApiError for another one."""
        if by is None:
            record_id = key
            while (kind.id, record_id) in self.merged:
                record_id = self.merged[kind.id, record_id]
        else:
            self._must_be_unique(kind, by)
            value = key.strip().lower() if by == "email" else key
            record_id = self.unique.get((kind.id, by), {}).get(value, "")
        record = self.records.get(kind.id, {}).get(record_id)
        if record is None or (record.archived is not None) is not archived:
            return None
        if archived and record.archived and record.archived < self.now() - timedelta(days=BIN_DAYS):
            return None
        return record

    def get(
        self, kind: ObjectType, key: str, *, by: str | None = None, archived: bool = False
    ) -> Record:
        """Return a record; raises the 404 if it is not there."""
        record = self.find(kind, key, by=by, archived=archived)
        if record is None:
            plain = self.switches.notfound_body == "plain"
            raise not_found(plain=plain, record_id="" if by else key)
        return record

    def _must_be_unique(self, kind: ObjectType, name: str) -> None:
        definition = kind.properties.get(name)
        if definition is None or not definition.unique:
            raise ApiError(
                400, f"Unable to perform update/upsert by non-unique {kind.id} property {name}"
            )

    # Writing records

    def checked(
        self, kind: ObjectType, values: Mapping[str, object], *, record: Record | None
    ) -> dict[str, str]:
        """Return `values` as they would be stored. Raises ApiError with all their faults."""
        faults: list[dict[str, str]] = []
        found: dict[str, str] = {}
        any_case = self.switches.enum_case == "insensitive"
        for name, value in values.items():
            definition = kind.properties.get(name)
            if definition is None:
                if self.switches.unknown_property == "reject":
                    faults.append(
                        _fault(
                            name,
                            value,
                            "PROPERTY_DOESNT_EXIST",
                            f'Property "{name}" does not exist',
                        )
                    )
                continue
            if definition.read_only or definition.calculated:
                if self.switches.readonly_property == "reject":
                    message = f'"{name}" is a calculated property; its value cannot be set.'
                    faults.append(_fault(name, value, "READ_ONLY_VALUE", message))
                continue
            before = record.properties.get(name, "") if record else ""
            try:
                found[name] = stored(definition, value, before=before, any_case=any_case)
            except Invalid as error:
                faults.append(_fault(name, value, error.code, error.message))
        self._check_stage(kind, found, record, faults)
        if faults:
            raise invalid_values(faults, portal_id=PORTAL_ID)
        return found

    def _check_stage(
        self,
        kind: ObjectType,
        found: dict[str, str],
        record: Record | None,
        faults: list[dict[str, str]],
    ) -> None:
        """Note a stage that is not of the record's pipeline, or a pipeline that is not there."""
        pipelines = self.stage_ids(kind.id)
        names = STAGE_PROPERTIES.get(kind.id)
        if not pipelines or names is None:
            return
        held = record.properties if record else {}
        pipeline = found.get(names[0]) or held.get(names[0], "")
        stage = found.get(names[1])
        if found.get(names[0]) and pipeline not in pipelines:
            options = tuple((each, each) for each in pipelines)
            listed = ", ".join(f'label: "{a}"\nvalue: "{b}"\n' for a, b in options)
            message = f"{pipeline} was not one of the allowed options: [{listed}]"
            faults.append(_fault(names[0], pipeline, "INVALID_OPTION", message))
        elif stage:
            stages = pipelines.get(pipeline) or [s for ss in pipelines.values() for s in ss]
            if stage not in stages:
                listed = ", ".join(f'label: "{each}"\nvalue: "{each}"\n' for each in stages)
                message = f"{stage} was not one of the allowed options: [{listed}]"
                faults.append(_fault(names[1], stage, "INVALID_OPTION", message))

    def check_unique(
        self, kind: ObjectType, values: Mapping[str, str], *, record: Record | None
    ) -> None:
        """Raise the refusal of a unique value that another record has."""
        own = record.id if record else ""
        for name, value in values.items():
            if not value or not kind.properties[name].unique:
                continue
            holder = self.unique.get((kind.id, name), {}).get(value)
            if holder is None or holder == own:
                continue
            if kind.id == "0-1" and name == "email":
                raise conflict(holder)
            raise taken(
                portal_id=PORTAL_ID,
                kind=kind.singular.upper(),
                name=name,
                value=value,
                own=own or self._peek_id(),
                holder=holder,
            )

    def stage_ids(self, type_id: str) -> dict[str, list[str]]:
        """Return the stages of each pipeline of an object type, by their ids."""
        found: dict[str, list[str]] = {}
        for own_id, pipeline in self.pipelines.get(type_id, {}).items():
            stages = pipeline["stages"]
            found[own_id] = [each["id"] for each in stages] if isinstance(stages, list) else []
        return found

    def next_id(self) -> str:
        """Return an id that nothing has."""
        self._next_id += 1 + self.random.randrange(1, 40)
        return str(self._next_id)

    def _peek_id(self) -> str:
        return str(self._next_id + 1)

    def check_required(self, kind: ObjectType, values: Mapping[str, str]) -> None:
        """Raise the refusal of a create that lacks what its type must have."""
        if self.switches.required_on_create == "none":
            return
        required = list(kind.required)
        if kind.id == "0-421" and self.switches.appointment_required == "name":
            required = ["hs_appointment_name"]
        missing = [name for name in required if not values.get(name)]
        if kind.id == "0-47" and values.get("hs_meeting_start_time"):
            missing = [name for name in missing if name != "hs_timestamp"]
        if kind.any_of and not any(values.get(name) for name in kind.any_of):
            missing.append(kind.any_of[0])
        if missing:
            raise ApiError(
                400,
                f"Error creating {kind.singular.upper()}. Some required properties were not set.",
                context={"properties": missing},
            )

    def check_pin(self, values: Mapping[str, str], linked: Iterable[tuple[str, str]]) -> None:
        """Raise the refusal of a pin whose activity is not among `linked`."""
        pinned = values.get(PIN)
        if not pinned or self.switches.pin_unassociated != "reject":
            return
        if not any(to_type in ACTIVITIES and to_id == pinned for to_type, to_id in linked):
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

    def create(self, kind: ObjectType, values: Mapping[str, str]) -> Record:
        """Add a record with checked values."""
        now = self.now()
        record = Record(id=self.next_id(), type=kind.id, created=now, updated=now)
        stamp = iso(now)
        system = {
            "hs_object_id": record.id,
            kind.created: stamp,
            "hs_object_source": "INTEGRATION",
            "hs_object_source_id": "1",
        }
        if kind.id == "0-1":
            system |= {"hs_is_contact": "true", "hs_all_contact_vids": record.id}
            system |= {"hs_is_unworked": "true", "lifecyclestage": "lead"}
            if values.get("email"):
                system["hs_email_domain"] = values["email"].partition("@")[2]
        if kind.activity:
            system["hs_body_preview"] = ""
        self._write(kind, record, {**system, **values}, now)
        self.records.setdefault(kind.id, {})[record.id] = record
        record.searchable = now + timedelta(seconds=self.switches.search_lag_s)
        return record

    def update(self, kind: ObjectType, record: Record, values: Mapping[str, str]) -> None:
        """Set checked values on a record."""
        if self.switches.lifecycle == "forward" and "lifecyclestage" in values:
            values = _forward(record, values)
        self._write(kind, record, values, self.now())

    def _write(
        self, kind: ObjectType, record: Record, values: Mapping[str, str], now: datetime
    ) -> None:
        properties = record.properties
        for name, value in values.items():
            definition = kind.properties.get(name)
            if definition is not None and definition.unique:
                table = self.unique.setdefault((kind.id, name), {})
                before = properties.get(name)
                if before and table.get(before) == record.id:
                    del table[before]
                if value:
                    table[value] = record.id
            properties[name] = value
            record.history.setdefault(name, []).insert(0, (value, now))
        record.updated = now
        properties[kind.modified] = iso(now)

    def archive(self, kind: ObjectType, record: Record) -> None:
        """Put a record into the recycling bin: its unique values are free, its links gone."""
        record.archived = self.now()
        for name, definition in kind.properties.items():
            value = record.properties.get(name)
            if definition.unique and value:
                table = self.unique.get((kind.id, name), {})
                if table.get(value) == record.id:
                    del table[value]
        for to_type, to_id in record.links:
            other = self.records.get(to_type, {}).get(to_id)
            if other is not None:
                other.links.pop((kind.id, record.id), None)

    def restore(self, kind: ObjectType, record: Record) -> None:
        """Take a record out of the recycling bin, with its associations."""
        record.archived = None
        for name, definition in kind.properties.items():
            value = record.properties.get(name)
            if definition.unique and value:
                self.unique.setdefault((kind.id, name), {}).setdefault(value, record.id)
        for (to_type, to_id), types in list(record.links.items()):
            other = self.records.get(to_type, {}).get(to_id)
            if other is None or other.archived is not None:
                del record.links[to_type, to_id]
                continue
            for category, type_id in types:
                link = self.link_type(kind.id, to_type, category, type_id)
                if link is not None:
                    back = other.links.setdefault((kind.id, record.id), {})
                    back[category, link.inverse_id or type_id] = None

    def merge(self, kind: ObjectType, primary: Record, other: Record) -> Record:
        """Make one record of two; the old ids lead to it afterwards."""
        kept = primary
        if self.switches.merge_id == "new":
            values = dict(primary.properties)
            links = {to: dict(types) for to, types in primary.links.items()}
            self.archive(kind, primary)
            del self.records[kind.id][primary.id]
            kept = self.create(
                kind, {n: v for n, v in values.items() if not kind.properties[n].read_only}
            )
            self._relink(kept, links)
            self.merged[kind.id, primary.id] = kept.id
        rest = {
            name: value
            for name, value in other.properties.items()
            if value and not kept.properties.get(name) and not kind.properties[name].read_only
        }
        links = {to: dict(types) for to, types in other.links.items()}
        second = other.properties.get("email")
        self.archive(kind, other)
        del self.records[kind.id][other.id]
        self.update(kind, kept, rest)
        self._relink(kept, links)
        if kind.id == "0-1" and second and second != kept.properties.get("email"):
            emails = kept.properties.get("hs_additional_emails", "")
            kept.properties["hs_additional_emails"] = ";".join(e for e in (emails, second) if e)
            self.unique.setdefault((kind.id, "email"), {})[second] = kept.id
        self.merged[kind.id, other.id] = kept.id
        return kept

    def _relink(
        self,
        record: Record,
        links: Mapping[tuple[str, str], Mapping[tuple[str, int], None]],
    ) -> None:
        for (to_type, to_id), types in links.items():
            other = self.records.get(to_type, {}).get(to_id)
            if other is not None and other is not record:
                self.link(record, other, list(types))

    # Associations

    def link_types(self, from_type: str, to_type: str) -> dict[tuple[str, int], LinkType]:
        """Return the association types from one object type to another, by category and id."""
        pair = (from_type, to_type)
        found = self._link_cache.get(pair)
        if found is None:
            every = [*catalogue.link_types(), *self.labels]
            found = {
                (t.category, t.type_id): t
                for t in every
                if t.from_type == from_type and t.to_type == to_type
            }
            if not any(t.kind == "unlabelled" for t in found.values()):
                made = self._own_default(from_type, to_type)
                if made is not None:
                    found["USER_DEFINED", made.type_id] = made
            self._link_cache[pair] = found
        return found

    def _own_default(self, from_type: str, to_type: str) -> LinkType | None:
        """Return the default type that an account makes for a pair with a custom object."""
        if not (from_type.startswith("2-") or to_type.startswith("2-")):
            return None
        numbers = [int(each.partition("-")[2]) for each in (from_type, to_type)]
        type_id = 900_000 + (numbers[0] * 1009 + numbers[1]) % 90_000
        inverse = 900_000 + (numbers[1] * 1009 + numbers[0]) % 90_000
        return LinkType(
            from_type=from_type,
            to_type=to_type,
            type_id=type_id,
            inverse_id=inverse,
            label=None,
            kind="unlabelled",
            name="custom",
            category="USER_DEFINED",
        )

    def learned_labels(self) -> None:
        """Note that association types were added or taken away."""
        self._link_cache.clear()

    def link_type(
        self, from_type: str, to_type: str, category: str, type_id: int
    ) -> LinkType | None:
        """Return one association type, None if the pair does not have it."""
        return self.link_types(from_type, to_type).get((category, type_id))

    def default_link(self, from_type: str, to_type: str) -> LinkType:
        """Return the unlabelled type of a pair. Raises ApiError if the pair has none."""
        for link in self.link_types(from_type, to_type).values():
            if link.kind == "unlabelled":
                return link
        raise ApiError(400, f"No default association from {from_type} to {to_type}.")

    def checked_types(
        self, from_type: str, to_type: str, types: Iterable[tuple[str, int]]
    ) -> list[tuple[str, int]]:
        """Return the types of an association. Raises ApiError for one in the wrong direction."""
        found: list[tuple[str, int]] = []
        for category, type_id in types:
            if self.link_type(from_type, to_type, category, type_id) is None:
                other = next((t for t in catalogue.link_types() if t.type_id == type_id), None)
                expected = other.from_type if other else "unknown"
                raise ApiError(
                    400,
                    f"invalid from object type {from_type} for associations to be created. "
                    f"expected: {expected}. For definition 0-{type_id}",
                )
            found.append((category, type_id))
        return found

    def link(self, record: Record, other: Record, types: list[tuple[str, int]]) -> None:
        """Associate two records, in both directions, with types and the unlabelled one."""
        own = record.links.setdefault((other.type, other.id), {})
        back = other.links.setdefault((record.type, record.id), {})
        default = self.default_link(record.type, other.type)
        for category, type_id in [*types, (default.category, default.type_id)]:
            link = self.link_type(record.type, other.type, category, type_id)
            if link is not None and link.kind == "primary":
                self._demote(record, other)
            own[category, type_id] = None
            inverse = link.inverse_id if link else 0
            if not inverse:
                inverse = self.default_link(other.type, record.type).type_id
            back[category, inverse] = None

    def _demote(self, record: Record, other: Record) -> None:
        """Take the primary company away from a record that gets another."""
        holder, kept = (record, other) if other.type == "0-2" else (other, record)
        for (to_type, to_id), types in holder.links.items():
            if to_type != "0-2" or to_id == kept.id:
                continue
            for category, type_id in list(types):
                found = self.link_type(holder.type, to_type, category, type_id)
                if found is not None and found.kind == "primary":
                    del types[category, type_id]
                    company = self.records.get(to_type, {}).get(to_id)
                    if company is not None:
                        back = company.links.get((holder.type, holder.id), {})
                        back.pop((category, found.inverse_id), None)

    def unlink(
        self, record: Record, to_type: str, to_id: str, types: list[tuple[str, int]] | None = None
    ) -> None:
        """Take associations away: all of a pair's, or some; without the unlabelled none is left."""
        own = record.links.get((to_type, to_id))
        other = self.records.get(to_type, {}).get(to_id)
        if own is None:
            return
        back = other.links.get((record.type, record.id), {}) if other else {}
        gone = list(own) if types is None else types
        for category, type_id in gone:
            link = self.link_type(record.type, to_type, category, type_id)
            if link is not None and link.kind == "unlabelled":
                gone = list(own)
                break
        for category, type_id in gone:
            own.pop((category, type_id), None)
            link = self.link_type(record.type, to_type, category, type_id)
            if link is not None:
                back.pop((category, link.inverse_id), None)
        if not own:
            record.links.pop((to_type, to_id), None)
            if other is not None:
                other.links.pop((record.type, record.id), None)


def _fault(name: str, value: object, code: str, message: str) -> dict[str, str]:
    return {"name": name, "value": str(value), "code": code, "message": message}


def _forward(record: Record, values: Mapping[str, str]) -> dict[str, str]:
    """Return `values` without a lifecycle stage that would go back."""
    order = catalogue.LIFECYCLE
    before, after = record.properties.get("lifecyclestage", ""), values["lifecyclestage"]
    if before in order and after in order and order.index(after) < order.index(before):
        return {name: value for name, value in values.items() if name != "lifecyclestage"}
    return dict(values)
