"""What a value is to the mapping language, whatever the payload made of it."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

MAX_TEXT = 1_000_000  # characters; above what any property holds
MAX_ITEMS = 10_000
LONGEST = 65_536  # characters that a text property of HubSpot holds


class Safe(str):
    """Text that is HTML already, so nothing in it is escaped again."""

    __slots__ = ()


def text(value: object) -> str:
    """Return the value as the CRM takes it.

    `true` and `false`; numbers in plain decimals; times in ISO 8601 UTC; lists joined by `;`.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        value = number(value)
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    if isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} is a mapping; name the part of it that is meant")  # noqa: TRY004
    parts = [text(each) for each in sequence(value)]
    check_size(sum(map(len, parts)))
    return ";".join(part for part in parts if part)


def number(value: object) -> Decimal:
    """Return the number that is written, exactly; a comma between thousands is understood."""
    if isinstance(value, bool):
        raise ValueError(f"{shown(value)} is not a number")  # noqa: TRY004
    if isinstance(value, Decimal | int):
        return Decimal(value)
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    written = str(value).strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", written):
        written = written.replace(",", "")
    if len(written) <= 100 and re.fullmatch(
        r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", written, re.ASCII
    ):
        try:
            return Decimal(written)
        except InvalidOperation:
            pass
    raise ValueError(f"{shown(value)} is not a number")


def sequence(value: object) -> Sequence[object]:
    """Return the elements of a list (or of what yields some), at most MAX_ITEMS."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise ValueError(f"{shown(value)} is not a list")  # noqa: TRY004
    result: list[object] = []
    for each in value:
        result.append(each)
        check_items(len(result))
    return result


def at(value: object, path: str) -> object:
    """Return what stands at a dotted path; None if nothing does."""
    for part in text(path).split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def shown(value: object) -> str:
    """Return a short form of the value for a message."""
    whole = repr(value) if isinstance(value, str) else str(value)
    return whole if len(whole) <= 60 else whole[:59] + "…"


def check_size(size: int) -> None:
    """Raise ValueError for text that is too long for any use."""
    if size > MAX_TEXT:
        raise ValueError(f"the text would have more than {MAX_TEXT:,} characters")


def check_items(count: int) -> None:
    """Raise ValueError for a list that is too long for any use."""
    if count > MAX_ITEMS:
        raise ValueError(f"the list would have more than {MAX_ITEMS:,} elements")
