"""What arrived → events: reads id, type and time where the source file says they are."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import orjson

from workers.errors import MappingError
from workers.events import Arrival
from workers.expressions import MISSING, Expression, Scope
from workers.filters.times import from_iso
from workers.filters.values import sequence, text
from workers.sources.model import Source

MAX_ID = 200  # characters; a longer id is told apart by its hash
MAX_TYPE = 200
UNREADABLE = "unreadable"  # the type of an element whose own type cannot be told


def arrivals(
    source: Source,
    *,
    endpoint: str,
    headers: Mapping[str, str],
    body: object,
    received: datetime,
) -> list[Arrival]:
    """Return the events that a verified delivery carries: one, or as many as its array has.

    `body` is decoded JSON, or the fields of a form. An element without an id or a type, beside
    others that have them, becomes an arrival with a `fault`. Raises MappingError if there is no
    list, or not one good event in it; nothing of the delivery should be accepted then. A list that
    is empty, or null, carries no events.
    """
    reading = source.reading
    scope = Scope(
        body=body, headers=headers, received=received, event={}, variables=source.variables
    )
    if reading.each is None:
        return [_arrival(source, scope, endpoint=endpoint, headers=headers, body=body)]
    elements = _value(reading.each, scope, "each")
    if elements is MISSING:  # what has no list is not the delivery that it should be
        raise MappingError(f"{reading.each.place}: each: is missing; in {reading.each.source}")
    try:
        listed = sequence(elements)
    except ValueError as error:
        raise MappingError(f"{reading.each.place}: each: {error}") from error
    scope.bind("batch", body)
    found: list[Arrival] = []
    faults: list[MappingError] = []
    for index, element in enumerate(listed):
        scope.budget.renew()
        scope.bind("body", element)
        scope.bind("index", index)
        try:
            arrival = _arrival(source, scope, endpoint=endpoint, headers=headers, body=element)
        except MappingError as error:  # one bad element must not cost the sender the others
            faults.append(error)
            arrival = _unreadable(
                source, endpoint=endpoint, headers=headers, body=element, fault=str(error)
            )
        found.append(arrival)
    if faults and len(faults) == len(found):
        raise faults[0]
    return found


def _unreadable(
    source: Source, *, endpoint: str, headers: Mapping[str, str], body: object, fault: str
) -> Arrival:
    """Return what is kept of an element of which no event can be made: itself, and why."""
    kept = _json(source, body)
    return Arrival(
        endpoint=endpoint,
        source=source.name,
        source_id=f"{UNREADABLE}-{hashlib.sha256(kept).hexdigest()[:40]}",
        type=UNREADABLE,
        time=None,
        headers=_kept(source, headers),
        body=kept,
        fault=fault,
    )


def _arrival(
    source: Source, scope: Scope, *, endpoint: str, headers: Mapping[str, str], body: object
) -> Arrival:
    reading = source.reading
    if reading.body is not None:
        found = _value(reading.body, scope, "body")
        body = None if found == MISSING else found
        scope.bind("body", body)
    type_ = _text(reading.type, scope, "type")
    if not type_ or len(type_) > MAX_TYPE:
        what = "is missing" if not type_ else "is too long"
        raise MappingError(f"{reading.type.place}: type: {what}; in {reading.type.source}")
    return Arrival(
        endpoint=endpoint,
        source=source.name,
        source_id=_id(source, scope),
        type=type_,
        time=_time(reading.time, scope),
        headers=_kept(source, headers),
        body=_json(source, body),
    )


def _kept(source: Source, headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in sorted(source.kept_headers) if name in headers}


def _json(source: Source, body: object) -> bytes:
    try:
        return orjson.dumps(body, default=text)
    except orjson.JSONEncodeError as error:
        place = source.reading.id[0].place
        raise MappingError(f"{place}: body: cannot be kept as JSON: {error}") from error


def _id(source: Source, scope: Scope) -> str:
    parts = [_text(each, scope, "id") for each in source.reading.id]
    first = source.reading.id[0]
    if not any(parts):
        raise MappingError(f"{first.place}: id: is missing; in {first.source}")
    if len(parts) == 1 and len(parts[0]) <= MAX_ID:
        return parts[0]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:40]


def _time(expression: Expression | None, scope: Scope) -> datetime | None:
    if expression is None:
        return None
    value = _value(expression, scope, "time")
    if not value:
        return None
    try:
        return from_iso(value)
    except ValueError as error:
        raise MappingError(f"{expression.place}: time: {error}; in {expression.source}") from error


def _value(expression: Expression, scope: Scope, field: str) -> object:
    try:
        value = expression(scope)
    except MappingError as error:
        raise MappingError(
            f"{expression.place}: {field}: {error}; in {expression.source}"
        ) from error
    return value


def _text(expression: Expression, scope: Scope, field: str) -> str:
    value = _value(expression, scope, field)
    try:
        return "" if value == MISSING else text(value).strip()
    except ValueError as error:
        raise MappingError(
            f"{expression.place}: {field}: {error}; in {expression.source}"
        ) from error
