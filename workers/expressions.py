"""Expressions of the mapping language: Jinja2 with a vocabulary of its own; its one home.

* A name reaches JSON and nothing else: no attribute or method of a Python object can be named, and
  what is not in the lists below is refused when the file is loaded.
* What is missing, at any depth, is `MISSING`: no error, and the property is left out. A JSON null
  counts as missing as well, and as `NULL` for `or_clear`. So does a sum with a missing part.
* `{{ one_expression }}` keeps its type; text around it makes all of it text, trimmed.
* Arithmetic is decimal: 0.1 + 0.2 is 0.3.
* In a template that is HTML, the values are escaped unless `safe_html` says they are HTML.
"""

import difflib
import inspect
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, Inexact
from decimal import Context as Arithmetic
from typing import Any, NoReturn

import jinja2
import jinja2.meta
import jinja2.tests
from jinja2 import nodes
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workers.errors import MappingError
from workers.filters import FILTERS
from workers.filters.markup import html_escape
from workers.filters.values import MAX_ITEMS, MAX_TEXT, Safe, number, sequence, shown, text

MAX_LOOPS = 10_000  # rounds of all loops of one event
MAX_WORK = 1_000_000  # list elements, and hundreds of characters, that its filters may look at
MAX_SOURCE = 20_000  # characters of one template
EVENT_FIELDS = ("endpoint", "id", "source", "time", "type")
NAMES = frozenset({"body", "headers", "event", "received", "vars"})
TESTS = (
    *("boolean", "defined", "divisibleby", "even", "false", "float", "in", "integer", "mapping"),
    *("none", "number", "odd", "sequence", "string", "true", "undefined"),
    *("eq", "ge", "gt", "le", "lt", "ne"),
)
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat),
    nodes.Call,
)
_REFUSED = {
    nodes.Pow: "powers are not part of the language; multiply",
    nodes.Include: "files cannot be included; write it here",
    nodes.Import: "files cannot be imported; write it here",
    nodes.FromImport: "files cannot be imported; write it here",
    nodes.Extends: "templates cannot be extended; write it here",
    nodes.Macro: "macros are not part of the language; write it where it is used",
}
# What may go wrong while a template runs on a payload that is not what its author expected.
_FAILS = (
    *(ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError),
    *(MemoryError, jinja2.TemplateError),
)


class Missing(jinja2.Undefined):
    """Nothing: false, empty, equal to `none`, and neither more nor less than anything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Missing)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(None)

    def _never(self, _: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]


MISSING = Missing()
NULL = Missing()  # the payload says null


class Clear(str):
    """The wish that a property be emptied."""

    __slots__ = ()


CLEAR = Clear()


class Headers(dict[str, str]):
    """Headers by name in any case; `x_github_event` is X-GitHub-Event."""

    def __missing__(self, name: str) -> object:
        plain = name.lower().replace("_", "-")
        return self.get(plain, MISSING)


@dataclass(slots=True)
class _Budget:
    loops: int = MAX_LOOPS
    work: int = MAX_WORK


_BUDGET = "\N{ZERO WIDTH SPACE}budget"  # a name that no template can spell


class Scope:
    """What the expressions of one event can name."""

    __slots__ = ("_names", "context")

    def __init__(
        self,
        *,
        body: object,
        headers: Mapping[str, str],
        received: datetime,
        event: Mapping[str, object],
        variables: Mapping[str, object],
    ) -> None:
        self._names: dict[str, Any] = {
            "body": NULL if body is None else body,
            "headers": Headers(headers),
            "received": received,
            "event": event,
            "vars": variables,
            "range": _range,
            _BUDGET: _Budget(),
        }
        self.context = Context(_ENVIRONMENT, self._names, "mapping", {})

    def bind(self, name: str, value: object) -> None:
        """Let `name` be `value` from now on."""
        self._names[name] = NULL if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A compiled template; call it with a scope."""

    source: str
    place: str  # FILE:LINE
    constant: object = MISSING  # its value, where it does not depend on the event
    headers: frozenset[str] = frozenset()  # those that it names, lower-case
    html: bool = False
    single: bool = True
    _run: "Callable[[Context], Iterator[Any]] | None" = field(default=None, repr=False)

    def __call__(self, scope: Scope) -> object:
        """Return its value in `scope`, which may be MISSING, NULL or CLEAR.

        Raises MappingError with the reason alone; the caller knows the rest.
        """
        if self._run is None:
            return self.constant
        try:
            if self.single:
                value = next(self._run(scope.context))
                if self.html and not isinstance(value, Missing | Clear):
                    return _html(value)
                return value
            parts: list[str] = []
            size = 0
            for part in self._run(scope.context):
                size += len(part)
                if size > MAX_TEXT:
                    _fail(f"the text would have more than {MAX_TEXT:,} characters")
                parts.append(part)
            return "".join(parts).strip()
        except _FAILS as error:
            raise MappingError(_reason(error)) from error


