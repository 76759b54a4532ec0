"""Calls about associations: in batches, of one pair in the object path, and their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workers.crm.call import Call, PairRow, types_body
from workers.crm.paths import CLASSIC, Paths

METER = "associations"  # HubSpot counts them apart


class AssociationCalls:
    """Every type has a direction; both directions come and go together, whichever is named."""

    paths: Paths

    def associate_batch(self, from_type: str, to_type: str, *, rows: Sequence[PairRow]) -> Call:
        """Associate with the types given: at most 2,000 pairs."""
        return self._pairs("create", from_type, to_type, [_typed(row) for row in rows])

    def associate_default_batch(
        self, from_type: str, to_type: str, *, pairs: Sequence[tuple[str, str]]
    ) -> Call:
        """Associate with the unlabelled type of the two object types."""
        inputs: list[object] = [{"from": {"id": a}, "to": {"id": b}} for a, b in pairs]
        return self._pairs("associate/default", from_type, to_type, inputs)

    def dissociate_batch(
        self, from_type: str, to_type: str, *, pairs: Sequence[tuple[str, str]]
    ) -> Call:
        """Take every association of each pair away."""
        by_record: dict[str, list[dict[str, str]]] = {}
        for from_id, to_id in pairs:
            by_record.setdefault(from_id, []).append({"id": to_id})
        inputs: list[object] = [{"from": {"id": a}, "to": to} for a, to in by_record.items()]
        call = self._pairs("archive", from_type, to_type, inputs)
        return replace(call, inputs=len(pairs), silent=True)

    def dissociate_labels_batch(
        self, from_type: str, to_type: str, *, rows: Sequence[PairRow]
    ) -> Call:
        """Take the named types away; the others of a pair stay."""
        inputs = [_typed(row) for row in rows]
        return replace(self._pairs("labels/archive", from_type, to_type, inputs), silent=True)

    def read_associations_batch(
        self, from_type: str, to_type: str, *, ids: Sequence[str], after: Mapping[str, str] = {}
    ) -> Call:
        """Read which records of `to_type` each is associated with: at most 1,000 records.

        `after` has the cursors of those of which a page was read already.
        """
        inputs = [{"id": id_} | ({"after": after[id_]} if id_ in after else {}) for id_ in ids]
        return self._pairs("read", from_type, to_type, inputs)

    def list_associations(
        self, from_type: str, id: str, to_type: str, *, limit: int = 500, after: str | None = None
    ) -> Call:
        """Read a page of the records of `to_type` that one record is associated with."""
        path = self.paths.to("linked", from_type, id, "associations", to_type)
        query = (("limit", str(limit)), *((("after", after),) if after is not None else ()))
        return self._one("list associations", "GET", from_type, path, query=query)

    def associate(
        self,
        from_type: str,
        from_id: str,
        to_type: str,
        to_id: str,
        *,
        types: Sequence[tuple[str, int]],
    ) -> Call:
        """Set the labels of a pair to `types`, (category, id) each, in the place of others."""
        path = self.paths.to("linked", from_type, from_id, "associations", to_type, to_id)
        return self._one("associate", "PUT", from_type, path, body=types_body(*types))

    def associate_default(self, from_type: str, from_id: str, to_type: str, to_id: str) -> Call:
        """Associate a pair with the unlabelled type of the two object types."""
        path = self.paths.to(
            "linked", from_type, from_id, "associations", "default", to_type, to_id
        )
        return self._one("associate default", "PUT", from_type, path)

    def associate_in_path(
        self, from_type: str, from_id: str, to_type: str, to_id: str, *, type_id: int
    ) -> Call:
        """Associate a pair with a type of HubSpot's own, named in the path where one can be.

        The dated paths have lost that last segment: there it is the body that names the type.
        """
        if self.paths.family != CLASSIC:
            types = [("HUBSPOT_DEFINED", type_id)]
            return self.associate(from_type, from_id, to_type, to_id, types=types)
        path = self._in_path(from_type, from_id, to_type, to_id, type_id)
        return self._one("associate in path", "PUT", from_type, path)

    def dissociate(self, from_type: str, from_id: str, to_type: str, to_id: str) -> Call:
        """Take every association of a pair away."""
        path = self.paths.to("linked", from_type, from_id, "associations", to_type, to_id)
        return replace(self._one("dissociate", "DELETE", from_type, path), silent=True)

    def dissociate_in_path(
        self, from_type: str, from_id: str, to_type: str, to_id: str, *, type_id: int
    ) -> Call:
        """Take one type of HubSpot's own away from a pair; see `associate_in_path`."""
        if self.paths.family != CLASSIC:
            row = PairRow(from_id=from_id, to_id=to_id, type_id=type_id)
            return self.dissociate_labels_batch(from_type, to_type, rows=[row])
        path = self._in_path(from_type, from_id, to_type, to_id, type_id)
        return replace(self._one("dissociate in path", "DELETE", from_type, path), silent=True)

    def labels(self, from_type: str, to_type: str) -> Call:
        """List the association types of two object types."""
        return self._labels("labels", "GET", from_type, to_type)

    def create_label(self, from_type: str, to_type: str, *, body: Mapping[str, object]) -> Call:
        """Define a label: `label`, `name`, and `inverseLabel` for one that differs back."""
        call = self._labels("create label", "POST", from_type, to_type, body=dict(body))
        return replace(call, repeat_safe=False)

    def update_label(self, from_type: str, to_type: str, *, body: Mapping[str, object]) -> Call:
        """Rename the label whose `associationTypeId` the body names."""
        call = self._labels("update label", "PUT", from_type, to_type, body=dict(body))
        return replace(call, silent=True)

    def delete_label(self, from_type: str, to_type: str, *, type_id: int) -> Call:
        """Delete a label, and take it from all pairs that have it."""
        call = self._labels("delete label", "DELETE", from_type, to_type, str(type_id))
        return replace(call, silent=True)

    def _in_path(self, from_type: str, from_id: str, to_type: str, to_id: str, type_id: int) -> str:
        return self.paths.to(
            "objects", from_type, from_id, "associations", to_type, to_id, str(type_id)
        )

    def _labels(
        self, name: str, method: str, from_type: str, to_type: str, *more: str, body: object = None
    ) -> Call:
        path = self.paths.to("associations", from_type, to_type, "labels", *more)
        return self._one(name, method, from_type, path, body=body)

    def _pairs(self, verb: str, from_type: str, to_type: str, inputs: Sequence[object]) -> Call:
        path = self.paths.to("associations", from_type, to_type, "batch", *verb.split("/"))
        name = f"associations {verb.replace('/', ' ')}"
        call = self._one(name, "POST", from_type, path, body={"inputs": list(inputs)})
        return replace(call, inputs=len(inputs))

    def _one(
        self,
        name: str,
        method: str,
        from_type: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        body: object = None,
    ) -> Call:
        return Call(
            name=name,
            object_type=from_type,
            method=method,
            path=path,
            query=query,
            body=body,
            meter=METER,
        )


def _typed(row: PairRow) -> dict[str, object]:
    return {
        "from": {"id": row.from_id},
        "to": {"id": row.to_id},
        "types": types_body((row.category, row.type_id)),
    }
