"""The words of a template: what can be named, filtered, tested and reached, within limits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jinja2
import jinja2.tests
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workers.expressions.arithmetic import calculate
from workers.expressions.limits import budget_of, fail
from workers.expressions.missing import CLEAR, MISSING, NULL, Headers, Missing
from workers.filters import FILTERS
from workers.filters.markup import html_escape
from workers.filters.values import MAX_ITEMS, Safe, check_size, number, sequence, text

TESTS = (
    *("boolean", "defined", "divisibleby", "even", "false", "float", "in", "integer", "mapping"),
    *("none", "number", "odd", "sequence", "string", "true", "undefined"),
    *("eq", "ge", "gt", "le", "lt", "ne"),
)


@jinja2.pass_context
def as_text(context: Context, value: object) -> str:
    """Return the value as text, empty if it is missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, Missing):
        return ""
    budget_of(context).read(value)
    return text(value)


@jinja2.pass_context
def as_html(context: Context, value: object) -> str:
    """Return the value as HTML that shows it, escaped unless it is HTML already."""
    if isinstance(value, Safe):
        return value
    if isinstance(value, Missing):
        return ""
    budget_of(context).read(value)
    return html_escape(value)


@jinja2.pass_context
def _loop(context: Context, value: object, parts: int) -> Iterator[object]:
    """Yield what a loop goes over; each round costs as much as there is in it."""
    budget = budget_of(context)
    budget.copy(value)
    for each in () if isinstance(value, Missing) else sequence(_elements(value)):
        budget.loop(parts)
        yield NULL if each is None else each


def _elements(value: object) -> object:
    return list(value) if isinstance(value, Mapping) else value


@jinja2.pass_context
def _concat(context: Context, value: Sequence[object]) -> str:
    parts = [as_text(context, each) for each in value]
    size = sum(map(len, parts))
    check_size(size)
    budget_of(context).pay(size // 100)
    return "".join(parts)


@jinja2.pass_context
def _read(context: Context, value: object) -> object:
    """Return the value as it is, paid for: it is about to be compared, or looked through."""
    budget_of(context).read(value)
    return value


@jinja2.pass_context
def _copied(context: Context, value: object) -> object:
    """Return the value as it is, paid for: a part of it is about to be copied."""
    budget_of(context).copy(value)
    return value


def limited_range(*bounds: int) -> range:
    """Return the numbers, of which there must not be too many."""
    numbers = range(*(int(number(each)) for each in bounds))
    if len(numbers) > MAX_ITEMS:
        fail(f"range of more than {MAX_ITEMS:,} numbers")
    return numbers


def _default(value: object, otherwise: object = "") -> object:
    return otherwise if isinstance(value, Missing) or value is None or value == "" else value


def _or_clear(value: object) -> object:
    return CLEAR if value is NULL or value == "" else value


def _given(argument: object) -> object:
    """Return an argument of a filter without what is missing."""
    if isinstance(argument, dict):
        return {name: each for name, each in argument.items() if not isinstance(each, Missing)}
    return None if isinstance(argument, Missing) else argument


# They look at the elements of a list or the entries of a mapping, and not into these.
SHALLOW = frozenset(
    (
        *("as_list", "count", "first", "items", "last", "length", "merged", "only", "pluck"),
        *("reverse", "spread"),
    )
)


def _kept(name: str, run: Callable[..., object]) -> Callable[..., object]:
    """Return the filter as templates use it: not called for what is missing, and budgeted."""

    @jinja2.pass_context
    def call(context: Context, value: object, *args: object, **kwargs: object) -> object:
        if isinstance(value, Missing):
            return value
        budget = budget_of(context)
        (budget.copy if name in SHALLOW else budget.read)(value)
        for each in args:
            budget.read(each)
        try:
            found = run(value, *map(_given, args), **{k: _given(v) for k, v in kwargs.items()})
        except TypeError as error:
            raise ValueError(f"{name}: {str(error).partition(' ')[2] or error}") from error
        return MISSING if found is None else found

    return call


# Jinja's own take % for formatting when the value is text, and %1000000000d would fill the memory.


def _divisible(value: object, by: object) -> bool:
    return not isinstance(value, Missing) and calculate("%", number(value), number(by)) == 0


def _even(value: object) -> bool:
    return _divisible(value, 2)


def _odd(value: object) -> bool:
    return not isinstance(value, Missing) and calculate("%", number(value), 2) == 1


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = NativeCodeGenerator
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"-", "+"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:  # by far the most frequent, and so the fastest
            value = obj.get(attribute, MISSING)
            return NULL if value is None else value
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is dict:
            value = obj.get(argument, MISSING) if isinstance(argument, str | int) else MISSING
        elif isinstance(obj, Headers):
            value = obj[argument]
        elif isinstance(obj, list | tuple | str) and isinstance(argument, int | slice):
            try:
                value = obj[argument]
            except IndexError:
                return MISSING
        elif isinstance(obj, LoopContext) and argument in _LOOP:
            return getattr(obj, argument)
        else:
            return MISSING
        return NULL if value is None else value

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, str | list):
            budget_of(context).copy(left)
            budget_of(context).copy(right)
        return calculate(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002
        return calculate(operator, 0, arg)


_LOOP = ("first", "index", "index0", "last", "length")
ENVIRONMENT = _Environment(
    undefined=Missing, autoescape=False, cache_size=0, keep_trailing_newline=False
)
ENVIRONMENT.globals = {"range": limited_range}
ENVIRONMENT.tests = {name: jinja2.tests.TESTS[name] for name in TESTS}
ENVIRONMENT.tests |= {"even": _even, "odd": _odd, "divisibleby": _divisible}
ENVIRONMENT.tests["none"] = lambda value: value is None or isinstance(value, Missing)
ENVIRONMENT.filters = {name: _kept(name, run) for name, run in FILTERS.items()} | {
    "default": _default,
    "or_clear": _or_clear,
}
FILTER_NAMES = tuple(sorted(ENVIRONMENT.filters))

# Names with a space, so that no template can spell them.
AS_TEXT, AS_HTML, LOOP, CONCAT, NOTHING = " text", " html", " loop", " concat", " nothing"
READ, COPIED = " read", " copied"
ENVIRONMENT.filters |= {AS_TEXT: as_text, AS_HTML: as_html, LOOP: _loop, CONCAT: _concat}
ENVIRONMENT.filters |= {READ: _read, COPIED: _copied}
ENVIRONMENT.filters[NOTHING] = lambda _: MISSING
