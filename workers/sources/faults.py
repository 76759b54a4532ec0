"""Collects what is wrong with a file, each fault with its place and what to do."""

import re
from collections.abc import Iterable, Mapping

from workers.documents import Node
from workers.expressions import CLEAR, Expression, compile_template, literal, nearest
from workers.filters.values import shown


class Faults:
    """What is wrong with a file so far, and the readers that add to it.

    A reader returns what it found, or something harmless after adding a fault.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.variables: set[str] = set()
        self.headers: set[str] = set()
        self.portals: tuple[str, ...] = ()  # of the endpoint; () if it is not known

    def sorted(self) -> list[str]:
        """Return what was found, each once, in the order of the lines."""

        def line(fault: str) -> tuple[str, int]:
            place = re.match(r"(.*?):(\d+): ", fault)
            return (place[1], int(place[2])) if place else (fault, 0)

        return sorted(dict.fromkeys(self.found), key=line)

    def add(self, node: Node, what: str) -> None:
        """Add that `what` is wrong at the node."""
        self.found.append(f"{node.place}: {what}")

    def known(self, node: Node, allowed: Iterable[str], *, what: str) -> None:
        """Add each key of the mapping that is not among `allowed`."""
        allowed = tuple(allowed)
        for name, value in node.items.items():
            if name not in allowed:
                self.add(value, f"{what} has no {name!r}; {nearest(name, allowed)}")

    def mapping(self, node: Node, *, what: str) -> Mapping[str, Node]:
        """Return the entries of what should be a mapping."""
        if not isinstance(node.value, Mapping):
            self.add(node, f"{what} is {node.kind}; write it as `name: value` lines")
        return node.items

    def word(self, node: Node, *, what: str) -> str:
        """Return what should be text."""
        if not isinstance(node.value, str) or not node.value.strip():
            self.add(node, f"{what} is {node.kind}; write a name")
            return ""
        return node.value.strip()

    def truth(self, node: Node | None, *, what: str) -> bool:
        """Return what should be true or false."""
        if node is None:
            return False
        if not isinstance(node.value, bool):
            self.add(node, f"{what} is {shown(node.text)}; write true or false")
        return node.value is True

    def expression(
        self, node: Node, *, what: str, names: Iterable[str], html: bool = False
    ) -> Expression:
        """Return a value, which may be an expression; null is the wish to clear."""
        if node.value is None or node.value == "":
            return literal(CLEAR, place=node.place)
        if not isinstance(node.value, str):
            if isinstance(node.value, bool | int | float):
                return literal(node.text.lower(), place=node.place)
            self.add(node, f"{what} is {node.kind}; write text, a number or {{{{ … }}}}")
            return literal(CLEAR, place=node.place)
        compiled = compile_template(
            node.value,
            file=node.file,
            line=node.text_line or node.line,
            faults=self.found,
            names=names,
            variables=self.variables,
            html=html,
        )
        if compiled is None:
            return literal(CLEAR, place=node.place)
        self.headers |= compiled.headers
        return compiled

    def single(self, node: Node, *, what: str, names: Iterable[str]) -> Expression:
        """Return what should be one expression, with nothing around it."""
        if isinstance(node.value, bool):
            return literal(node.value, place=node.place)
        before = len(self.found)
        compiled = self.expression(node, what=what, names=names)
        if len(self.found) == before and not (compiled.single and "{{" in node.text):
            told = shown(node.text) if node.text else node.kind
            self.add(node, f"{what} is {told}; write one {{{{ … }}}} with nothing around it")
        return compiled
