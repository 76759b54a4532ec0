"""Source files, as they were read → `Source`, or every fault that they have."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from workers import signatures
from workers.answers import parse_answer, parse_handshakes
from workers.documents import Node
from workers.errors import SourceError
from workers.expressions import NAMES, Expression, compile_template
from workers.settings import Written
from workers.signatures import Scheme
from workers.sources.faults import Faults
from workers.sources.model import Reading, Source, Step, Unwanted
from workers.sources.steps import Section

MAPPING_FIELDS = ("default", "ignore", "keep_headers", "on", "source", "vars")
SOURCE_FIELDS = (*MAPPING_FIELDS, "about", "answer", "event", "handshake", "verify")
READING_FIELDS = ("body", "each", "id", "time", "type")
READING_NAMES = frozenset({"body", "headers", "received", "vars"})


def compiled(
    own: Node, other: Node | None, *, portals: Sequence[str], choice: Written | None
) -> Source:
    """Return what a source's `own` file means, with the rules of the `other` if there is one.

    `portals` are those of the endpoint it is for, `choice` what chooses among them. Raises
    SourceError with every fault of both, and of the choice.
    """
    faults = Faults()
    faults.portals = tuple(portals)
    source = _Compiler(own, other, faults, choice).source()
    if faults.found:
        raise SourceError(faults.sorted())
    return source


class _Compiler:
    def __init__(
        self, own: Node, other: Node | None, faults: Faults, choice: Written | None
    ) -> None:
        self.own = own
        self.other = other
        self.faults = faults
        self.choice = choice

    def source(self) -> Source:
        own, faults = self.own, self.faults
        if not faults.mapping(own, what="a source file"):
            return _nothing(own)
        faults.known(own, SOURCE_FIELDS, what="a source file")
        name = self._name()
        rules = own
        if self.other is not None:
            rules = self.other
            faults.mapping(rules, what="a mapping file")
            faults.known(rules, MAPPING_FIELDS, what="a mapping file")
            stated = rules.items.get("source")
            if stated is not None and stated.text != name:
                faults.add(
                    stated, f"this maps {stated.text!r}, and the endpoint's source is {name!r}"
                )
        variables = self._variables()
        reading = self._reading()
        on, families, default = self._sections(rules)
        choice = self._choice()
        return Source(
            name=name,
            scheme=self._scheme(),
            reading=reading,
            on=on,
            families=families,
            default=default,
            unwanted=self._unwanted(rules),
            variables=variables,
            kept_headers=frozenset(faults.headers | self._kept(rules)),
            answer=self._data("answer", parse_answer),
            handshake=self._data("handshake", parse_handshakes),
            portals=faults.portals,
            choice=choice,
            file=rules.file,
        )

    def _choice(self) -> Expression | None:
        """Return what chooses among the endpoint's portals, with the variables of this source."""
        written = self.choice
        if written is None:
            return None
        found = compile_template(
            written.text,
            file=written.file,
            line=written.line,
            faults=self.faults.found,
            names=NAMES - {"portal"},
            variables=self.faults.variables,
        )
        self.faults.headers |= found.headers if found is not None else set()
        return found

    def _name(self) -> str:
        if "source" not in self.own.items:
            self.faults.add(
                self.own, "the file does not say whose source it is; add `source: NAME`"
            )
            return ""
        return self.faults.word(self.own.items["source"], what="`source`")

    def _scheme(self) -> Scheme:
        """Return how the sender proves itself."""
        verify = self.own.items.get("verify")
        if verify is None:
            self.faults.add(self.own, "the file does not say how it signs; add `verify`")
            return Scheme(name="", ways=())
        spec = {name: each.plain() for name, each in verify.items.items()}
        return signatures.parse(
            spec, place=lambda field: verify.at(field).place, faults=self.faults.found
        )

    def _data(self, field: str, parse: Callable[..., object]) -> Mapping[str, object]:
        """Return a block that the door reads, after adding what is wrong with it."""
        node = self.own.items.get(field)
        if node is None:
            return {}
        self.faults.mapping(node, what=f"`{field}`")
        spec = {name: each.plain() for name, each in node.items.items()}
        parse(spec, place=lambda name: node.at(name).place, faults=self.faults.found)
        return spec

    def _variables(self) -> Mapping[str, object]:
        found: dict[str, object] = {}
        for root in (self.own, self.other):
            given = root.items.get("vars") if root is not None else None
            if given is not None:
                for name, each in self.faults.mapping(given, what="`vars`").items():
                    found[name] = each.plain()
        self.faults.variables |= found.keys()
        return found

    def _kept(self, rules: Node) -> set[str]:
        node = rules.items.get("keep_headers")
        if node is None:
            return set()
        if not isinstance(node.value, tuple):
            self.faults.add(node, f"`keep_headers` is {node.kind}; write a list of headers")
        return {self.faults.word(each, what="a header").lower() for each in node.elements}

    def _reading(self) -> Reading:
        event = self.own.items.get("event")
        nothing = Expression(source="", place=self.own.place)
        if event is None:
            what = "the file does not say where an event's id, type and time are; add `event`"
            self.faults.add(self.own, what)
            return Reading(id=(nothing,), type=nothing)
        self.faults.known(event, READING_FIELDS, what="`event`")
        items = self.faults.mapping(event, what="`event`")
        for field in ("id", "type"):
            if field not in items:
                self.faults.add(event, f"`event` has no {field}; say where it is")
        each = body = time = None
        names = set(READING_NAMES)
        if "each" in items:
            each = self.faults.single(items["each"], what="`each`", names=names)
            names |= {"batch", "index"}
        if "body" in items:
            body = self.faults.single(items["body"], what="`body`", names=names)
        if "time" in items:
            time = self.faults.single(items["time"], what="`time`", names=names)
        ids: tuple[Expression, ...] = (nothing,)
        if "id" in items:
            parts = items["id"].elements or (items["id"],)
            ids = tuple(self.faults.expression(p, what="`id`", names=names) for p in parts)
        type_ = nothing
        if "type" in items:
            type_ = self.faults.expression(items["type"], what="`type`", names=names)
        self.faults.headers.clear()  # what is read at the door need not be kept
        return Reading(id=ids, type=type_, time=time, each=each, body=body)

    def _sections(
        self, rules: Node
    ) -> tuple[
        dict[str, tuple[Step, ...]],
        list[tuple[str, tuple[Step, ...]]],
        tuple[Step, ...] | None,
    ]:
        found: dict[str, tuple[Step, ...]] = {}
        places: dict[str, str] = {}
        on = rules.items.get("on")
        entries: Iterable[tuple[str, Node]] = ()
        if on is not None:
            entries = self.faults.mapping(on, what="`on`").items()
        for key, node in entries:
            steps = Section(self.faults).steps(node, what=repr(key))
            for type_ in self._types(node, key):
                self._claim(type_, node, places)
                found[type_] = steps
        default = None
        if "default" in rules.items:
            default = Section(self.faults).steps(rules.items["default"], what="`default`")
        for node in self._ignored(rules):
            for type_ in self._types(node, node.text):
                self._claim(type_, node, places)
                found[type_] = ()
        if not found and default is None:
            self.faults.add(rules, "the file maps nothing; add `on`")
        families = [
            (type_.removesuffix("*"), steps) for type_, steps in found.items() if "*" in type_
        ]
        families.sort(key=lambda family: len(family[0]), reverse=True)
        exact = {type_: steps for type_, steps in found.items() if "*" not in type_}
        return exact, families, default

    def _claim(self, type_: str, node: Node, places: dict[str, str]) -> None:
        if type_ in places:
            what = f"{type_!r} is spoken for in {places[type_]}, so this is never reached; keep one"
            self.faults.add(node, what)
        places.setdefault(type_, node.place)

    def _types(self, node: Node, key: str) -> list[str]:
        types = [part.strip() for part in key.split(",")]
        for type_ in types:
            if not type_ or "*" in type_[:-1]:
                what = f"{key!r} is no list of types; write a.b, a.c or a.* (with * at its end)"
                self.faults.add(node, what)
        return types

    def _ignored(self, rules: Node) -> list[Node]:
        """Return the types under `ignore`, as nodes."""
        node = rules.items.get("ignore")
        if node is None:
            return []
        if not isinstance(node.value, tuple):
            self.faults.add(node, f"`ignore` is {node.kind}; write a list of types")
        return [each for each in node.elements if not isinstance(each.value, Mapping)]

    def _unwanted(self, rules: Node) -> tuple[Unwanted, ...]:
        node = rules.items.get("ignore")
        found: list[Unwanted] = []
        for each in node.elements if node is not None else ():
            if not isinstance(each.value, Mapping):
                continue
            self.faults.known(each, ("because", "when"), what="`ignore`")
            if "when" not in each.items:
                self.faults.add(each, "`ignore` has no `when`; add a condition")
                continue
            when = self.faults.single(each.items["when"], what="`when`", names=NAMES)
            because = each.items["because"].text if "because" in each.items else when.source
            found.append(Unwanted(when=when, because=because))
        return tuple(found)


def _nothing(node: Node) -> Source:
    empty = Expression(source="", place=node.place)
    return Source(
        name="",
        scheme=Scheme(name="", ways=()),
        reading=Reading(id=(empty,), type=empty),
        on={},
        families=(),
    )