def _fail(reason: str) -> NoReturn:
    raise ValueError(reason)


def _reason(error: BaseException) -> str:
    if isinstance(error, TypeError) and "not supported between" in str(error):
        return f"{error}; make both numbers with `| number`, or both text with `| string`"
    return str(error) or type(error).__name__


# Values as templates meet them


def _text(value: object) -> str:
    return "" if isinstance(value, Missing) else text(value)


def _html(value: object) -> str:
    if isinstance(value, Safe):
        return value
    return "" if isinstance(value, Missing) else html_escape(value)


@jinja2.pass_context
def _loop(context: Context, value: object) -> Iterator[object]:
    budget: _Budget = context.parent[_BUDGET]
    for each in () if isinstance(value, Missing) else sequence(_elements(value)):
        budget.loops -= 1
        if budget.loops < 0:
            _fail(f"loops of more than {MAX_LOOPS:,} rounds")
        yield NULL if each is None else each


def _elements(value: object) -> object:
    return list(value) if isinstance(value, Mapping) else value


def _concat(value: Iterable[object]) -> str:
    parts = [_text(each) for each in value]
    if sum(map(len, parts)) > MAX_TEXT:
        _fail(f"the text would have more than {MAX_TEXT:,} characters")
    return "".join(parts)


def _range(*bounds: int) -> range:
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
            budget: _Budget = context.parent[_BUDGET]
            budget.work -= len(value) // 100 if isinstance(value, str) else len(value)
            if budget.work < 0:
                _fail("too much work for one event")
        try:
            found = run(value, *map(_given, args), **{k: _given(v) for k, v in kwargs.items()})
        except TypeError as error:
            raise ValueError(f"{name}: {str(error).partition(' ')[2] or error}") from error
        return MISSING if found is None else found

    return call


_DIVISION = Arithmetic(prec=28)
_SHORT = Arithmetic(prec=15)


def _divided(left: Decimal, right: Decimal) -> Decimal:
    _DIVISION.clear_flags()
    exact = _DIVISION.divide(left, right)
    return _SHORT.plus(exact) if _DIVISION.flags[Inexact] else exact


def _floored(left: Decimal, right: Decimal) -> Decimal:
    return (left / right).to_integral_value(ROUND_FLOOR)


def _calculate(sign: str, left: object, right: object) -> object:
    if isinstance(left, Missing) or isinstance(right, Missing):
        return MISSING
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return _concat((left, right))
    if sign == "+" and isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MAX_ITEMS:
            _fail(f"a list of more than {MAX_ITEMS:,} elements")
        return left + right
    for each in (left, right):
        if isinstance(each, bool) or not isinstance(each, int | float | Decimal):
            _fail(f"{sign} needs numbers, not {shown(each)}; use `| number`, or ~ to join text")
    if isinstance(left, int) and isinstance(right, int) and sign != "/":
        if left.bit_length() + right.bit_length() > MAX_BITS:
            _fail("the number would be too large")
        return _INTEGER[sign](left, right)
    return _DECIMAL[sign](number(left), number(right))


