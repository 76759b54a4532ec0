"""The words of a template: what can be named, filtered, tested and reached, within limits."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import jinja2
import jinja2.tests
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workers.expressions.arithmetic import calculate
from workers.expressions.missing import CLEAR, MISSING, NULL, Headers, Missing
from workers.filters import FILTERS
from workers.filters.markup import html_escape
from workers.filters.values import MAX_ITEMS, Safe, check_size, number, sequence, text

MAX_LOOPS = 10_000  # rounds of all loops of one event
MAX_WORK = 1_000_000  # list elements, and hundreds of characters, that its filters may look at
TESTS = (
    *("boolean", "defined", "divisibleby", "even", "false", "float", "in", "integer", "mapping"),
    *("none", "number", "odd", "sequence", "string", "true", "undefined"),
    *("eq", "ge", "gt", "le", "lt", "ne"),
)


@dataclass(slots=True)
class Budget:
    """What the templates of one event may still do."""

    loops: int = MAX_LOOPS
    work: int = MAX_WORK


BUDGET = "\N{ZERO WIDTH SPACE}budget"  # a name that no template can spell


def _fail(reason: str) -> NoReturn:
    raise ValueError(reason)


def as_text(value: object) -> str:
    """Return the value as text, empty if it is missing."""
    return "" if isinstance(value, Missing) else text(value)


def as_html(value: object) -> str:
    """Return the value as HTML that shows it, escaped unless it is HTML already."""
    if isinstance(value, Safe):
        return value
    return "" if isinstance(value, Missing) else html_escape(value)


@jinja2.pass_context
def _loop(context: Context, value: object) -> Iterator[object]:
    budget: Budget = context.parent[BUDGET]
    for each in () if isinstance(value, Missing) else sequence(_elements(value)):
        budget.loops -= 1
        if budget.loops < 0:
            _fail(f"loops of more than {MAX_LOOPS:,} rounds")
        yield NULL if each is None else each


def _elements(value: object) -> object:
    return list(value) if isinstance(value, Mapping) else value


def _concat(value: Iterable[object]) -> str:
    parts = [as_text(each) for each in value]
    check_size(sum(map(len, parts)))
    return "".join(parts)


def limited_range(*bounds: int) -> range:
    """Return the numbers, of which there must not be too many."""
    numbers = range(*(int(number(each)) for each in bounds))
    if len(numbers) > MAX_ITEMS:
        _fail(f"range of more than {MAX_ITEMS:,} numbers")
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


def _kept(name: str, run: Callable[..., object]) -> Callable[..., object]:
    """Return the filter as templates use it: not called for what is missing, and budgeted."""

    @jinja2.pass_context
    def call(context: Context, value: object, *args: object, **kwargs: object) -> object:
        if isinstance(value, Missing):
            return value
        if isinstance(value, str | list | dict) and len(value) > 100:
            budget: Budget = context.parent[BUDGET]
            budget.work -= len(value) // 100 if isinstance(value, str) else len(value)
            if budget.work < 0:
                _fail("too much work for one event")
        try:
            found = run(value, *map(_given, args), **{k: _given(v) for k, v in kwargs.items()})
        except TypeError as error:
            raise ValueError(f"{name}: {str(error).partition(' ')[2] or error}") from error
        return MISSING if found is None else found

    return call


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

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        return calculate(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002
        return calculate(operator, 0, arg)


_LOOP = ("first", "index", "index0", "last", "length")
ENVIRONMENT = _Environment(
    undefined=Missing, autoescape=False, cache_size=0, keep_trailing_newline=False
)
ENVIRONMENT.globals = {"range": limited_range}
ENVIRONMENT.tests = {name: jinja2.tests.TESTS[name] for name in TESTS}
ENVIRONMENT.tests["none"] = lambda value: value is None or isinstance(value, Missing)
ENVIRONMENT.filters = {name: _kept(name, run) for name, run in FILTERS.items()} | {
    "default": _default,
    "or_clear": _or_clear,
}
FILTER_NAMES = tuple(sorted(ENVIRONMENT.filters))

# Names with a space, so that no template can spell them.
AS_TEXT, AS_HTML, LOOP, CONCAT, NOTHING = " text", " html", " loop", " concat", " nothing"
ENVIRONMENT.filters |= {AS_TEXT: as_text, AS_HTML: as_html, LOOP: _loop, CONCAT: _concat}
ENVIRONMENT.filters[NOTHING] = lambda _: MISSING
