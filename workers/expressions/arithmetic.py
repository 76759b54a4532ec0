"""Arithmetic as people do it: decimal, limited, and with nothing to say about what is missing."""

import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal, Inexact
from decimal import Context as Arithmetic
from typing import NoReturn

from workers.expressions.missing import MISSING, Missing
from workers.filters.values import MAX_ITEMS, check_size, number, shown

MAX_BITS = 512
MAX_DIGITS = 300  # before the point or after it; they are all written out

_DIVISION = Arithmetic(prec=28)
_SHORT = Arithmetic(prec=15)


def _divided(left: Decimal, right: Decimal) -> Decimal:
    _DIVISION.clear_flags()
    exact = _DIVISION.divide(left, right)
    return _SHORT.plus(exact) if _DIVISION.flags[Inexact] else exact


def _floored(left: Decimal, right: Decimal) -> Decimal:
    return (left / right).to_integral_value(ROUND_FLOOR)


def _fail(reason: str) -> NoReturn:
    raise ValueError(reason)


def calculate(sign: str, left: object, right: object) -> object:
    """Return `left sign right`; MISSING if one of them is. Raises ValueError for other kinds."""
    if isinstance(left, Missing) or isinstance(right, Missing):
        return MISSING
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        check_size(len(left) + len(right))
        return left + right
    if sign == "+" and isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MAX_ITEMS:
            _fail(f"a list of more than {MAX_ITEMS:,} elements")
        return left + right
    for each in (left, right):
        if isinstance(each, bool) or not isinstance(each, int | float | Decimal):
            _fail(f"{sign} needs numbers, not {shown(each)}; use `| number`, or ~ to join text")
    if sign in ("/", "//", "%") and not right:
        _fail("division by zero has no result")
    if isinstance(left, int) and isinstance(right, int) and sign != "/":
        if left.bit_length() + right.bit_length() > MAX_BITS:
            _fail("the number would be too large")
        return _INTEGER[sign](left, right)
    found = _DECIMAL[sign](number(left), number(right))
    if found and abs(found.adjusted()) > MAX_DIGITS:
        _fail("the number would be too large, or too near to nothing")
    return found


_INTEGER: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
_DECIMAL: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "//": _floored,
    "%": lambda left, right: left - right * _floored(left, right),
}
