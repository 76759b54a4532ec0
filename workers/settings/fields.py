"""Reads one mapping of the configuration, each entry as what it should be; notes every fault."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from workers.documents import Node
from workers.settings.variables import Unset, filled

SHOWN = 60  # characters of a wrong value in a message
Number = TypeVar("Number", int, float)


@dataclass(slots=True, kw_only=True)
class Notes:
    """What was found so far, and where the variables come from."""

    environ: Mapping[str, str]
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Fields:
    """The entries of one mapping. What is asked for is known; `close` faults all the rest."""

    def __init__(self, node: Node, *, path: str, notes: Notes) -> None:
        self.node = node
        self.path = path
        self.notes = notes
        self._asked: list[str] = []
        if not isinstance(node.value, Mapping):
            self.fault(node, "", f"is {node.kind}; write `name: value` lines below it")

    def fault(self, node: Node, name: str, what: str) -> None:
        """Note that `what` is wrong with the entry."""
        self.notes.faults.append(self._noted(node, name, what))

    def warn(self, node: Node, name: str, what: str) -> None:
        """Note what need not keep anything from starting."""
        self.notes.warnings.append(self._noted(node, name, what))

    def _noted(self, node: Node, name: str, what: str) -> str:
        place = ".".join(part for part in (self.path, name) if part)
        return f"{node.place}: {place + ': ' if place else ''}{what}"

    def get(self, name: str) -> Node | None:
        """Return an entry as it is; None if it is not there or empty."""
        self._asked.append(name)
        node = self.node.items.get(name)
        return None if node is None or node.value is None else node

    def inner(self, name: str) -> "Fields | None":
        """Return the mapping under `name`, if there is one."""
        node = self.get(name)
        if node is None:
            return None
        return Fields(node, path=".".join(p for p in (self.path, name) if p), notes=self.notes)

    def close(self) -> None:
        """Fault every entry that nobody asked for."""
        for name, node in self.node.items.items():
            if name not in self._asked:
                self.fault(node, name, f"is not known here; {nearest(name, self._asked)}")

    def text(self, name: str, default: str | None = None, *, needed: str = "") -> str | None:
        """Return a text; if it is not there the default, or a fault that says what is needed."""
        node = self.get(name)
        if node is None:
            if needed and default is None:
                self.fault(self.node, name, f"is missing; {needed}")
            return default
        return self._filled(node, name)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; one text alone is a list of one."""
        node = self.get(name)
        if node is None:
            return []
        listed = node.elements if isinstance(node.value, tuple) else (node,)
        found = [self._filled(each, name) for each in listed]
        return [each for each in found if each is not None]

    def secrets(self, *names: str) -> tuple[str, ...]:
        """Return the secrets under these names; one whose variable is not set is only warned of."""
        found: list[str] = []
        for name in names:
            node = self.get(name)
            for each in () if node is None else (node.elements or (node,)):
                try:
                    value = filled(each.text, self.notes.environ)
                except Unset as error:
                    self.warn(each, name, f"{error}; until then this endpoint answers 503")
                else:
                    found += [value] if value else []
        return tuple(found)

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        """Return one of the allowed texts."""
        value = self.text(name, default)
        if value is not None and value not in allowed:
            node = self.node.items[name]
            self.fault(node, name, f"{_shown(value)} is not known; {nearest(value, allowed)}")
        return value or default

    def number(self, name: str, default: Number, *, low: float, high: float = 1e15) -> Number:
        """Return a number from `low` to `high`, whole if the default is."""
        node = self.get(name)
        text = None if node is None else self._filled(node, name)
        if node is None or text is None:
            return default
        whole = isinstance(default, int)
        pattern = r"-?[0-9][0-9_]*" if whole else r"-?[0-9][0-9_]*(\.[0-9]+)?"
        if not re.fullmatch(pattern, text.strip()):
            kind = "a whole number" if whole else "a number"
            self.fault(node, name, f"{_shown(text)} is not {kind}; write it like {default}")
            return default
        value = type(default)(text)
        if not low <= value <= high:
            limits = f"from {low:,g} to {high:,g}" if high < 1e15 else f"{low:,g} or more"
            self.fault(node, name, f"{text} is out of range; write a number {limits}")
            return default
        return value

    def truth(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        node = self.get(name)
        text = None if node is None else self._filled(node, name)
        if node is None or text is None:
            return default
        if text not in ("true", "false"):
            self.fault(node, name, f"{_shown(text)} is neither; write true or false")
        return text == "true"

    def url(self, name: str, default: str | None, schemes: Sequence[str]) -> str | None:
        """Return a URL of one of the schemes; of any, if none is given."""
        value = self.text(name, default)
        if value is None or value == default:
            return value
        why = _not_a_url(value, schemes)
        if why:
            self.fault(self.node.items[name], name, why)
            return default
        return value

    def _filled(self, node: Node, name: str) -> str | None:
        if not isinstance(node.value, str | int | float):
            self.fault(node, name, f"is {node.kind}; write one value")
            return None
        try:
            return filled(node.text, self.notes.environ)
        except Unset as error:
            self.fault(node, name, str(error))
            return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the advice that goes with a name that is not known."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are: {', '.join(dict.fromkeys(known)) or 'none'}"


def _not_a_url(value: str, schemes: Sequence[str]) -> str:
    """Return what is wrong with a URL, without its password; nothing if it is one."""
    like = f"write it like {schemes[0]}://HOST:PORT" if schemes else "write it like scheme://HOST"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return f"its host or port is not valid (a port is a number up to 65535); {like}"
    if schemes and parts.scheme not in schemes:
        told = f"{parts.scheme}://…" if parts.scheme and "://" in value else _shown(value)
        return f"{told} is not a URL of {' or '.join(schemes)}; {like}"
    if not parts.scheme or (not parts.hostname and parts.scheme in ("http", "https", "redis")):
        return f"{_shown(value)} names no host; {like}"
    return "port 0 is not valid; " + like if port == 0 else ""


def _shown(value: str) -> str:
    return repr(value if len(value) <= SHOWN else value[: SHOWN - 1] + "…")
