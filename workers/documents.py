"""YAML files as values that know their line; the one place that reads YAML.

Scalars follow YAML 1.2: `on`, `no` and `yes` are words, `2026-01-01` is text, `007` is text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import yaml

from workers.errors import Faults

MAX_NODES = 100_000  # an alias counts each time, so a few lines cannot become gigabytes
MAX_DEPTH = 40
MAX_BYTES = 2_000_000

Scalar: TypeAlias = str | int | float | bool | None
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands; `text` is a scalar as it was written."""

    value: "Scalar | tuple[Node, ...] | Mapping[str, Node]"
    file: str
    line: int
    text: str = ""
    text_line: int = 0  # where the text itself begins: below the line of a `|` or `>`

    @property
    def place(self) -> str:
        """FILE:LINE."""
        return f"{self.file}:{self.line}"

    @property
    def items(self) -> "Mapping[str, Node]":
        """The entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def elements(self) -> "tuple[Node, ...]":
        """The elements of a list; none for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def kind(self) -> str:
        """What it is, in words."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true or false"
            case int() | float():
                return "a number"
            case str():
                return "text"
            case tuple():
                return "a list"
            case _:
                return "a mapping"

    def plain(self) -> Plain:
        """Return the value without its places."""
        if isinstance(self.value, tuple):
            return [each.plain() for each in self.value]
        if isinstance(self.value, Mapping):
            return {name: each.plain() for name, each in self.value.items()}
        return self.value

    def at(self, path: str) -> "Node":
        """Return what is at a dotted path below, or the nearest thing above it that is there."""
        found = self
        for part in path.split(".") if path else ():
            name, _, index = part.partition("[")
            if name and name in found.items:
                found = found.items[name]
            elif name:
                return found
            if index:
                elements, number = found.elements, index.rstrip("]")
                if not number.isdigit() or int(number) >= len(elements):
                    return found
                found = elements[int(number)]
        return found


def read(path: Path, *, name: str = "") -> Node:
    """Return what is in the file, which faults will call `name`.

    Raises Faults if it cannot be read or is not YAML.
    """
    name = name or str(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Faults([f"{name}: cannot be read ({error.strerror}); check the path"]) from error
    return parse(text, name=name)


def parse(text: str | bytes, *, name: str) -> Node:
    """Return what the YAML text says. Raises Faults, every one that can be seen at once."""
    if len(text) > MAX_BYTES:
        raise Faults([f"{name}: is larger than {MAX_BYTES:,} bytes; split it"])
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "it holds characters that YAML does not allow"
        what = f"{name}:{line}: is not YAML: {problem}; check indentation, colons and quotes"
        raise Faults([what]) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise Faults([f"{name}: is not YAML in UTF-8 of sensible depth"]) from error
    if root is None:
        return Node(value=None, file=name, line=1)
    reader = _Reader(name)
    node = reader.node(root, depth=0)
    if reader.faults:
        raise Faults(reader.faults)
    return node


def dump(value: Plain) -> str:
    """Return the value as YAML that `parse` reads back as the same."""
    return yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=96,
        default_flow_style=None,
    )


class _Loader(yaml.CSafeLoader):
    """Resolves nothing by itself: YAML 1.1 would make a boolean of the key `on`."""

    yaml_implicit_resolvers = {}  # noqa: RUF012


class _Dumper(yaml.CSafeDumper):
    """Writes no aliases, which would only puzzle a reader."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


_WORDS: Mapping[str, Scalar] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


def _scalar(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    digits = text.removeprefix("-")
    whole, point, fraction = digits.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (len(whole) > 1 and whole[0] == "0"):
        return text  # 007 is a code, not a number
    if not point:
        return int(text) if len(whole) < len("1" * 100) else text
    return float(text) if fraction.isascii() and fraction.isdigit() else text


class _Reader:
    """Turns what YAML composed into nodes, noting faults."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[str] = []
        self.count = 0

    def node(self, node: yaml.Node, *, depth: int) -> Node:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            if self.count <= MAX_NODES or self.count == MAX_NODES + 1:
                self._fault(line, "holds too much, or too deeply nested; split it")
            self.count = MAX_NODES + 2
            return Node(value=None, file=self.name, line=line)
        if isinstance(node, yaml.SequenceNode):
            elements = tuple(self.node(each, depth=depth + 1) for each in node.value)
            return Node(value=elements, file=self.name, line=line)
        if isinstance(node, yaml.MappingNode):
            return Node(value=dict(self._entries(node, depth=depth)), file=self.name, line=line)
        assert isinstance(node, yaml.ScalarNode)  # noqa: S101
        text = str(node.value)
        plain = not node.style and node.tag == "tag:yaml.org,2002:str"
        return Node(
            value=_scalar(text) if plain else text,
            file=self.name,
            line=line,
            text=text,
            text_line=line + 1 if node.style in ("|", ">") else line,
        )

    def _entries(self, node: yaml.MappingNode, *, depth: int) -> Iterator[tuple[str, Node]]:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._fault(line, "a key must be text; put {{ … }} in quotes")
                continue
            name = str(key.value)
            if name in seen:
                self._fault(
                    line, f"{name!r} stands here twice (first in line {seen[name]}); keep one"
                )
            seen.setdefault(name, line)
            found = self.node(value, depth=depth + 1)
            # What begins below its key is looked for where the key is.
            yield (
                name,
                replace(found, line=line) if isinstance(found.value, tuple | Mapping) else found,
            )

    def _fault(self, line: int, what: str) -> None:
        self.faults.append(f"{self.name}:{line}: {what}")
