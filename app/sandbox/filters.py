"""Whether what search sees of a record meets a filter. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from app.sandbox.asking import text, words
from app.sandbox.catalogue import Definition

Filter = Mapping[str, object]
Order = tuple[int, float, str]  # comparable whatever a value turns out to be


def order(definition: Definition, value: str) -> Order:
    """Return what puts values of a property in their order: by number, by time, by letters."""
    if definition.type in ("date", "datetime"):
        return _moment(value)
    if definition.type == "number":
        try:
            return (0, float(value), "")
        except ValueError:
            pass
    return (1, 0.0, value if definition.type == "enumeration" else value.lower())


def _moment(value: str) -> Order:
    """Return the milliseconds of a time, which a filter may give as such or as ISO 8601."""
    try:
        return (0, float(value), "")
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return (1, 0.0, value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (0, moment.timestamp() * 1000, "")


def _tokens(value: str) -> list[str]:
    return [token for token in re.split(r"[^\w*]+", value.lower()) if token]


def _has_tokens(value: str, wanted: str) -> bool:
    patterns = [re.compile(re.escape(t).replace(r"\*", ".*")) for t in _tokens(wanted)]
    tokens = _tokens(value)
    return all(any(pattern.fullmatch(token) for token in tokens) for pattern in patterns)


def _is_one_of(definition: Definition, value: str, found: Filter) -> bool:
    """Return True for a value in the list; of texts it has to be written in lower case."""
    listed = words(found.get("values"))
    if definition.type in ("enumeration", "bool"):
        return value in listed
    if definition.type == "string":
        return value.lower() in listed
    return order(definition, value) in [order(definition, each) for each in listed]


def _compare(test: Callable[[Order, Order], bool]) -> Callable[[Definition, str, Filter], bool]:
    def compared(definition: Definition, value: str, found: Filter) -> bool:
        limit = text(found.get("value"))
        return value != "" and test(order(definition, value), order(definition, limit))

    return compared


def _equal(definition: Definition, value: str, found: Filter) -> bool:
    return order(definition, value) == order(definition, text(found.get("value")))


def _between(definition: Definition, value: str, found: Filter) -> bool:
    low, high = text(found.get("value")), text(found.get("highValue"))
    held = order(definition, value)
    return value != "" and order(definition, low) <= held <= order(definition, high)


OPERATORS: Mapping[str, Callable[[Definition, str, Filter], bool]] = {
    "EQ": _equal,
    "NEQ": lambda definition, value, found: not _equal(definition, value, found),
    "LT": _compare(lambda held, limit: held < limit),
    "LTE": _compare(lambda held, limit: held <= limit),
    "GT": _compare(lambda held, limit: held > limit),
    "GTE": _compare(lambda held, limit: held >= limit),
    "BETWEEN": _between,
    "IN": _is_one_of,
    "NOT_IN": lambda definition, value, found: not _is_one_of(definition, value, found),
    "HAS_PROPERTY": lambda _, value, found: value != "",  # noqa: ARG005
    "NOT_HAS_PROPERTY": lambda _, value, found: value == "",  # noqa: ARG005
    "CONTAINS_TOKEN": lambda _, value, found: _has_tokens(value, text(found.get("value"))),
    "NOT_CONTAINS_TOKEN": lambda _, value, found: not _has_tokens(value, text(found.get("value"))),
}
