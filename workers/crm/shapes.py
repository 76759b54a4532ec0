"""JSON of unknown shape → what is expected of it, or something empty. Pure.

An answer that lacks a field is not a reason to stop: published descriptions and live answers
differ. Whether enough came back is judged by what an answer accounts for.
"""

from collections.abc import Mapping


def mapping(value: object) -> Mapping[str, object]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a list, none if it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text or number as text, "" for what is not there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def optional(value: object) -> str | None:
    """Return a text or number as text, None for what is not there."""
    return None if value is None else text(value)


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list; one for a text alone, none for nothing."""
    if isinstance(value, list):
        return tuple(text(each) for each in value if each is not None)
    return () if value is None else (text(value),)


def whole(value: object) -> int | None:
    """Return a whole number, also if it came as text; None for anything else."""
    digits = text(value)
    return int(digits) if digits.removeprefix("-").isascii() and _number(digits) else None


def _number(digits: str) -> bool:
    return digits.removeprefix("-").isdigit()


def after(body: object) -> str | None:
    """Return the cursor of the next page, None on the last one."""
    return optional(mapping(mapping(mapping(body).get("paging")).get("next")).get("after"))
