"""What a step may refer to: earlier steps by their names, and records by their key or id."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.documents import Node
from workers.expressions import MISSING, Expression, nearest
from workers.objects import ACTIVITIES, TYPE_IDS, canonical
from workers.sources.faults import Faults
from workers.sources.model import ById, ByKey, Earlier, Reference, Value, Verb

RECORD = ("id", "key", "object", "optional")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
PROPERTY = re.compile(r"[a-z0-9_]+")
CUSTOM_TYPE = re.compile(r"\d-\d+|p_?\w+|p\d+_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an earlier step that others may refer to."""

    object_type: str  # "" if it is that of a faulty step
    each: str  # the source of its `each`
    place: str
    runs: bool = True  # False if its `when` is never true


@dataclass(slots=True)
class Names:
    """The names of a section's steps so far."""

    known: dict[str, Known] = field(default_factory=dict)  # of those that others may refer to
    taken: dict[str, str] = field(default_factory=dict)  # every name, and where


class References:
    """Reads what one step is called, and what it refers to.

    `scope` are the names that its expressions may use, `each` is what it repeats over.
    """

    def __init__(
        self,
        names: Names,
        faults: Faults,
        node: Node,
        verb: Verb,
        *,
        scope: set[str],
        each: Expression | None,
        runs: bool,
    ) -> None:
        self.names = names
        self.faults = faults
        self.node = node
        self.verb = verb
        self.subject = node.items[verb.value]
        self.scope = scope
        self.each = each
        self.runs = runs

    def own_name(self) -> str:
        """Return the name that the verb gives the step, which no other may have."""
        name = self.faults.word(self.subject, what=f"`{self.verb}`")
        if name and not NAME.fullmatch(name):
            self.faults.add(self.subject, f"{name!r} is no name; use letters, digits, _ and -")
        elif name in self.names.taken:
            first = self.names.taken[name]
            self.faults.add(self.subject, f"there is a step {name!r} already ({first}); rename one")
        if "name" in self.node.items:
            self.faults.add(
                self.node.items["name"], f"this step is called {name!r} already; remove `name`"
            )
        self.names.taken.setdefault(name, self.node.place)
        return name

    def free_name(self, name: str) -> str:
        """Return the name of a step that the verb gives none: `name`, or what the step states."""
        if "name" in self.node.items:
            name = self.faults.word(self.node.items["name"], what="`name`")
            if name in self.names.taken:
                first = self.names.taken[name]
                what = f"there is a step {name!r} already ({first}); rename one"
                self.faults.add(self.node.items["name"], what)
        number, free = 1, name
        while free in self.names.taken:
            number += 1
            free = f"{name} {number}"
        self.names.taken[free] = self.node.place
        return free

    def make_known(self, name: str, object_type: str) -> None:
        """Let later steps refer to this one."""
        each = self.each.source if self.each is not None else ""
        known = Known(object_type=object_type, each=each, place=self.node.place, runs=self.runs)
        self.names.known.setdefault(name, known)

    def type_of(self, earlier: Earlier) -> str:
        """Return the object type of an earlier step; "" if it is not known."""
        known = self.names.known.get(earlier.name)
        return known.object_type if known is not None else ""

    def object_type(self, node: Node, *, name: str) -> str:
        """Return the type that `object` or the step's name says; "" after adding a fault."""
        stated = node.items.get("object")
        written = stated.text.strip() if stated is not None else name
        found = canonical(written)
        if found in TYPE_IDS or (stated is not None and CUSTOM_TYPE.fullmatch(found)):
            return found
        if stated is None:
            self.faults.add(
                node, f"it is not said of which type {name!r} is; add `object: contacts` or another"
            )
        else:
            hint = nearest(written, TYPE_IDS)
            what = f"{written!r} is no type of object; {hint} (or give an id, such as 2-123)"
            self.faults.add(stated, what)
        return ""

    def by_key(self, node: Node, object_type: str) -> ByKey:
        """Return the record that `key` names."""
        key = node.items.get("key")
        if key is None or len(key.items) != 1:
            count = "no key" if key is None else f"a key of {len(key.items)} properties"
            what = f"the record has {count}; write exactly one, such as key: {{email: …}}"
            self.faults.add(key or node, what)
        for name, value in key.items.items() if key is not None else ():
            self.check_property(value, name)
            if value.value is None:
                self.faults.add(value, f"the key {name} is nothing; write an expression")
            expression = self.faults.expression(value, what=name, names=self.scope)
            return ByKey(
                object_type=object_type,
                value=Value(property=name, expression=expression),
                optional=self._optional(node),
            )
        nothing = Expression(source="", place=node.place, constant=MISSING)
        return ByKey(object_type=object_type, value=Value(property="", expression=nothing))

    def inline(self, node: Node, *, name: str) -> Reference:
        """Return the record that `object` and `key` or `id` name."""
        object_type = self.object_type(node, name=name)
        if "id" not in node.items:
            return self.by_key(node, object_type)
        if "key" in node.items:
            self.faults.add(node.items["key"], "there is an `id` already; keep one of the two")
        expression = self.faults.expression(node.items["id"], what="`id`", names=self.scope)
        return ById(object_type=object_type, id=expression, optional=self._optional(node))

    def _optional(self, node: Node) -> bool:
        return self.faults.truth(node.items.get("optional"), what="`optional`")

    def reference(self, node: Node, *, what: str, activity: bool = False) -> Reference:
        """Return what a name of an earlier step, or {object, key or id}, means."""
        if isinstance(node.value, Mapping) and not activity:
            self.faults.known(node, RECORD, what=what)
            return self.inline(node, name="")
        name = self.faults.word(node, what=what)
        known = self.names.known.get(name)
        if known is None:
            if name:
                self._unknown(node, name)
            return Earlier(name=name)
        if not known.runs:
            what = f"{name!r} ({known.place}) never runs, so it is never there for this step"
            self.faults.add(node, f"{what}; refer to another step")
        is_activity = known.object_type in ACTIVITIES
        if known.object_type and activity and not is_activity:
            logged = [n for n, k in self.names.known.items() if k.object_type in ACTIVITIES]
            hint = f"name an activity, such as {logged[0]!r}" if logged else "add a `log` before it"
            self.faults.add(node, f"{name!r} is a record, and only activities are pinned; {hint}")
        if self.verb in (Verb.PIN, Verb.UNPIN) and not activity and is_activity:
            self.faults.add(node, f"{name!r} is an activity; name the record that it hangs on")
        aligned = self.each is not None and known.each == self.each.source
        if activity and known.each and not aligned:
            self.faults.add(node, f"which {name!r} is meant? repeat this step over the same `each`")
        return Earlier(name=name, aligned=aligned)

    def _unknown(self, node: Node, name: str) -> None:
        if name in self.names.taken:
            first = self.names.taken[name]
            self.faults.add(node, f"{name!r} ({first}) is no record to refer to; name another step")
            return
        what = f"no earlier step is called {name!r}"
        if self.names.known:
            self.faults.add(node, f"{what}; {nearest(name, self.names.known)}")
        else:
            self.faults.add(node, f"{what}; add one before this, such as `upsert: {name}`")

    def check_property(self, node: Node, name: str) -> None:
        """Add a fault if no property can have this name."""
        if not PROPERTY.fullmatch(name):
            what = f"{name!r} is no property's name; use its internal name, such as firstname"
            self.faults.add(node, what)
