"""Answers → records, each with the input that it answers: by key or trace, never by position."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from workers.crm.call import Call
from workers.crm.faults import RowError, error
from workers.crm.shapes import after, items, mapping, optional, text, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of the CRM that is not an error."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A value that a property has, or had."""

    value: str
    at: str
    source: str = ""
    source_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A record that another is associated with, and the names of the types."""

    id: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record of an answer.

    A property without a value is not among `properties`, whether the CRM left it out or sent
    null: it does the one here and the other there.
    """

    id: str
    properties: Mapping[str, str]
    trace: str | None = None
    new: bool | None = None  # upserts: was it created?
    input: str | None = None  # from `matched`: the trace, or key in lower case, or id of its input
    archived: bool = False
    archived_at: str | None = None
    url: str | None = None
    history: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)  # the newest first
    associations: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """The results and errors of a batch."""

    results: tuple[Row, ...]
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a search or list."""

    total: int | None  # of a search
    results: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of a batch, as an answer may name it."""

    trace: str
    key_property: str
    value: str  # the key in lower case if there is a key property, else the id

    @property
    def name(self) -> str:
        """Its trace, else its key or id: what `Row.input` says."""
        return self.trace or self.value


def inputs(call: Call) -> list[Input]:
    """Return the inputs of a batch."""
    body = mapping(call.body)
    shared = text(body.get("idProperty"))
    found = []
    for item in items(body.get("inputs")):
        key_property = text(item.get("idProperty")) or shared
        value = text(item.get("id"))
        found.append(
            Input(
                trace=text(item.get("objectWriteTraceId")),
                key_property=key_property,
                value=value.lower() if key_property else value,
            )
        )
    return found


def batch(reply: Reply) -> BatchReply:
    """Return the results and errors of a batch of records."""
    body = mapping(reply.body)
    return BatchReply(
        results=tuple(row(item) for item in items(body.get("results"))),
        errors=tuple(error(item) for item in items(body.get("errors"))),
    )


def matched(call: Call, reply: Reply) -> BatchReply:
    """Return the results and errors of a batch, each result with the input that it answers."""
    asked = inputs(call)
    by_trace = {each.trace: each.name for each in asked if each.trace}
    by_value = {(each.key_property, each.value): each.name for each in asked if each.value}
    keys = tuple(dict.fromkeys(each.key_property for each in asked if each.key_property))

    def answered(row: Row) -> str | None:
        if row.trace in by_trace:
            return by_trace[row.trace]
        for key in keys:
            for value in _values(row, key):
                if (key, value) in by_value:
                    return by_value[key, value]
        return by_value.get(("", row.id))

    parsed = batch(reply)
    results = tuple(replace(each, input=answered(each)) for each in parsed.results)
    return replace(parsed, results=results)


def _values(row: Row, key_property: str) -> list[str]:
    """Return the values in lower case by which a record may have been asked for."""
    values = [row.properties.get(key_property, "")]
    if key_property == "email":
        values += row.properties.get("hs_additional_emails", "").split(";")
    return [value.strip().lower() for value in values if value]


def search(reply: Reply) -> Page:
    """Return a page of a search or of a list."""
    body = mapping(reply.body)
    return Page(
        total=whole(body.get("total")),
        results=tuple(row(item) for item in items(body.get("results"))),
        next=after(body),
    )


def record(reply: Reply) -> Row:
    """Return the one record of an answer."""
    return row(mapping(reply.body))


def row(item: Mapping[str, object]) -> Row:
    """Return one record of an answer."""
    new = item.get("new")
    return Row(
        id=text(item.get("id")),
        properties={  # nearly all are texts already, and there are many
            name: value if type(value) is str else text(value)
            for name, value in mapping(item.get("properties")).items()
            if value is not None
        },
        trace=optional(item.get("objectWriteTraceId")),
        new=new if isinstance(new, bool) else None,
        archived=item.get("archived") is True,
        archived_at=optional(item.get("archivedAt")),
        url=optional(item.get("url")),
        history={
            name: tuple(_version(each) for each in items(versions))
            for name, versions in mapping(item.get("propertiesWithHistory")).items()
        },
        associations={
            name: _links(mapping(found).get("results"))
            for name, found in mapping(item.get("associations")).items()
        },
    )


def _version(item: Mapping[str, object]) -> Version:
    return Version(
        value=text(item.get("value")),
        at=text(item.get("timestamp")),
        source=text(item.get("sourceType")),
        source_id=text(item.get("sourceId")),
    )


def _links(results: object) -> tuple[Link, ...]:
    """Return each associated record once: the answer has an entry for every type."""
    types: dict[str, list[str]] = {}
    for item in items(results):
        types.setdefault(text(item.get("id")), []).append(text(item.get("type")))
    return tuple(Link(id=id, types=tuple(names)) for id, names in types.items())
