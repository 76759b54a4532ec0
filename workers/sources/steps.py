"""Steps of a mapping, from YAML: each verb's fields, and what a step may refer to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from workers.changes import Link
from workers.documents import Node
from workers.expressions import MISSING, NAMES, Expression, nearest
from workers.objects import ACTIVITIES, TYPE_IDS, canonical
from workers.sources.faults import Faults
from workers.sources.model import HTML, ById, ByKey, Earlier, Reference, Step, Value, Verb

COMMON = ("each", "name", "portal", "when")
RECORD = ("id", "key", "object", "optional")
SET = ("set", "set_all")
LINK = ("category", "label", "type")
FIELDS: Mapping[Verb, tuple[str, ...]] = {
    Verb.UPSERT: ("key", "object", "optional", *SET),
    Verb.CREATE: ("object", *SET),
    Verb.UPDATE: (*RECORD, *SET),
    Verb.ARCHIVE: RECORD,
    Verb.ASSOCIATE: LINK,
    Verb.DISSOCIATE: LINK,
    Verb.LOG: ("activity", "on", *SET),
    Verb.PIN: ("to",),
    Verb.UNPIN: (),
    Verb.FIND: ("key", "object", "optional"),
}
CATEGORIES = ("HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED", "WORK")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
PROPERTY = re.compile(r"[a-z0-9_]+")
CUSTOM_TYPE = re.compile(r"\d-\d+|p_?\w+|p\d+_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of an earlier step that others may refer to."""

    object_type: str  # "" if it is that of a faulty step
    each: str  # the source of its `each`
    place: str
    runs: bool = True  # False if its `when` is never true