MAX_BITS = 512
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


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = NativeCodeGenerator
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"-", "+"})

    def getattr(self, obj: Any, attribute: str) -> Any:
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
        return _calculate(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002
        return _calculate(operator, 0, arg)


_LOOP = ("first", "index", "index0", "last", "length")
_ENVIRONMENT = _Environment(
    undefined=Missing, autoescape=False, cache_size=0, keep_trailing_newline=False
)
_ENVIRONMENT.globals = {"range": _range}
_ENVIRONMENT.tests = {name: jinja2.tests.TESTS[name] for name in TESTS}
_ENVIRONMENT.tests["none"] = lambda value: value is None or isinstance(value, Missing)
_ENVIRONMENT.filters = {name: _kept(name, run) for name, run in FILTERS.items()} | {
    "default": _default,
    "or_clear": _or_clear,
}
FILTER_NAMES = tuple(sorted(_ENVIRONMENT.filters))
_ENVIRONMENT.filters |= {" text": _text, " html": _html, " loop": _loop, " concat": _concat}


# Compiling


def literal(value: object, *, place: str) -> Expression:
    """Return the expression that always has this value."""
    return Expression(source=text(value), place=place, constant=value)


def compile_template(
    source: str,
    *,
    file: str,
    line: int,
    faults: list[str],
    names: Iterable[str] = NAMES,
    variables: Iterable[str] | None = None,
    html: bool = False,
) -> Expression | None:
    """Return the template compiled, or None after adding what is wrong with it to `faults`.

    `names` are those it may use, `variables` those that `vars` has; `line` is where it begins.
    """
    place = f"{file}:{line}"
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return Expression(source=source, place=place, constant=source.removesuffix("\n"))
    if len(source) > MAX_SOURCE:
        faults.append(f"{place}: is longer than {MAX_SOURCE:,} characters; shorten it")
        return None
    try:
        tree = _ENVIRONMENT.parse(source)
    except jinja2.TemplateSyntaxError as error:
        at = f"{file}:{line + (error.lineno or 1) - 1}"
        faults.append(f"{at}: {_lower(error.message or 'syntax')}; correct {shown(source)}")
        return None
    except RecursionError:
        faults.append(f"{place}: is nested too deeply; simplify it")
        return None
    checker = _Checker(names=set(names), variables=variables)
    try:
        checker.check(tree)
        if not checker.faults:
            return _compiled(tree, source=source, place=place, headers=checker.headers, html=html)
    except (jinja2.TemplateError, RecursionError, SyntaxError, MemoryError) as error:
        faults.append(f"{place}: cannot be compiled ({error}); simplify {shown(source)}")
    faults += [f"{file}:{line + at - 1}: {what}" for at, what in checker.faults]
    return None


def _compiled(
    tree: nodes.Template, *, source: str, place: str, headers: Iterable[str], html: bool
) -> Expression:
    single = _single(tree)
    if single is not None:
        try:
            constant = single.as_const()
        except nodes.Impossible:
            pass
        else:
            constant = MISSING if constant is None else constant
            return Expression(source=source, place=place, constant=constant)
    for output in tree.find_all(nodes.Output):
        if single is None:
            name = " html" if html else " text"
            output.nodes = [
                each if isinstance(each, nodes.TemplateData) else _filtered(each, name)
                for each in output.nodes
            ]
    for joined in list(tree.find_all(nodes.Concat)):
        # Jinja's own joining has no limit, and writes True and None as Python does.
        operands = nodes.List(joined.nodes)
        joined.nodes = [_filtered(operands, " concat")]
    for loop in tree.find_all(nodes.For):
        loop.iter = _filtered(loop.iter, " loop")
    return Expression(
        source=source,
        place=place,
        headers=frozenset(headers),
        html=html,
        single=single is not None,
        _run=_ENVIRONMENT.from_string(tree).root_render_func,
    )


def _single(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression that the template is, if it is one and nothing else."""
    match tree.body:
        case [nodes.Output(nodes=[one])] if not isinstance(one, nodes.TemplateData):
            return one
    return None


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def nearest(word: str, words: Iterable[str]) -> str:
    """Return a hint at what was meant: one of `words`, or all of them where they are few."""
    words = sorted(words)
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if found:
        return f"did you mean {found[0]!r}?"
    few = 12
    return f"use one of {', '.join(words)}" if 0 < len(words) <= few else "see the documentation"


class _Checker:
    """Looks through a template for what is not part of the language, noting line and fault."""

    def __init__(self, *, names: set[str], variables: Iterable[str] | None) -> None:
        self.names = names
        self.variables = variables
        self.headers: set[str] = set()
        self.faults: list[tuple[int, str]] = []

    def check(self, tree: nodes.Template) -> None:
        for node in tree.find_all(nodes.Node):
            self._node(node)
        if self.faults:
            return
        for name in sorted(jinja2.meta.find_undeclared_variables(tree)):
            if name not in self.names and name != "range":
                line = next((n.lineno for n in tree.find_all(nodes.Name) if n.name == name), 1)
                self._fault(line, self._unknown(name))

    def _fault(self, line: int, what: str) -> None:
        self.faults.append((line, what))

    def _unknown(self, name: str) -> str:
        if name in ("item", "index"):
            return f"{name!r} is known only in a step with `each`; add `each`, or use body"
        hint = nearest(name, self.names)
        return f"there is no {name!r} in expressions (not the names of steps either); {hint}"

    def _node(self, node: nodes.Node) -> None:
        match node:
            case nodes.Filter(name=str() as name) if name not in FILTER_NAMES:
                self._fault(
                    node.lineno, f"there is no filter {name!r}; {nearest(name, FILTER_NAMES)}"
                )
            case nodes.Filter(name=str() as name) if name in FILTERS:
                self._arguments(node, name)
            case nodes.Test(name=name) if name not in TESTS:
                self._fault(node.lineno, f"there is no test {name!r}; {nearest(name, TESTS)}")
            case nodes.Call(node=called):
                if not (isinstance(called, nodes.Name) and called.name == "range"):
                    self._fault(node.lineno, "nothing but range(…) can be called; use a filter")
            case nodes.Name(name="self" | "super" | "caller" | "varargs" | "kwargs" as name):
                self._fault(node.lineno, self._unknown(name))
            case nodes.Name(name=name, ctx="store") if name in self.names or name == "range":
                self._fault(node.lineno, f"{name!r} has a meaning already; take another name")
            case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
                self._field(node.lineno, name, attr)
            case nodes.Getitem(node=nodes.Name(name=name), arg=nodes.Const(value=str() as attr)):
                self._field(node.lineno, name, attr)
            case nodes.For(recursive=True):
                self._fault(node.lineno, "loops cannot call themselves; nest them")
            case _ if not isinstance(node, _ALLOWED):
                word = type(node).__name__.lower()
                what = _REFUSED.get(type(node), f"{word} is not part of the language; leave it out")
                self._fault(node.lineno, what)
            case _:
                pass

    def _arguments(self, node: nodes.Filter, name: str) -> None:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._fault(node.lineno, f"{name}: arguments cannot be unpacked; write each")
            return
        named: dict[str, None] = {str(each.key): None for each in node.kwargs}
        try:
            inspect.signature(FILTERS[name]).bind(None, *node.args, **named)
        except TypeError as error:
            self._fault(node.lineno, f"filter {name!r}: {error}; see the documentation")

    def _field(self, line: int, name: str, attr: str) -> None:
        match name:
            case "headers":
                self.headers |= {attr.lower(), attr.lower().replace("_", "-")}
            case "event" if attr not in EVENT_FIELDS:
                self._fault(line, f"an event has no {attr!r}; {nearest(attr, EVENT_FIELDS)}")
            case "vars" if self.variables is not None and attr not in self.variables:
                hint = "add it to the file's `vars`"
                self._fault(line, f"there is no {attr!r} in vars; {hint}")
            case _:
                pass
