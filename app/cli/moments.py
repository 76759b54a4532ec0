"""Moves every moment in a payload, so that what a sample tells happens now."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

NEAR = timedelta(days=40)  # numbers this near the event's own time are taken for times
_ISO = re.compile(r"(20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


def moved(value: object, *, around: datetime, to: datetime) -> object:
    """Return the payload with its times moved as far as from `around` to `to`."""
    match value:
        case Mapping():
            return {name: moved(each, around=around, to=to) for name, each in value.items()}
        case list():
            return [moved(each, around=around, to=to) for each in value]
        case bool():
            return value
        case int():
            return _number(value, around, to)
        case str():
            return _ISO.sub(lambda found: _text(found, to - around), value)
        case _:
            return value


def _number(value: int, around: datetime, to: datetime) -> int:
    for unit in (1, 1000):  # seconds, milliseconds
        if abs(value / unit - around.timestamp()) < NEAR.total_seconds():
            return value + int((to - around).total_seconds() * unit)
    return value


def _text(found: re.Match[str], by: timedelta) -> str:
    zone = found[3].replace("Z", "+00:00")
    moment = datetime.fromisoformat(found[1].replace(" ", "T") + zone) + by
    if found[3] == "Z":
        moment = moment.astimezone(UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").replace("T", found[1][10])
    return f"{text}{found[2] or ''}{found[3]}"
