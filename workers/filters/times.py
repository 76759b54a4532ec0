"""Filters for times."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime

from workers.filters.values import number, shown, text


def from_unix(value: object) -> datetime:
    """Return the time that so many seconds after 1970 is."""
    return _since_1970(number(value))


def from_unix_ms(value: object) -> datetime:
    """Return the time that so many milliseconds after 1970 is."""
    return _since_1970(number(value) / 1000)


def _since_1970(seconds: Decimal) -> datetime:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        raise ValueError(
            f"{seconds} seconds after 1970 is no time; is it in other units?"
        ) from None


IN_SECONDS = 100_000_000_000  # what is larger counts milliseconds: as seconds, the year 5138
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?"
    r"\s?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?"
)


def from_iso(value: object) -> datetime:
    """Return the time that RFC 3339 text names; one without a zone is UTC, a date its midnight."""
    if isinstance(value, datetime):
        return value
    match = _RFC3339.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{shown(value)} is not a time like 2026-09-21T14:13:20Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups(default="")
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),  # a leap second counts as the one before it
            int(fraction[:6].ljust(6, "0")) if fraction else 0,
            tzinfo=_zone(zone),
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a time that exists") from None


def _zone(text: str) -> timezone:
    if text in ("", "Z", "z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-away if text[0] == "-" else away)


def from_email_date(value: object) -> datetime:
    """Return the time that text such as `Mon, 21 Sep 2026 14:13:20 +0000` (RFC 2822) names."""
    try:
        moment = parsedate_to_datetime(text(value))
    except ValueError:
        raise ValueError(
            f"{shown(value)} is not a time like Mon, 21 Sep 2026 14:13:20 +0000"
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def as_time(value: object) -> datetime:
    """Return the time that is meant: ISO or RFC 2822, or (milli)seconds since 1970."""
    if isinstance(value, datetime):
        return value
    written = text(value).strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", written):
        count = number(written)
        return from_unix(count) if abs(count) < IN_SECONDS else from_unix_ms(count)
    return from_email_date(written) if written[:1].isalpha() else from_iso(written)


def date(value: object, layout: str = "%Y-%m-%d") -> str:
    """Return the day of a time (UTC), or the time in a `strftime` layout."""
    if len(layout) > 100 or re.search(r"%[^%aAbBdHIjmMpSyYfZzUuVGwWe]", layout):
        raise ValueError(f"{shown(layout)} is not a layout like %Y-%m-%d")
    return from_iso(value).strftime(layout)


def plus_days(value: object, days: object) -> datetime:
    """Return the time so many days later."""
    return from_iso(value) + timedelta(days=float(number(days)))
