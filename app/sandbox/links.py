"""Which records are associated, and under which association types."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.sandbox.errors import ApiError
from app.sandbox.link_types import OURS, LinkType, LinkTypes, TypeKey
from app.sandbox.model import Record
from app.sandbox.switches import Switches

COMPANY, LEAD = "0-2", "0-136"


class Account(Protocol):
    """What associations are made in: `app.sandbox.crm.Crm` is one."""

    link_types: LinkTypes
    switches: Switches

    @property
    def records(self) -> Mapping[str, Mapping[str, Record]]: ...  # noqa: D102

    def touch(self, record: Record) -> None: ...  # noqa: D102


class Links:
    """The associations of an account. Callers hold the CRM's lock."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.limits: dict[tuple[str, str, str, int], int] = {}  # from, to, category, type id

    def add(self, record: Record, other: Record, types: Iterable[LinkType]) -> None:
        """Associate two records, in both directions, with types and the unlabelled one.

        Raises ApiError, and does nothing, when that would be more than a limit allows.
        """
        default = self._account.link_types.default(record.type, other.type)
        wanted = dict.fromkeys((*types, default))
        self._check_limits(record, other, wanted)
        first = self._account.switches.first_company_primary == "on"
        if first and not any(each.kind == "primary" for each in wanted):
            primary = self._account.link_types.primary(record.type, other.type)
            if primary is not None and not self._has_primary(record, other):
                wanted[primary] = None
        own = record.links.setdefault((other.type, other.id), {})
        back = other.links.setdefault((record.type, record.id), {})
        for link in wanted:
            if link.kind == "primary":
                self._demote(record, other)
            own[link.key] = None
            inverse = (
                link.inverse_id or self._account.link_types.default(other.type, record.type).type_id
            )
            back[link.category, inverse] = None
        self._account.touch(record)
        self._account.touch(other)

    def replace(self, record: Record, other: Record, types: Iterable[LinkType]) -> None:
        """Make `types`, and the unlabelled one, all that associates two records."""
        wanted = [*types]
        kept = {link.key for link in wanted}
        known = self._account.link_types.between(record.type, other.type)
        before = record.links.get((other.type, other.id), {})
        self.add(record, other, wanted)
        gone = [
            known[key]
            for key in before
            if key in known and key not in kept and known[key].kind != "unlabelled"
        ]
        self.remove(record, other.type, other.id, gone)

    def remove(
        self, record: Record, to_type: str, to_id: str, types: Iterable[LinkType] | None = None
    ) -> None:
        """Take associations away: all of a pair's, or some; without the unlabelled none is left."""
        own = record.links.get((to_type, to_id))
        if own is None:
            return
        gone = None if types is None else [*types]
        if gone is None or any(link.kind == "unlabelled" for link in gone):
            gone = [
                found
                for key in own
                if (found := self._account.link_types.between(record.type, to_type).get(key))
            ]
            own.clear()
        other = self._account.records.get(to_type, {}).get(to_id)
        back = other.links.get((record.type, record.id), {}) if other else {}
        for link in gone:
            own.pop(link.key, None)
            back.pop((link.category, link.inverse_id), None)
        if not own:
            record.links.pop((to_type, to_id), None)
            if other is not None:
                other.links.pop((record.type, record.id), None)
        self._account.touch(record)
        if other is not None:
            self._account.touch(other)

    def _check_limits(self, record: Record, other: Record, types: Iterable[LinkType]) -> None:
        if not self.limits:
            return
        for link in types:
            back = (link.category, link.inverse_id)
            self._check_limit(record, other, link.key)
            self._check_limit(other, record, back)

    def _check_limit(self, record: Record, other: Record, key: TypeKey) -> None:
        most = self.limits.get((record.type, other.type, *key))
        if most is None:
            return
        held = sum(
            key in keys
            for (to_type, to_id), keys in record.links.items()
            if to_type == other.type and to_id != other.id
        )
        if held >= most:
            raise ApiError(
                400,
                f"{record.type} {record.id} has the most associations of type {key[1]} to "
                f"{other.type} that it may have: {most}.",
                context={"limit": [str(most)], "fromObjectId": [record.id]},
            )

    def _has_primary(self, record: Record, other: Record) -> bool:
        holder, kept = _holder_first(record, other)
        primary = self._account.link_types.primary(holder.type, kept.type)
        return primary is not None and any(primary.key in keys for keys in holder.links.values())

    def _demote(self, record: Record, other: Record) -> None:
        """Take the primary company away from a record that gets another."""
        holder, kept = _holder_first(record, other)
        primary = self._account.link_types.primary(holder.type, kept.type)
        if primary is None:
            return
        for (to_type, to_id), types in holder.links.items():
            if to_type == kept.type and to_id != kept.id and primary.key in types:
                del types[primary.key]
                before = self._account.records.get(to_type, {}).get(to_id)
                if before is not None:
                    back = before.links.get((holder.type, holder.id), {})
                    back.pop((primary.category, primary.inverse_id), None)
                    self._account.touch(before)

    def drop_label(self, from_type: str, to_type: str, type_id: int) -> None:
        """Take a label away, from every record too. Raises the 404 if there is none."""
        gone = self._account.link_types.drop_label(from_type, to_type, type_id)
        for kind in {from_type, to_type}:
            for record in self._account.records.get(kind, {}).values():
                for types in record.links.values():
                    for each in gone & {number for name, number in types if name == OURS}:
                        del types[OURS, each]
                        self._account.touch(record)


def _holder_first(record: Record, other: Record) -> tuple[Record, Record]:
    """Return the pair with the record first that can have but one primary of the other's type."""
    swapped = other.type == LEAD or (record.type == COMPANY and other.type != COMPANY)
    return (other, record) if swapped and record.type != LEAD else (record, other)
