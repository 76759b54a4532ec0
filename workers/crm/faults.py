"""What an error of the CRM says, and which inputs, properties and values it names. Pure.

HubSpot names them in `context`, in `errors`, or only within the message; all three are read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from workers.crm.shapes import items, mapping, text, texts, whole
from workers.errors import Refused

RETRYABLE = frozenset({408, 423, 429, 477, *range(500, 600)})
TRANSIENT = frozenset({"RATE_LIMIT", "RATE_LIMITS", "INTERNAL_ERROR", "LOCKED"})

_EXISTING = (
    re.compile(r"Existing ID:\s*(\d+)"),
    re.compile(r"\b(\d+) already has that value"),
)
_IDS = (
    re.compile(r"\b[A-Z][A-Z_0-9-]*=(\d+) is not valid"),
    re.compile(r"\bon (\d+)\. \d+ already has that value"),
)
_ID_LIST = re.compile(r"Duplicate IDs found in batch input: \[([^\]]*)\]")
_PROPERTIES = (
    re.compile(r"propertyName=([^,}\s]+)"),
    re.compile(r'Property "([^"]+)" does not exist'),
    re.compile(r'"([^"\s]+)" is a (?:calculated|read.only) property'),
)
_VALUES = (
    re.compile(r"propertyName=[^,}]+, value=(.*?)\} on \d+"),
    re.compile(r"Email address (\S+) is invalid"),
)
_PROPERTY_ERRORS = re.compile(r"Property values were not valid:\s*(\[.*\])", re.DOTALL)
_ID_KEYS = ("ids", "id", "objectId", "fromObjectId", "toObjectId", "invalidIds")
_PROPERTY_KEYS = ("propertyName", "properties", "property")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """What an answer says is wrong, and which inputs it names."""

    message: str
    category: str = ""
    status: int = 0
    code: str = ""
    traces: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    existing_id: str | None = None  # of the record that holds a value already
    properties: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    retryable: bool = False


def hints(refused: Refused) -> RowError:
    """Return what the refusal of a whole call names."""
    return error(mapping(refused.body), status=refused.status)


def error(item: Mapping[str, object], *, status: int = 0) -> RowError:
    """Return what one error of an answer says; `status` is the answer's, if it is an error."""
    message = text(item.get("message"))
    details = items(item.get("errors"))
    within = _within(message)
    contexts = [mapping(each.get("context")) for each in (item, *details)]
    messages = [message, *(text(each.get("message")) for each in details)]
    invalid = [each for context in contexts for each in texts(context.get("INVALID_OBJECT_IDS"))]
    own_status = whole(item.get("status")) or status
    category = text(item.get("category"))
    return RowError(
        message=_readable(message, within),
        category=category,
        status=own_status,
        code=_first(
            text(each.get(key)) for each in (*details, *within) for key in ("code", "error")
        ),
        traces=_unique(_named(contexts, ("objectWriteTraceId",))),
        ids=_unique(
            (
                *_named(contexts, _ID_KEYS),
                *(each for each in invalid if each.isdigit()),
                *_matches(_IDS, [*messages, *invalid]),
                *_listed(message),
            )
        ),
        existing_id=_first(
            (
                *_named(contexts, ("existingId",)),
                *_matches(_EXISTING, messages),
                text(mapping(item.get("identityProfile")).get("vid")),
            )
        )
        or None,
        properties=_unique(
            (
                *_named(contexts, _PROPERTY_KEYS),
                *(text(each.get("name")) for each in within),
                *_matches(_PROPERTIES, messages),
            )
        ),
        values=_unique(
            (
                *(text(each.get("propertyValue")) for each in within),
                *_matches(_VALUES, messages),
            )
        ),
        retryable=own_status in RETRYABLE or category in TRANSIENT,
    )


def _readable(message: str, within: Sequence[Mapping[str, object]]) -> str:
    """Return a message with the faults that it holds as JSON in words: "property: what"."""
    told = [
        ": ".join(filter(None, (text(each.get("name")), text(each.get("message")))))
        for each in within
    ]
    found = _PROPERTY_ERRORS.search(message)
    if found is None or not all(told) or not told:
        return message
    return f"{message[: found.start(1)]}{'; '.join(told)}{message[found.end(1) :]}".strip()


def _within(message: str) -> list[Mapping[str, object]]:
    """Return the faults that HubSpot writes as JSON into the message itself."""
    found = _PROPERTY_ERRORS.search(message)
    if found is None:
        return []
    try:
        return items(orjson.loads(found.group(1)))
    except orjson.JSONDecodeError:
        return []


def _named(contexts: Iterable[Mapping[str, object]], keys: Iterable[str]) -> list[str]:
    keys = tuple(keys)
    return [each for context in contexts for key in keys for each in texts(context.get(key))]


def _matches(patterns: Iterable[re.Pattern[str]], messages: Iterable[str]) -> list[str]:
    messages = tuple(messages)
    return [
        found.group(1)
        for pattern in patterns
        for message in messages
        for found in pattern.finditer(message)
    ]


def _listed(message: str) -> list[str]:
    found = _ID_LIST.search(message)
    return [] if found is None else [each.strip() for each in found.group(1).split(",")]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _first(names: Iterable[str]) -> str:
    return next((name for name in names if name), "")
