"""One input of a call and what came back for it: the words that plan and batch share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an operation does; operations of one kind and type share calls."""

    UPSERT = "upsert"  # by a unique property
    READ = "read"  # by a unique property, to learn the id
    SEARCH = "search"  # by a property that is not unique, to learn the id
    CREATE = "create"
    UPDATE = "update"  # by id
    ASSOCIATE = "associate"
    DISSOCIATE = "dissociate"
    ARCHIVE = "archive"  # by id
    RECALL = "recall"  # the activities on a record, to find one whose answer was lost


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTo:
    """An association that is made with a new activity or record."""

    object_type: str
    id: str
    type_id: int | None = None  # None: the default of the pair
    category: str = "HUBSPOT_DEFINED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One input of a call.

    `key` names it in the call and in the answer, and is the same when the same is asked again.
    """

    kind: Kind
    key: str
    object_type: str
    property: str = ""  # UPSERT, READ, SEARCH: the property that identifies
    value: str = ""  # UPSERT, READ, SEARCH: its value; UPDATE, ARCHIVE, associations: the id
    properties: Mapping[str, str] = field(default_factory=dict)
    links: tuple[LinkTo, ...] = ()
    to_type: str = ""  # ASSOCIATE, DISSOCIATE
    to_id: str = ""
    type_id: int | None = None
    category: str = "HUBSPOT_DEFINED"


class Said(StrEnum):
    """What the CRM's answer means for one operation."""

    DONE = "done"  # `id` is the record's
    ABSENT = "absent"  # no such record; `absent` names the ids, when others than the operation's
    TAKEN = "taken"  # a unique value is held by the record `id` already
    REFUSED = "refused"
    LATER = "later"  # not done, and may succeed later
    LOST = "lost"  # no answer: may have been done


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came back for one operation."""

    said: Said
    id: str = ""
    new: bool = False
    reason: str = ""
    blamed: tuple[str, ...] = ()  # the properties that the CRM named
    absent: tuple[str, ...] = ()  # ids of other records that were named as not there
    others: tuple[str, ...] = ()  # SEARCH: ids of further records that match, the younger last
    found: tuple[Mapping[str, str], ...] = ()  # SEARCH, RECALL: properties of what matched
    retry_after_s: float | None = None
    portal_wide: bool = False  # nothing of this portal will get through for now
    call: str = ""  # id of the call that carried it
