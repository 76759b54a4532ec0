"""What a mapping may ask of the CRM. A closed union: mypy names each `match` that forgot one.

Values are strings as the CRM takes them; `""` clears a property. A property that is not to be
touched is not there. Object types are the CRM's names ("contacts") or ids ("2-123").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Keyed(NamedTuple):
    """The record of `object_type` whose `property` has `value`."""

    object_type: str
    property: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The record of `object_type` with the CRM's own `id`."""

    object_type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The record that an earlier change of the same event is about, by that change's `name`."""

    name: str


Target: TypeAlias = Keyed | Numbered | Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The kind of an association; all None means the default of the pair."""

    type_id: int | None = None
    category: str = "HUBSPOT_DEFINED"
    label: str | None = None  # resolved to a type id with the portal's labels


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    name: str  # unique within the event; a repeated step is "item[0]", "item[1]", …
    where: str  # FILE:LINE of the step, for whoever asks why


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert(_Asked):
    """Create the record that `key` names, or set `properties` on the one that is there."""

    key: Keyed
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(_Asked):
    """Make a new record, once for this event."""

    object_type: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Asked):
    """Set `properties` on a record that must be there."""

    target: Target
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(_Asked):
    """Put a record into the recycling bin; one that is not there is as good as archived."""

    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Associate(_Asked):
    """Associate two records."""

    source: Target
    to: Target
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissociate(_Asked):
    """Take an association away; all of the pair's when `link` is the default."""

    source: Target
    to: Target
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(_Asked):
    """Make an activity, once for this event, associated with every record of `on`."""

    activity_type: str  # notes, calls, emails, meetings, tasks, communications, postal_mail
    on: tuple[Target, ...]
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin(_Asked):
    """Pin an activity of this event to a record, in place of what was pinned before."""

    activity: Step
    to: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpin(_Asked):
    """Leave nothing pinned to the record."""

    to: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Find(_Asked):
    """Know the record that `key` names, without writing it; not there is no fault."""

    key: Keyed


Change: TypeAlias = (
    Upsert | Create | Update | Archive | Associate | Dissociate | Log | Pin | Unpin | Find
)
