"""Filters for lists, mappings and JSON."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

import orjson

from workers.bodies import json_value
from workers.filters.values import at, check_items, check_size, number, sequence, shown, text


def lookup(value: object, table: Mapping[object, object], otherwise: object = None) -> object:
    """Return what the table has for the value, in any case, or `otherwise`."""
    if not isinstance(table, Mapping):
        raise ValueError("lookup needs a table such as {'paid': 'closedwon'}")  # noqa: TRY004
    wanted = text(value)
    if wanted in table:
        return table[wanted]
    folded = wanted.casefold()
    for name, found in table.items():
        if text(name).casefold() == folded:
            return found
    return otherwise


def join(value: object, by: str = ", ") -> str:
    """Return the elements that are there, as one text."""
    parts = [part for part in map(text, sequence(value)) if part]
    check_size(sum(map(len, parts)) + len(by) * len(parts))
    return text(by).join(parts)


def first(value: object) -> object:
    """Return the first element."""
    return next(iter(sequence(value)), None)


def last(value: object) -> object:
    """Return the last element."""
    elements = sequence(value)
    return elements[-1] if elements else None


def length(value: object) -> int:
    """Return how many elements, or characters, it has."""
    return len(value) if isinstance(value, str | Mapping) else len(sequence(value))


def total(value: object) -> Decimal:
    """Return the sum of the numbers in a list."""
    return sum((number(each) for each in sequence(value) if each is not None), Decimal(0))


def as_list(value: object) -> list[object]:
    """Return a list as it is, and anything else as a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def where(value: object, name: str, wanted: object = True) -> list[object]:  # noqa: FBT002
    """Return the elements whose `name` (which may be dotted) is `wanted`, or true if not given."""
    return [each for each in sequence(value) if _is(at(each, name), wanted)]


def _is(found: object, wanted: object) -> bool:
    """Return True if both are the same, a number and its text included."""
    if wanted is True:
        return bool(found)
    return found == wanted or (found is not None and text(found) == text(wanted))


def unique(value: object) -> list[object]:
    """Return the elements without those that were there before."""
    return list({to_json(each): each for each in reversed(sequence(value))}.values())[::-1]


def reverse(value: object) -> list[object]:
    """Return the elements, the last first."""
    return list(sequence(value))[::-1]


def sort_by(value: object, name: str = "") -> list[object]:
    """Return the elements sorted by what they have under `name`, or by themselves."""
    elements = sequence(value)
    keys = {id(each): at(each, name) if name else each for each in elements}
    try:
        return sorted(elements, key=lambda each: number(keys[id(each)]))
    except ValueError:
        return sorted(elements, key=lambda each: text(keys[id(each)]))


def items(value: object) -> list[object]:
    """Return the entries of a mapping as [name, value]."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} is not a mapping")  # noqa: TRY004
    return [[name, each] for name, each in value.items()]


def pluck(value: object, name: str) -> list[object]:
    """Return what each element has under `name` (which may be dotted), where it has something."""
    found = (at(each, name) for each in sequence(value))
    return [each for each in found if each is not None]


def by(value: object, name: str) -> dict[str, object]:
    """Return the elements as a mapping, each under what it has at `name` (which may be dotted)."""
    found = ((at(each, name), each) for each in sequence(value))
    return {text(key): each for key, each in found if key is not None}


def only(value: object, names: object) -> dict[str, object]:
    """Return the entries of a mapping whose names are listed."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{shown(value)} is not a mapping")  # noqa: TRY004
    wanted = {text(each) for each in sequence(names)}
    return {text(name): each for name, each in value.items() if text(name) in wanted}


def spread(value: object, name: str) -> list[object]:
    """Return each element once for every element of its list `name`, which it then holds alone.

    An element without such a list stays as it is.
    """
    result: list[object] = []
    for outer in sequence(value):
        inner = outer.get(name) if isinstance(outer, Mapping) else None
        if isinstance(outer, Mapping) and isinstance(inner, list):
            result += ({**outer, name: each} for each in inner)
        else:
            result.append(outer)
        check_items(len(result))
    return result


def merged(value: object, other: object) -> dict[object, object]:
    """Return a mapping with the entries of both, the second's winning."""
    if not isinstance(value, Mapping) or not isinstance(other, Mapping):
        raise ValueError("merged needs two mappings")  # noqa: TRY004
    return {**value, **other}


def from_json(value: object) -> object:
    """Return what JSON text says."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return json_value(value.encode() if isinstance(value, str) else value)
    except (orjson.JSONDecodeError, UnicodeError) as error:
        raise ValueError(f"{shown(value)} is not JSON ({error})") from None


def to_json(value: object) -> str:
    """Return the value as JSON text."""
    try:
        return orjson.dumps(value, default=text).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(f"cannot be written as JSON ({error})") from None


def fingerprint(value: object) -> str:
    """Return 40 characters that are the same for the same value, and tell nothing of it."""
    found = orjson.dumps(value, default=text, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(found).hexdigest()[:40]
