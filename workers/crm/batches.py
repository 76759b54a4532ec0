"""Calls that carry many records: batches, and search."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workers.crm.call import Call, CreateRow, UpdateRow, UpsertRow, links_body
from workers.crm.paths import Paths


class BatchCalls:
    """Up to 100 records in a call; with a trace on every input, one bad input harms itself only."""

    paths: Paths

    def upsert_batch(
        self, object_type: str, *, key_property: str, rows: Sequence[UpsertRow]
    ) -> Call:
        """Create or update by a unique property."""
        inputs = [
            {
                "id": row.key,
                "idProperty": key_property,
                "properties": dict(row.properties),
                **_trace(row.trace),
            }
            for row in rows
        ]
        return self._batch("upsert", object_type, inputs)

    def create_batch(self, object_type: str, *, rows: Sequence[CreateRow]) -> Call:
        """Create records with their associations."""
        inputs = [
            {
                "properties": dict(row.properties),
                "associations": links_body(row.links),
                **_trace(row.trace),
            }
            for row in rows
        ]
        return replace(self._batch("create", object_type, inputs), repeat_safe=False)

    def update_batch(self, object_type: str, *, rows: Sequence[UpdateRow]) -> Call:
        """Set properties of records that are there."""
        inputs = [
            {
                "id": row.id,
                **({} if row.key_property is None else {"idProperty": row.key_property}),
                "properties": dict(row.properties),
                **_trace(row.trace),
            }
            for row in rows
        ]
        return self._batch("update", object_type, inputs)

    def archive_batch(self, object_type: str, *, ids: Sequence[str]) -> Call:
        """Put records into the recycling bin; ids that are not there are ignored."""
        return replace(self._batch("archive", object_type, _ids(ids)), silent=True)

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
        """Read records by id or by a unique property: 100, with history 50; no associations."""
        more: dict[str, object] = {
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        if key_property is not None:
            more["idProperty"] = key_property
        call = self._batch("read", object_type, _ids(ids), more=more)
        return replace(call, query=(("archived", "true"),)) if archived else call

    def search_query(self, object_type: str, *, body: Mapping[str, object]) -> Call:
        """Search with a body in HubSpot's own terms; what was just written may not be found yet."""
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
        property: str,  # noqa: A002 (the CRM's own word)
        values: Sequence[str],
        properties: Sequence[str] = (),
        limit: int = 100,
        after: str | None = None,
    ) -> Call:
        """Search for records whose `property` has one of `values`, the oldest first."""
        lowered = [value.lower() for value in values]  # IN compares with what is stored lowered
        body: dict[str, object] = {
            "filterGroups": [
                {"filters": [{"propertyName": property, "operator": "IN", "values": lowered}]}
            ],
            "sorts": [{"propertyName": "createdate", "direction": "ASCENDING"}],
            "properties": list(properties),
            "limit": limit,
        }
        if after is not None:
            body["after"] = after
        return self.search_query(object_type, body=body)

    def _batch(
        self,
        verb: str,
        object_type: str,
        inputs: Sequence[Mapping[str, object]],
        *,
        more: Mapping[str, object] | None = None,
    ) -> Call:
        return Call(
            name=f"batch {verb}",
            object_type=object_type,
            method="POST",
            path=self.paths.to("objects", object_type, "batch", verb),
            body={**(more or {}), "inputs": list(inputs)},
            inputs=len(inputs),
        )


def _ids(ids: Sequence[str]) -> list[dict[str, object]]:
    return [{"id": each} for each in ids]


def _trace(trace: str) -> dict[str, object]:
    return {"objectWriteTraceId": trace} if trace else {}