class Section:
    """Reads the steps of one section, in their order."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.known: dict[str, _Known] = {}
        self.taken: dict[str, str] = {}  # every name, and where

    def steps(self, node: Node, *, what: str) -> tuple[Step, ...]:
        """Return the steps of a section, which must have some."""
        if not isinstance(node.value, tuple) or not node.value:
            self.faults.add(
                node, f"{what} has {node.kind}; list its steps, or name the type under `ignore`"
            )
        found = (self._step(each) for each in node.elements)
        return tuple(step for step in found if step is not None)

    def _step(self, node: Node) -> Step | None:
        verbs = [verb for verb in Verb if verb in node.items]
        if len(verbs) != 1:
            self._which_verb(node, verbs)
            return None
        verb = verbs[0]
        fields = (verb.value, *COMMON, *FIELDS[verb])
        self.faults.known(node, fields, what=f"`{verb}`")
        each = when = None
        names = set(NAMES)
        if "each" in node.items:
            each = self.faults.single(node.items["each"], what="`each`", names=names)
            names |= {"item", "index"}
        if "when" in node.items:
            when = self.faults.single(node.items["when"], what="`when`", names=names)
            if when.constant is False:
                self.faults.add(node.items["when"], "this step never runs; remove it")
        step = _Reader(self, node, verb, names=names, each=each, when=when).step()
        if step is None or "portal" not in node.items:
            return step
        return replace(step, portals=self._portals(node))

    def _portals(self, node: Node) -> frozenset[str]:
        """Return the portals that a step is for."""
        given = node.items["portal"]
        listed = given.elements if isinstance(given.value, tuple) else (given,)
        found = [self.faults.word(each, what="`portal`") for each in listed]
        for each, name in zip(listed, found, strict=True):
            if name and self.faults.portals and name not in self.faults.portals:
                self.faults.add(
                    each,
                    f"this endpoint has no portal {name!r}; {nearest(name, self.faults.portals)}",
                )
        if not found:
            self.faults.add(given, "`portal` is an empty list, so this step never runs; remove it")
        return frozenset(found)

    def _which_verb(self, node: Node, verbs: list[Verb]) -> None:
        if verbs:
            both = " and ".join(f"`{verb}`" for verb in verbs)
            self.faults.add(node, f"a step has {both}; make a step of each")
            return
        first = next(iter(node.items), "")
        if not first:
            self.faults.add(node, f"a step is {node.kind}; begin it with `upsert:`, `log:`, …")
            return
        hint = nearest(first, [*Verb, *COMMON])
        self.faults.add(node, f"{first!r} is no step; {hint}")


class _Reader:
    """Reads one step."""

    def __init__(
        self,
        section: Section,
        node: Node,
        verb: Verb,
        *,
        names: set[str],
        each: Expression | None,
        when: Expression | None,
    ) -> None:
        self.section = section
        self.faults = section.faults
        self.node = node
        self.verb = verb
        self.subject = node.items[verb.value]
        self.names = names
        self.each = each
        self.when = when

    def step(self) -> Step | None:
        make: Mapping[Verb, Callable[[], Step]] = {
            Verb.UPSERT: self._keyed,
            Verb.FIND: self._keyed,
            Verb.CREATE: self._create,
            Verb.UPDATE: self._about,
            Verb.ARCHIVE: self._about,
            Verb.ASSOCIATE: self._pair,
            Verb.DISSOCIATE: self._pair,
            Verb.LOG: self._log,
            Verb.PIN: self._pin,
            Verb.UNPIN: self._unpin,
        }
        return make[self.verb]()

    # What each verb reads

    def _keyed(self) -> Step:
        name = self._own_name()
        object_type = self._object_type(self.node, name=name)
        about = self._by_key(self.node, object_type)
        self._make_known(name, object_type)
        values = self._values(object_type)
        key = about.value.property
        if any(value.property == key for value in values):
            self.faults.add(
                self.node.items["set"].items[key], f"{key} is the key already; leave it out here"
            )
        return self._made(name, about=about, values=values)

    def _create(self) -> Step:
        name = self._own_name()
        object_type = self._object_type(self.node, name=name)
        self._make_known(name, object_type)
        values = self._values(object_type)
        if not self._sets(values):
            self.faults.add(self.node, f"`create: {name}` sets nothing; add `set`")
        return self._made(name, object_type=object_type, values=values)

    def _about(self) -> Step:
        items = self.node.items
        if not any(field in items for field in ("key", "id", "object")):
            about: Reference = self._reference(self.subject, what=f"`{self.verb}`")
            name = self._free_name(f"{self.verb} {self.subject.text}")
            object_type = ""
            if isinstance(about, Earlier) and about.name in self.section.known:
                object_type = self.section.known[about.name].object_type
        else:
            name = self._own_name()
            about = self._inline(self.node, name=name)
            object_type = "" if isinstance(about, Earlier) else about.object_type
            if self.verb is Verb.UPDATE:
                self._make_known(name, object_type)
        values = self._values(object_type) if self.verb is Verb.UPDATE else ()
        if self.verb is Verb.UPDATE and not self._sets(values):
            self.faults.add(self.node, f"`{name}` sets nothing; add `set`")
        return self._made(name, about=about, values=values)

    def _pair(self) -> Step:
        two = 2
        if len(self.subject.elements) != two:
            self.faults.add(self.subject, f"`{self.verb}` joins two records; write [one, other]")
        ends = [self._reference(each, what=f"`{self.verb}`") for each in self.subject.elements[:2]]
        ends += [Earlier(name="")] * (two - len(ends))
        spoken = "-".join(each.text or "record" for each in self.subject.elements)
        return self._made(
            self._free_name(f"{self.verb} {spoken}"),
            about=ends[0],
            others=(ends[1],),
            link=self._link(),
        )

    def _log(self) -> Step:
        name = self._own_name()
        activity = self.node.items.get("activity")
        object_type = canonical(activity.text) if activity is not None else "notes"
        if object_type not in ACTIVITIES:
            hint = nearest(object_type, ACTIVITIES)
            self.faults.add(activity or self.node, f"{object_type!r} is no activity; {hint}")
        on = self.node.items.get("on")
        targets: tuple[Reference, ...] = ()
        if on is None:
            self.faults.add(self.node, f"`log: {name}` hangs on nothing; add `on: [contact]`")
        else:
            listed = on.elements if isinstance(on.value, tuple) else (on,)
            targets = tuple(self._reference(each, what="`on`") for each in listed)
            if not targets:
                self.faults.add(on, "an activity hangs on at least one record; name it")
        self._make_known(name, object_type)
        values = self._values(object_type)
        return self._made(name, object_type=object_type, others=targets, values=values)

    def _pin(self) -> Step:
        activity = self._reference(self.subject, what="`pin`", activity=True)
        to = self.node.items.get("to")
        if to is None:
            self.faults.add(self.node, "`pin` does not say to which record; add `to: contact`")
            return self._made(self._free_name("pin"), about=activity)
        target = self._reference(to, what="`to`")
        name = f"pin {self.subject.text} to {to.text or 'record'}"
        return self._made(self._free_name(name), about=activity, others=(target,))

    def _unpin(self) -> Step:
        about = self._reference(self.subject, what="`unpin`")
        return self._made(self._free_name(f"unpin {self.subject.text or 'record'}"), about=about)

    # What their parts are

    def _made(
        self,
        name: str,
        *,
        about: Reference | None = None,
        others: tuple[Reference, ...] = (),
        object_type: str = "",
        values: tuple[Value, ...] = (),
        link: Link | None = None,
    ) -> Step:
        more = self.node.items.get("set_all")
        more_values = None
        if more is not None:
            more_values = self.faults.single(more, what="`set_all`", names=self.names)
        return Step(
            verb=self.verb,
            name=name,
            place=self.node.place,
            when=self.when,
            each=self.each,
            object_type=object_type,
            about=about,
            others=others,
            values=values,
            more_values=more_values,
            link=link or Link(),
        )

    def _sets(self, values: tuple[Value, ...]) -> bool:
        return bool(values) or "set_all" in self.node.items

    def _own_name(self) -> str:
        name = self.faults.word(self.subject, what=f"`{self.verb}`")
        if name and not NAME.fullmatch(name):
            self.faults.add(self.subject, f"{name!r} is no name; use letters, digits, _ and -")
        elif name in self.section.taken:
            first = self.section.taken[name]
            self.faults.add(self.subject, f"there is a step {name!r} already ({first}); rename one")
        if "name" in self.node.items:
            self.faults.add(
                self.node.items["name"], f"this step is called {name!r} already; remove `name`"
            )
        self.section.taken.setdefault(name, self.node.place)
        return name

    def _free_name(self, name: str) -> str:
        if "name" in self.node.items:
            name = self.faults.word(self.node.items["name"], what="`name`")
            if name in self.section.taken:
                first = self.section.taken[name]
                what = f"there is a step {name!r} already ({first}); rename one"
                self.faults.add(self.node.items["name"], what)
        number, free = 1, name
        while free in self.section.taken:
            number += 1
            free = f"{name} {number}"
        self.section.taken[free] = self.node.place
        return free

    def _make_known(self, name: str, object_type: str) -> None:
        each = self.each.source if self.each is not None else ""
        runs = self.when is None or self.when.constant is not False
        known = _Known(object_type=object_type, each=each, place=self.node.place, runs=runs)
        self.section.known.setdefault(name, known)

    def _object_type(self, node: Node, *, name: str) -> str:
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

    def _by_key(self, node: Node, object_type: str) -> ByKey:
        key = node.items.get("key")
        if key is None or len(key.items) != 1:
            count = "no key" if key is None else f"a key of {len(key.items)} properties"
            what = f"the record has {count}; write exactly one, such as key: {{email: …}}"
            self.faults.add(key or node, what)
        for name, value in key.items.items() if key is not None else ():
            self._property(value, name)
            if value.value is None:
                self.faults.add(value, f"the key {name} is nothing; write an expression")
            expression = self.faults.expression(value, what=name, names=self.names)
            return ByKey(
                object_type=object_type,
                value=Value(property=name, expression=expression),
                optional=self._optional(node),
            )
        nothing = Expression(source="", place=node.place, constant=MISSING)
        return ByKey(object_type=object_type, value=Value(property="", expression=nothing))

    def _inline(self, node: Node, *, name: str) -> Reference:
        """Return the record that `object` and `key` or `id` name."""
        object_type = self._object_type(node, name=name)
        if "id" not in node.items:
            return self._by_key(node, object_type)
        if "key" in node.items:
            self.faults.add(node.items["key"], "there is an `id` already; keep one of the two")
        expression = self.faults.expression(node.items["id"], what="`id`", names=self.names)
        return ById(object_type=object_type, id=expression, optional=self._optional(node))

    def _optional(self, node: Node) -> bool:
        return self.faults.truth(node.items.get("optional"), what="`optional`")

    def _reference(self, node: Node, *, what: str, activity: bool = False) -> Reference:
        """Return what a name of an earlier step, or {object, key or id}, means."""
        if isinstance(node.value, Mapping) and not activity:
            self.faults.known(node, RECORD, what=what)
            return self._inline(node, name="")
        name = self.faults.word(node, what=what)
        known = self.section.known.get(name)
        if known is None:
            if name:
                self._unknown(node, name)
            return Earlier(name=name)
        if not known.runs:
            what = f"{name!r} ({known.place}) never runs, so it is never there for this step"
            self.faults.add(node, f"{what}; refer to another step")
        is_activity = known.object_type in ACTIVITIES
        if known.object_type and activity and not is_activity:
            logged = [n for n, k in self.section.known.items() if k.object_type in ACTIVITIES]
            hint = f"name an activity, such as {logged[0]!r}" if logged else "add a `log` before it"
            self.faults.add(node, f"{name!r} is a record, and only activities are pinned; {hint}")
        if self.verb in (Verb.PIN, Verb.UNPIN) and not activity and is_activity:
            self.faults.add(node, f"{name!r} is an activity; name the record that it hangs on")
        aligned = self.each is not None and known.each == self.each.source
        if activity and known.each and not aligned:
            self.faults.add(node, f"which {name!r} is meant? repeat this step over the same `each`")
        return Earlier(name=name, aligned=aligned)

    def _unknown(self, node: Node, name: str) -> None:
        if name in self.section.taken:
            first = self.section.taken[name]
            self.faults.add(node, f"{name!r} ({first}) is no record to refer to; name another step")
            return
        what = f"no earlier step is called {name!r}"
        if self.section.known:
            self.faults.add(node, f"{what}; {nearest(name, self.section.known)}")
        else:
            self.faults.add(node, f"{what}; add one before this, such as `upsert: {name}`")

    def _values(self, object_type: str) -> tuple[Value, ...]:
        given = self.node.items.get("set")
        if given is None:
            return ()
        found: list[Value] = []
        for name, value in self.faults.mapping(given, what="`set`").items():
            self._property(value, name)
            html = bool(HTML.fullmatch(name)) and (object_type in ACTIVITIES or not object_type)
            expression = self.faults.expression(value, what=name, names=self.names, html=html)
            found.append(Value(property=name, expression=expression))
        return tuple(found)

    def _property(self, node: Node, name: str) -> None:
        if not PROPERTY.fullmatch(name):
            what = f"{name!r} is no property's name; use its internal name, such as firstname"
            self.faults.add(node, what)

    def _link(self) -> Link:
        items = self.node.items
        label, type_id, category = (items.get(field) for field in ("label", "type", "category"))
        if label is not None and type_id is not None:
            self.faults.add(type_id, "there is a `label` already; keep one of the two")
        if type_id is not None and (
            isinstance(type_id.value, bool) or not isinstance(type_id.value, int)
        ):
            self.faults.add(type_id, f"`type` is {type_id.kind}; write the association's number")
            type_id = None
        if category is not None and category.text not in CATEGORIES:
            self.faults.add(category, f"{category.text!r}: {nearest(category.text, CATEGORIES)}")
        if category is not None and type_id is None:
            self.faults.add(category, "`category` needs `type`; a label has its own")
        return Link(
            type_id=int(type_id.text) if type_id is not None else None,
            category=category.text if category is not None else "HUBSPOT_DEFINED",
            label=self.faults.word(label, what="`label`") if label is not None else None,
        )
