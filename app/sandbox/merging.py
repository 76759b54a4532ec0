"""Making one record of two, and forgetting a person for good."""

from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.model import Record
from app.sandbox.unique import CONTACT, EMAIL, MORE_EMAILS
from app.sandbox.values import iso

MERGED = "hs_merged_object_ids"


def merge(crm: Crm, kind: ObjectType, primary: Record, other: Record) -> Record:
    """Make one record of two; the old ids lead to it afterwards.

    The primary's values win, the other's fill the gaps; both keep their associations.
    """
    gone = [other] if crm.switches.merge_id == "preserve" else [primary, other]
    values = _filled(kind, primary, other)
    links = [(primary, dict(primary.links)), (other, dict(other.links))]
    for record in gone:
        crm.remove(kind, record)
    if primary in gone:
        kept = crm.create(kind, values)
    else:
        kept = primary
        crm.update(kind, kept, values)
    for before, linked in links:
        for (to_type, to_id), keys in linked.items():
            target = crm.records.get(to_type, {}).get(to_id)
            if before is kept or target is None or target is kept:
                continue
            known = crm.link_types.between(kind.id, to_type)
            crm.links.add(kept, target, [known[key] for key in keys if key in known])
    ids = [primary.id, other.id, *filter(None, _listed(primary, MERGED) + _listed(other, MERGED))]
    system = {MERGED: ";".join(each for each in dict.fromkeys(ids) if each != kept.id)}
    if kind.id == CONTACT:
        vids = dict.fromkeys([kept.id, *ids])
        system |= {
            "hs_all_contact_vids": ";".join(vids),
            MORE_EMAILS: _emails(kept, primary, other),
        }
    kept.created = min(primary.created, other.created)
    system[kind.created] = iso(kept.created)
    crm.update(kind, kept, system)
    for record in gone:
        crm.merged[kind.id, record.id] = kept.id
    return kept


def _filled(kind: ObjectType, primary: Record, other: Record) -> dict[str, str]:
    """Return the values that a person wrote: the primary's, then the other's."""
    values = {}
    for record in (other, primary):
        for name, value in record.properties.items():
            definition = kind.properties.get(name)
            if value and definition is not None and not definition.read_only:
                values[name] = value
    return values


def _listed(record: Record, name: str) -> list[str]:
    return record.properties.get(name, "").split(";")


def _emails(kept: Record, *merged: Record) -> str:
    """Return the addresses beside the first that reach a merged contact."""
    every = [
        address
        for record in merged
        for address in (record.properties.get(EMAIL, ""), *_listed(record, MORE_EMAILS))
    ]
    own = kept.properties.get(EMAIL, "")
    return ";".join(dict.fromkeys(each for each in every if each and each != own))


def forget(crm: Crm, kind: ObjectType, record: Record) -> None:
    """Delete a record for good; its addresses can never be used again."""
    addresses = (record.properties.get(EMAIL, ""), *_listed(record, MORE_EMAILS))
    crm.remove(kind, record)
    crm.blocked.update(each for each in addresses if each)
