"""Calls about one record, and the list of all of a type."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workers.crm.call import Call, LinkTo, links_body
from workers.crm.paths import Paths

PINNED = "hs_pinned_engagement_id"


class RecordCalls:
    """One record at a time: for a look, and for what has no batch."""

    paths: Paths

    def read(
        self,
        object_type: str,
        id: str,
        *,
        key_property: str | None = None,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        associations: Sequence[str] = (),
        archived: bool = False,
    ) -> Call:
        """Read a record by its id, or by the value of a unique property."""
        return self._record(
            "read",
            "GET",
            object_type,
            id,
            query=_wanted(
                properties=properties,
                history=history,
                associations=associations,
                archived=archived,
                key_property=key_property,
            ),
        )

    def list_records(
        self,
        object_type: str,
        *,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        associations: Sequence[str] = (),
        archived: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> Call:
        """Read a page of all records of a type: at most 100, with history 50."""
        query = _wanted(
            properties=properties, history=history, associations=associations, archived=archived
        )
        page = (("limit", str(limit)), *((("after", after),) if after is not None else ()))
        return self._record("list", "GET", object_type, query=query + page)

    def create(
        self, object_type: str, *, properties: Mapping[str, str], links: Sequence[LinkTo] = ()
    ) -> Call:
        """Create a record with its associations; a pin among its properties comes after them."""
        body = {"properties": dict(properties), "associations": links_body(links)}
        call = self._record("create", "POST", object_type, body=body)
        return replace(call, repeat_safe=False)

    def update(
        self,
        object_type: str,
        id: str,
        *,
        properties: Mapping[str, str],
        key_property: str | None = None,
    ) -> Call:
        """Set properties of a record; those that are not named stay."""
        return self._record(
            "update",
            "PATCH",
            object_type,
            id,
            query=_wanted(key_property=key_property),
            body={"properties": dict(properties)},
        )

    def pin(self, object_type: str, id: str, *, activity_id: str) -> Call:
        """Pin an activity that is associated with the record, in the place of any other."""
        return replace(self.update(object_type, id, properties={PINNED: activity_id}), name="pin")

    def unpin(self, object_type: str, id: str) -> Call:
        """Leave the record without a pinned activity."""
        return replace(self.update(object_type, id, properties={PINNED: ""}), name="unpin")

    def archive(self, object_type: str, id: str) -> Call:
        """Put a record into the recycling bin, where it stays for 90 days."""
        return replace(self._record("archive", "DELETE", object_type, id), silent=True)

    def merge(self, object_type: str, *, primary_id: str, merged_id: str) -> Call:
        """Make one record of two: `primary_id` has the say; the answer may have a new id."""
        body = {"primaryObjectId": primary_id, "objectIdToMerge": merged_id}
        call = self._record("merge", "POST", object_type, "merge", body=body)
        return replace(call, repeat_safe=False)

    def gdpr_delete(self, id: str, *, key_property: str | None = None) -> Call:
        """Delete a contact for good, and put its address on the block list."""
        body = {"objectId": id, **({} if key_property is None else {"idProperty": key_property})}
        call = self._record("GDPR delete", "POST", "contacts", "gdpr-delete", body=body)
        return replace(call, silent=True)

    def _record(
        self,
        name: str,
        method: str,
        object_type: str,
        *segments: str,
        query: tuple[tuple[str, str], ...] = (),
        body: object = None,
    ) -> Call:
        path = self.paths.to("objects", object_type, *segments)
        return Call(
            name=name, object_type=object_type, method=method, path=path, query=query, body=body
        )


def _wanted(
    *,
    properties: Sequence[str] = (),
    history: Sequence[str] = (),
    associations: Sequence[str] = (),
    archived: bool = False,
    key_property: str | None = None,
) -> tuple[tuple[str, str], ...]:
    query = {
        "properties": ",".join(properties),
        "propertiesWithHistory": ",".join(history),
        "associations": ",".join(associations),
        "archived": "true" if archived else "",
        "idProperty": key_property or "",
    }
    return tuple((name, value) for name, value in query.items() if value)
