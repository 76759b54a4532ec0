"""Answers → results by key, never by position. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from workers.crm.calls import Call
from workers.errors import Refused

_EXISTING = (
    re.compile(r"Existing ID:\s*(\d+)"),
    re.compile(r"\b(\d+) already has that value"),
)
_PROPERTY = (re.compile(r"propertyName=([^,}\s]+)"), re.compile(r'Property "([^"]+)" does not'))
_PROPERTY_ERRORS = re.compile(r"Property values were not valid:\s*(\[.*\])", re.DOTALL)
RETRYABLE = frozenset({408, 423, 429, 477, *range(500, 600)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of the CRM that is not an error."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the headers say is left of the quota; None for what they do not say."""

    most: int | None
    remaining: int | None
    interval_ms: int | None
    daily: int | None
    daily_remaining: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record of an answer."""

    id: str
    properties: Mapping[str, str | None]
    trace: str | None = None
    new: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """What an answer says is wrong, and which inputs it names."""

    message: str
    category: str = ""
    status: int = 0
    code: str = ""
    traces: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    existing_id: str | None = None
    properties: tuple[str, ...] = ()
    retryable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """The results and errors of a batch."""

    results: tuple[Row, ...]
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a search or list."""

    total: int | None
    results: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One association of an answer."""

    from_id: str
    to_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsReply:
    """The associations that a batch made, and its errors."""

    results: tuple[Pair, ...]
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One association type."""

    category: str
    type_id: int
    label: str | None


def limits(headers: Mapping[str, str]) -> Limits:
    """Return what rate-limit headers say."""

    def number(name: str) -> int | None:
        value = headers.get(f"x-hubspot-ratelimit-{name}", "")
        return int(value) if value.isdigit() else None

    return Limits(
        most=number("max"),
        remaining=number("remaining"),
        interval_ms=number("interval-milliseconds"),
        daily=number("daily"),
        daily_remaining=number("daily-remaining"),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(each) for each in value)
    return () if value is None else (str(value),)


def row(item: Mapping[str, object]) -> Row:
    """Return one record of an answer."""
    new = item.get("new")
    trace = item.get("objectWriteTraceId")
    return Row(
        id=str(item.get("id", "")),
        properties={
            name: None if value is None else str(value)
            for name, value in _mapping(item.get("properties")).items()
        },
        trace=None if trace is None else str(trace),
        new=new if isinstance(new, bool) else None,
    )


def batch(reply: Reply) -> BatchReply:
    """Return the results and errors of a batch of records."""
    body = _mapping(reply.body)
    return BatchReply(
        results=tuple(row(item) for item in _items(body.get("results"))),
        errors=tuple(error(item) for item in _items(body.get("errors"))),
    )


def unaccounted(call: Call, reply: Reply) -> tuple[str, ...]:
    """Return the inputs that an answer is silent about: by trace, else by id."""
    parsed = batch(reply)
    spoken = {each.trace for each in parsed.results} | {each.id for each in parsed.results}
    for each in parsed.errors:
        spoken.update(each.traces, each.ids)
    names = [
        str(item.get("objectWriteTraceId") or item.get("id"))
        for item in _items(_mapping(call.body).get("inputs"))
    ]
    return tuple(name for name in names if name not in spoken)


def error(item: Mapping[str, object], *, status: int = 0) -> RowError:
    """Return what one error of an answer says."""
    context = _mapping(item.get("context"))
    message = str(item.get("message", ""))
    details = _items(item.get("errors")) + _property_errors(message)
    ids: list[str] = []
    properties: list[str] = []
    existing = next(iter(_texts(context.get("existingId"))), None)
    for pattern in _EXISTING:
        found = pattern.search(message)
        if found is not None:
            existing = existing or found.group(1)
    for each in (context, *(_mapping(detail.get("context")) for detail in details)):
        for name in ("ids", "id", "INVALID_OBJECT_IDS", "invalidIds"):
            ids += _texts(each.get(name))
        for name in ("propertyName", "properties", "property"):
            properties += _texts(each.get(name))
    properties += [str(detail["name"]) for detail in details if "name" in detail]
    for pattern in _PROPERTY:
        properties += pattern.findall(message)
    raw_status = item.get("status")
    own_status = raw_status if isinstance(raw_status, int) else status
    code = next((str(d[k]) for d in details for k in ("code", "error") if k in d), "")
    return RowError(
        message=message,
        category=str(item.get("category", "")),
        status=own_status,
        code=code,
        traces=_texts(context.get("objectWriteTraceId")),
        ids=tuple(dict.fromkeys(ids)),
        existing_id=existing,
        properties=tuple(dict.fromkeys(properties)),
        retryable=own_status in RETRYABLE or str(item.get("category")) == "RATE_LIMITS",
    )


def _property_errors(message: str) -> list[Mapping[str, object]]:
    """Return the faults that HubSpot writes as JSON into the message itself."""
    found = _PROPERTY_ERRORS.search(message)
    if found is None:
        return []
    try:
        return _items(orjson.loads(found.group(1)))
    except orjson.JSONDecodeError:
        return []


def hints(refused: Refused) -> RowError:
    """Return what the refusal of a whole batch names: ids, traces, properties."""
    return error(_mapping(refused.body), status=refused.status)


def search(reply: Reply) -> Page:
    """Return a page of a search or of a list."""
    body = _mapping(reply.body)
    after = _mapping(_mapping(body.get("paging")).get("next")).get("after")
    total = body.get("total")
    return Page(
        total=total if isinstance(total, int) else None,
        results=tuple(row(item) for item in _items(body.get("results"))),
        next=None if after is None else str(after),
    )


def _end(item: Mapping[str, object], plain: str, nested: str) -> str:
    direct = item.get(plain)
    return str(_mapping(item.get(nested)).get("id", "") if direct is None else direct)


def pairs(reply: Reply) -> PairsReply:
    """Return the associations that a batch says it made; empty for a 204."""
    body = _mapping(reply.body)
    return PairsReply(
        results=tuple(
            Pair(
                from_id=_end(item, "fromObjectId", "from"),
                to_id=_end(item, "toObjectId", "to"),
            )
            for item in _items(body.get("results"))
        ),
        errors=tuple(error(item) for item in _items(body.get("errors"))),
    )


def associations(reply: Reply) -> dict[str, tuple[str, ...]]:
    """Return which records each record of a batch read is associated with, each id once."""
    found: dict[str, tuple[str, ...]] = {}
    for item in _items(_mapping(reply.body).get("results")):
        to_ids = [_end(to, "toObjectId", "to") for to in _items(item.get("to"))]
        found[str(_mapping(item.get("from")).get("id", ""))] = tuple(dict.fromkeys(to_ids))
    return found


def labels(reply: Reply) -> tuple[Label, ...]:
    """Return the association types of two object types."""
    return tuple(_labels(_items(_mapping(reply.body).get("results"))))


def _labels(items: Iterable[Mapping[str, object]]) -> Iterable[Label]:
    for item in items:
        label = item.get("label")
        yield Label(
            category=str(item.get("category", "")),
            type_id=int(str(item.get("typeId", 0))),
            label=None if label is None else str(label),
        )
