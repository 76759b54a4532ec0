"""Calls as data, in either family of paths: the classic one (v3, v4) or a dated one (2026-03)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request to the CRM, before it is sent."""

    name: str  # "batch upsert"
    object_type: str = ""
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    form: bool = False  # the body is form-encoded, not JSON
    inputs: int = 1  # how many inputs must be accounted for in the answer
    meter: str = "crm"  # the budget that it draws from: crm, search or associations
    repeat_safe: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertRow:
    """One record of a batch upsert, named by the value of a unique property."""

    key: str
    properties: Mapping[str, str]
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTo:
    """An association made with the record."""

    to_id: str
    category: str = "HUBSPOT_DEFINED"
    type_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRow:
    """One new record of a batch create, with its associations."""

    properties: Mapping[str, str]
    links: Sequence[LinkTo] = ()
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRow:
    """One record of a batch update, named by its id."""

    id: str
    properties: Mapping[str, str]
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Two records and the kind of their association."""

    from_id: str
    to_id: str
    category: str = "HUBSPOT_DEFINED"
    type_id: int | None = None


def links_body(links: Sequence[LinkTo]) -> list[dict[str, object]]:
    """Return the `associations` of a create, one entry for each record."""
    return [
        {
            "to": {"id": link.to_id},
            "types": [{"associationCategory": link.category, "associationTypeId": link.type_id}],
        }
        for link in links
    ]


@dataclass(frozen=True, slots=True)
class Paths:
    """Where each part of the API is, in one family of paths."""

    family: str = "classic"
    _families: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {
            "objects": ("/crm/v3/objects", "/crm/objects/{}"),
            "associations": ("/crm/v4/associations", "/crm/associations/{}"),
            "linked": ("/crm/v4/objects", "/crm/objects/{}"),
            "properties": ("/crm/v3/properties", "/crm/properties/{}"),
            "pipelines": ("/crm/v3/pipelines", "/crm/pipelines/{}"),
            "owners": ("/crm/v3/owners", "/crm/owners/{}"),
            "schemas": ("/crm-object-schemas/v3/schemas", "/crm-object-schemas/{}/schemas"),
            "library": (
                "/crm/v3/object-library/enablement",
                "/crm/object-library/{}/enablement",
            ),
            "account": ("/account-info/v3/details", "/account-info/{}/details"),
            "usage": (
                "/account-info/v3/api-usage/daily/private-apps",
                "/account-info/{}/api-usage/daily/private-apps",
            ),
        },
        repr=False,
    )

    def to(self, part: str, *segments: str) -> str:
        """Return the path of `part`, its further segments quoted."""
        classic, dated = self._families[part]
        base = classic if self.family == "classic" else dated.format(self.family)
        return "/".join((base, *(quote(segment, safe="") for segment in segments)))


class WriterCalls:
    """The calls that the writer makes: batches, and the questions about a portal's schema."""

    def __init__(self, family: str = "classic") -> None:
        self.family = family
        self.paths = Paths(family)

    def _batch(
        self, verb: str, object_type: str, body: dict[str, object], *, repeat_safe: bool = True
    ) -> Call:
        inputs = body["inputs"]
        assert isinstance(inputs, list)  # noqa: S101 (each caller below builds one)
        return Call(
            name=f"batch {verb}",
            object_type=object_type,
            method="POST",
            path=self.paths.to("objects", object_type, "batch", verb),
            body=body,
            inputs=len(inputs),
            repeat_safe=repeat_safe,
        )

    def upsert_batch(
        self, object_type: str, *, key_property: str, rows: Sequence[UpsertRow]
    ) -> Call:
        """Create or update by a unique property."""
        inputs = [
            {
                "id": row.key,
                "idProperty": key_property,
                "objectWriteTraceId": row.trace,
                "properties": dict(row.properties),
            }
            for row in rows
        ]
        return self._batch("upsert", object_type, {"inputs": inputs})

    def create_batch(self, object_type: str, *, rows: Sequence[CreateRow]) -> Call:
        """Create records with their associations."""
        inputs = [
            {
                "objectWriteTraceId": row.trace,
                "properties": dict(row.properties),
                "associations": links_body(row.links),
            }
            for row in rows
        ]
        return self._batch("create", object_type, {"inputs": inputs}, repeat_safe=False)

    def update_batch(self, object_type: str, *, rows: Sequence[UpdateRow]) -> Call:
        """Set properties of records by their ids."""
        inputs = [
            {"id": row.id, "objectWriteTraceId": row.trace, "properties": dict(row.properties)}
            for row in rows
        ]
        return self._batch("update", object_type, {"inputs": inputs})

    def archive_batch(self, object_type: str, *, ids: Sequence[str]) -> Call:
        """Put records into the recycling bin; ids that are not there are ignored."""
        return self._batch("archive", object_type, {"inputs": [{"id": each} for each in ids]})

    def read_batch(
        self,
        object_type: str,
        *,
        ids: Sequence[str],
        key_property: str | None = None,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        archived: bool = False,
    ) -> Call:
        """Read records by id or by a unique property; no associations."""
        body: dict[str, object] = {
            "properties": list(properties),
            "propertiesWithHistory": list(history),
            "inputs": [{"id": each} for each in ids],
        }
        if key_property is not None:
            body["idProperty"] = key_property
        call = self._batch("read", object_type, body)
        return call if not archived else _with_query(call, ("archived", "true"))

    def search_query(self, object_type: str, *, body: Mapping[str, object]) -> Call:
        """Search with a body in HubSpot's own terms."""
        return Call(
            name="search",
            object_type=object_type,
            method="POST",
            path=self.paths.to("objects", object_type, "search"),
            body=dict(body),
            meter="search",
        )

    def search(
        self,
        object_type: str,
        *,
        property: str,
        values: Sequence[str],
        properties: Sequence[str] = (),
        limit: int = 100,
        after: str | None = None,
    ) -> Call:
        """Search for records whose `property` has one of `values`, the oldest first."""
        values = [value.lower() for value in values]
        body: dict[str, object] = {
            "filterGroups": [
                {"filters": [{"propertyName": property, "operator": "IN", "values": values}]}
            ],
            "sorts": [{"propertyName": "createdate", "direction": "ASCENDING"}],
            "properties": list(properties),
            "limit": limit,
        }
        if after is not None:
            body["after"] = after
        return self.search_query(object_type, body=body)

    # Associations

    def _pairs(self, verb: str, from_type: str, to_type: str, inputs: list[object]) -> Call:
        return Call(
            name=f"associations {verb.replace('/', ' ')}",
            object_type=from_type,
            method="POST",
            path=self.paths.to("associations", from_type, to_type) + f"/batch/{verb}",
            body={"inputs": inputs},
            inputs=len(inputs),
            meter="associations",
        )

    def associate_batch(self, from_type: str, to_type: str, *, rows: Sequence[PairRow]) -> Call:
        """Associate with types given."""
        return self._pairs("create", from_type, to_type, [_typed(row) for row in rows])

    def associate_default_batch(
        self, from_type: str, to_type: str, *, pairs: Sequence[tuple[str, str]]
    ) -> Call:
        """Associate with the default type of the two object types."""
        inputs: list[object] = [{"from": {"id": a}, "to": {"id": b}} for a, b in pairs]
        return self._pairs("associate/default", from_type, to_type, inputs)

    def dissociate_batch(
        self, from_type: str, to_type: str, *, pairs: Sequence[tuple[str, str]]
    ) -> Call:
        """Take every association of each pair away."""
        inputs: list[object] = [{"from": {"id": a}, "to": [{"id": b}]} for a, b in pairs]
        return self._pairs("archive", from_type, to_type, inputs)

    def dissociate_labels_batch(
        self, from_type: str, to_type: str, *, rows: Sequence[PairRow]
    ) -> Call:
        """Take the named types away; the others of a pair stay."""
        return self._pairs("labels/archive", from_type, to_type, [_typed(row) for row in rows])

    def read_associations_batch(self, from_type: str, to_type: str, *, ids: Sequence[str]) -> Call:
        """Read which records of `to_type` each is associated with."""
        return self._pairs("read", from_type, to_type, [{"id": each} for each in ids])

    def labels(self, from_type: str, to_type: str) -> Call:
        """List the association types of two object types."""
        return Call(
            name="labels",
            object_type=from_type,
            method="GET",
            path=self.paths.to("associations", from_type, to_type, "labels"),
        )

    # Properties

    def property(self, object_type: str, name: str) -> Call:
        """Read the definition of a property."""
        return Call(
            name="property",
            object_type=object_type,
            method="GET",
            path=self.paths.to("properties", object_type, name),
        )

    def properties(self, object_type: str) -> Call:
        """List the definitions of all properties."""
        return Call(
            name="properties",
            object_type=object_type,
            method="GET",
            path=self.paths.to("properties", object_type),
        )

    def create_property(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Define a property."""
        return Call(
            name="create property",
            object_type=object_type,
            method="POST",
            path=self.paths.to("properties", object_type),
            body=dict(body),
            repeat_safe=False,
        )

    def create_property_group(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Define a group of properties."""
        return Call(
            name="create property group",
            object_type=object_type,
            method="POST",
            path=self.paths.to("properties", object_type, "groups"),
            body=dict(body),
            repeat_safe=False,
        )


def _typed(row: PairRow) -> dict[str, object]:
    return {
        "from": {"id": row.from_id},
        "to": {"id": row.to_id},
        "types": [{"associationCategory": row.category, "associationTypeId": row.type_id}],
    }


def _with_query(call: Call, *pairs: tuple[str, str]) -> Call:
    return Call(
        name=call.name,
        object_type=call.object_type,
        method=call.method,
        path=call.path,
        query=(*call.query, *pairs),
        body=call.body,
        inputs=call.inputs,
        meter=call.meter,
        repeat_safe=call.repeat_safe,
    )


class Api(WriterCalls):
    """Every call of the object API; the records one by one are in `workers.crm.records`."""
