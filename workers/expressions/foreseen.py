"""What can be known of a value before any event has come: what it may be, and of which sort."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import jinja2
from jinja2 import nodes

from workers.expressions.templates import Expression
from workers.expressions.vocabulary import ENVIRONMENT


class Sort(StrEnum):
    """What sort of value an expression has whatever the event."""

    NUMBER = "a number"
    TRUTH = "true or false"
    DAY = "a day"
    TIME = "a time"
    ADDRESS = "an e-mail address or a domain"


# What a filter gives, where that is always the same sort of value.
SORTS: Mapping[str, Sort] = {
    **dict.fromkeys(("abs", "count", "int", "length", "money", "number", "round"), Sort.NUMBER),
    **dict.fromkeys(("as_time", "from_email_date", "from_iso", "from_unix"), Sort.TIME),
    **dict.fromkeys(("from_unix_ms", "plus_days"), Sort.TIME),
    **dict.fromkeys(("company_domain", "domain", "email"), Sort.ADDRESS),
    "starts_with": Sort.TRUTH,
}
_SUMS = (nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The constants that a value may be, and the sorts of its other branches that are known."""

    constants: tuple[object, ...] = ()
    sorts: frozenset[Sort] = frozenset()
    whole: bool = False  # it is nothing but one of the constants

    def __or__(self, other: "Foreseen") -> "Foreseen":
        return Foreseen(
            constants=(*self.constants, *other.constants),
            sorts=self.sorts | other.sorts,
            whole=self.whole and other.whole,
        )


_UNKNOWN = Foreseen()


def foresee(expression: Expression, *, variables: Mapping[str, object]) -> Foreseen:
    """Return what the source of an expression says of its values; `variables` are its `vars`.

    Only what is certain is said: a branch that depends on the event in a way that is not
    understood is left out, and `whole` is False then.
    """
    if not any(mark in expression.source for mark in ("{{", "{%", "{#")):
        return _constant(expression.constant)
    try:
        tree = ENVIRONMENT.parse(expression.source)
    except (jinja2.TemplateError, RecursionError):  # it was compiled, so this is another's
        return _UNKNOWN
    return _Reader(variables).outputs(tree.body)


def _constant(*values: object) -> Foreseen:
    return Foreseen(constants=values, whole=True)


class _Reader:
    def __init__(self, variables: Mapping[str, object]) -> None:
        self.variables = variables

    def outputs(self, body: Iterable[nodes.Node]) -> Foreseen:
        """Return what a part of a template becomes, if it is one thing."""
        parts: list[nodes.Node] = []
        for node in body:
            parts += node.nodes if isinstance(node, nodes.Output) else [node]
        kept = [each for each in parts if not _is_blank(each)]
        match kept:
            case []:
                return _constant("")
            case [nodes.TemplateData(data=text)]:
                return _constant(text.strip())
            case [nodes.If() as either]:
                found = self.outputs(either.body)
                for more in either.elif_:
                    found |= self.outputs(more.body)
                return found | self.outputs(either.else_)
            case [nodes.Expr() as one]:
                return self.value(one)
            case _:
                return _UNKNOWN

    def value(self, node: nodes.Node | None) -> Foreseen:
        """Return what is known of an expression."""
        if isinstance(node, nodes.Expr):
            try:
                return _constant(node.as_const())
            except nodes.Impossible:
                pass
        match node:
            case nodes.CondExpr(expr1=one, expr2=other):
                return self.value(one) | (_constant(None) if other is None else self.value(other))
            case nodes.Or(left=left, right=right):
                first = self.value(left)
                kept = tuple(each for each in first.constants if each)
                return Foreseen(constants=kept, sorts=first.sorts, whole=first.whole) | self.value(
                    right
                )
            case nodes.Getattr(node=nodes.Name(name="vars"), attr=name):
                return self._variable(name)
            case nodes.Getitem(node=nodes.Name(name="vars"), arg=nodes.Const(value=str() as name)):
                return self._variable(name)
            case nodes.Filter():
                return self._filtered(node)
            case nodes.Compare() | nodes.Test() | nodes.Not():
                return Foreseen(sorts=frozenset({Sort.TRUTH}))
            case nodes.Add(left=left, right=right):
                both = self.value(left).sorts | self.value(right).sorts
                return Foreseen(sorts=both & {Sort.NUMBER})
            case _ if isinstance(node, _SUMS):
                return Foreseen(sorts=frozenset({Sort.NUMBER}))
            case _:
                return _UNKNOWN

    def _variable(self, name: str) -> Foreseen:
        value = self.variables.get(name)
        known = isinstance(value, str | int | float)
        return _constant(value) if known else _UNKNOWN

    def _filtered(self, node: nodes.Filter) -> Foreseen:
        match node.name, node.args:
            case "default", [otherwise, *_]:
                return self.value(node.node) | self.value(otherwise)
            case "or_clear", _:
                return self.value(node.node)
            case "lookup", [nodes.Dict(items=pairs), *rest]:
                found = _constant(None)
                for pair in pairs:
                    found |= self.value(pair.value)
                for otherwise in rest:
                    found |= self.value(otherwise)
                return found
            case "date", []:
                return Foreseen(sorts=frozenset({Sort.DAY}))
            case name, _ if name in SORTS:
                return Foreseen(sorts=frozenset({SORTS[name]}))
            case _:
                return _UNKNOWN


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()
