"""What is not part of the language, found before a template ever runs."""

import difflib
import inspect
import math
from collections.abc import Iterable

import jinja2.meta
from jinja2 import nodes

from workers.expressions.arithmetic import MAX_BITS
from workers.expressions.vocabulary import FILTER_NAMES, TESTS
from workers.filters import FILTERS

EVENT_FIELDS = ("endpoint", "id", "source", "time", "type")
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


def nearest(word: str, words: Iterable[str]) -> str:
    """Return a hint at what was meant: one of `words`, or all of them where they are few."""
    words = sorted(map(str, words))
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if found:
        return f"did you mean {found[0]!r}?"
    few = 12
    return f"use one of {', '.join(words)}" if 0 < len(words) <= few else "see the documentation"


def _usable(number: float) -> bool:
    return number.bit_length() <= MAX_BITS if isinstance(number, int) else math.isfinite(number)


class Checker:
    """Looks through a template for what is not part of the language, noting line and fault."""

    def __init__(self, *, names: set[str], variables: Iterable[str] | None) -> None:
        self.names = names
        self.variables = variables
        self.headers: set[str] = set()
        self.faults: list[tuple[int, str]] = []

    def check(self, tree: nodes.Template) -> None:
        """Add to `faults` the line and the fault of each thing that should not be there."""
        called = {id(call.node) for call in tree.find_all(nodes.Call)}
        for node in tree.find_all(nodes.Node):
            self._node(node)
            if isinstance(node, nodes.Name) and node.name == "range" and id(node) not in called:
                self._fault(node.lineno, "range is no value; write range(3), or another number")
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
            case nodes.Const(value=int() | float() as number) if not _usable(number):
                self._fault(node.lineno, "the number is too large; write one that is meant")
            case nodes.Const(value=str() as word) if any("\ud800" <= c <= "\udfff" for c in word):
                self._fault(node.lineno, "half of a character is no text; write the whole of it")
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
