"""Templates, compiled once, and evaluated for each event."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context

from workers.errors import MappingError
from workers.expressions.checking import Checker
from workers.expressions.limits import BUDGET, Budget
from workers.expressions.missing import MISSING, NULL, Clear, Headers, Missing
from workers.expressions.vocabulary import (
    AS_HTML,
    AS_TEXT,
    CONCAT,
    COPIED,
    ENVIRONMENT,
    LOOP,
    NOTHING,
    READ,
    as_html,
    limited_range,
)
from workers.filters.values import check_size, shown, text

MAX_SOURCE = 20_000  # characters of one template
NAMES = frozenset({"body", "event", "headers", "portal", "received", "vars"})
# What may go wrong while a template runs on a payload that is not what its author expected.
_FAILS = (
    *(ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError),
    *(MemoryError, jinja2.TemplateError),
)
# What may go wrong while Jinja makes Python of a template, and Python runs what is constant in it.
_UNFIT = (*_FAILS, NameError, SyntaxError)
_LOOKING = ("eq", "ge", "gt", "in", "le", "lt", "ne")  # tests that look through both values


class Scope:
    """What the expressions of one event can name."""

    __slots__ = ("_names", "budget", "context")

    def __init__(
        self,
        *,
        body: object,
        headers: Mapping[str, str],
        received: datetime,
        event: Mapping[str, object],
        variables: Mapping[str, object],
        portal: str | None = None,
    ) -> None:
        self.budget = Budget()
        self._names: dict[str, Any] = {
            "body": NULL if body is None else body,
            "portal": NULL if portal is None else portal,
            "headers": Headers(headers),
            "received": received,
            "event": event,
            "vars": variables,
            "range": limited_range,
            BUDGET: self.budget,
        }
        self.context = Context(ENVIRONMENT, self._names, "mapping", {})

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
                    value = as_html(scope.context, value)
                if value.__class__ is str:
                    scope.budget.copy(value)
                return value
            parts: list[str] = []
            size = 0
            for part in self._run(scope.context):
                size += len(part)
                check_size(size)
                parts.append(part)
            scope.budget.pay(size // 100)
            return "".join(parts).strip()
        except _FAILS as error:
            raise MappingError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, TypeError) and "not supported between" in str(error):
        return f"{error}; make both numbers with `| number`, or both text with `| string`"
    return str(error) or type(error).__name__


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
        tree = ENVIRONMENT.parse(source)
    except jinja2.TemplateSyntaxError as error:
        at = f"{file}:{line + (error.lineno or 1) - 1}"
        faults.append(f"{at}: {_lower(error.message or 'syntax')}; correct {shown(source)}")
        return None
    except RecursionError:
        faults.append(f"{place}: is nested too deeply; simplify it")
        return None
    except ValueError as error:  # a number of thousands of digits
        faults.append(f"{place}: cannot be read ({error}); correct {shown(source)}")
        return None
    checker = Checker(names=set(names), variables=variables)
    try:
        checker.check(tree)
        if not checker.faults:
            return _compiled(tree, source=source, place=place, headers=checker.headers, html=html)
    except _UNFIT as error:
        faults.append(f"{place}: cannot be compiled ({error}); simplify {shown(source)}")
    faults += [f"{file}:{line + (at or 1) - 1}: {what}" for at, what in checker.faults]
    return None


def _compiled(
    tree: nodes.Template, *, source: str, place: str, headers: Iterable[str], html: bool
) -> Expression:
    single = _single(tree)
    for output in tree.find_all(nodes.Output):
        if single is None:
            name = AS_HTML if html else AS_TEXT
            output.nodes = [
                each if isinstance(each, nodes.TemplateData) else _filtered(each, name)
                for each in output.nodes
            ]
    for joined in list(tree.find_all(nodes.Concat)):
        # Jinja's own joining has no limit, and writes True and None as Python does.
        operands = nodes.List(joined.nodes)
        joined.nodes = [_filtered(operands, CONCAT)]
    for either in tree.find_all(nodes.CondExpr):
        if either.expr2 is None:  # Jinja would make an undefined of its own kind
            either.expr2 = _filtered(nodes.Const(None), NOTHING)
    for compared in tree.find_all(nodes.Compare):
        compared.expr = _paid(compared.expr)
        for operand in compared.ops:
            operand.expr = _paid(operand.expr)
    for test in tree.find_all(nodes.Test):
        if test.name in _LOOKING:
            test.node = _paid(test.node)
            test.args = [_paid(each) for each in test.args]
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.arg, nodes.Slice):
            item.node = _filtered(item.node, COPIED)
    for loop in list(tree.find_all(nodes.For)):
        parts = sum(1 for each in loop.body for _ in each.find_all(nodes.Node))
        loop.iter = _filtered(loop.iter, LOOP, nodes.Const(1 + parts))
    if single is not None:
        try:
            constant = single.as_const()
        except nodes.Impossible:
            pass
        else:
            constant = MISSING if constant is None else constant
            return Expression(source=source, place=place, constant=constant)
    return Expression(
        source=source,
        place=place,
        headers=frozenset(headers),
        html=html,
        single=single is not None,
        _run=ENVIRONMENT.from_string(tree).root_render_func,
    )


def _single(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression that the template is, if it is one and nothing else."""
    match tree.body:
        case [nodes.Output(nodes=[one])] if not isinstance(one, nodes.TemplateData):
            return one
    return None


def _filtered(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)


def _paid(node: nodes.Expr) -> nodes.Expr:
    """Return the operand so that looking through it is paid for, unless it is a constant."""
    return node if isinstance(node, nodes.Const) else _filtered(node, READ)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")
