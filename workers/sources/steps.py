"""Steps of a mapping, from YAML: what each verb takes."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from workers.changes import Link
from workers.documents import Node
from workers.expressions import NAMES, Expression, nearest
from workers.objects import ACTIVITIES, canonical
from workers.sources.faults import Faults
from workers.sources.model import HTML, Earlier, Reference, Step, Value, Verb
from workers.sources.references import RECORD, Names, References

COMMON = ("each", "name", "portal", "when")
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


class Section:
    """Reads the steps of one section, in their order."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.names = Names()

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
        self.faults = section.faults
        self.node = node
        self.verb = verb
        self.subject = node.items[verb.value]
        self.names = names
        self.each = each
        self.when = when
        self.refer = References(
            section.names,
            section.faults,
            node,
            verb,
            scope=names,
            each=each,
            runs=when is None or when.constant is not False,
        )

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
        name = self.refer.own_name()
        object_type = self.refer.object_type(self.node, name=name)
        about = self.refer.by_key(self.node, object_type)
        self.refer.make_known(name, object_type)
        values = self._values(object_type)
        key = about.value.property
        if any(value.property == key for value in values):
            self.faults.add(
                self.node.items["set"].items[key], f"{key} is the key already; leave it out here"
            )
        return self._made(name, about=about, values=values)

    def _create(self) -> Step:
        name = self.refer.own_name()
        object_type = self.refer.object_type(self.node, name=name)
        self.refer.make_known(name, object_type)
        values = self._values(object_type)
        if not self._sets(values):
            self.faults.add(self.node, f"`create: {name}` sets nothing; add `set`")
        return self._made(name, object_type=object_type, values=values)

    def _about(self) -> Step:
        items = self.node.items
        if not any(field in items for field in ("key", "id", "object")):
            about: Reference = self.refer.reference(self.subject, what=f"`{self.verb}`")
            name = self.refer.free_name(f"{self.verb} {self.subject.text}")
            object_type = ""
            if isinstance(about, Earlier):
                object_type = self.refer.type_of(about)
        else:
            name = self.refer.own_name()
            about = self.refer.inline(self.node, name=name)
            object_type = "" if isinstance(about, Earlier) else about.object_type
            if self.verb is Verb.UPDATE:
                self.refer.make_known(name, object_type)
        values = self._values(object_type) if self.verb is Verb.UPDATE else ()
        if self.verb is Verb.UPDATE and not self._sets(values):
            self.faults.add(self.node, f"`{name}` sets nothing; add `set`")
        return self._made(name, about=about, values=values)

    def _pair(self) -> Step:
        two = 2
        if len(self.subject.elements) != two:
            self.faults.add(self.subject, f"`{self.verb}` joins two records; write [one, other]")
        ends = [
            self.refer.reference(each, what=f"`{self.verb}`") for each in self.subject.elements[:2]
        ]
        ends += [Earlier(name="")] * (two - len(ends))
        spoken = "-".join(each.text or "record" for each in self.subject.elements)
        return self._made(
            self.refer.free_name(f"{self.verb} {spoken}"),
            about=ends[0],
            others=(ends[1],),
            link=self._link(),
        )

    def _log(self) -> Step:
        name = self.refer.own_name()
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
            targets = tuple(self.refer.reference(each, what="`on`") for each in listed)
            if not targets:
                self.faults.add(on, "an activity hangs on at least one record; name it")
        self.refer.make_known(name, object_type)
        values = self._values(object_type)
        return self._made(name, object_type=object_type, others=targets, values=values)

    def _pin(self) -> Step:
        activity = self.refer.reference(self.subject, what="`pin`", activity=True)
        to = self.node.items.get("to")
        if to is None:
            self.faults.add(self.node, "`pin` does not say to which record; add `to: contact`")
            return self._made(self.refer.free_name("pin"), about=activity)
        target = self.refer.reference(to, what="`to`")
        name = f"pin {self.subject.text} to {to.text or 'record'}"
        return self._made(self.refer.free_name(name), about=activity, others=(target,))

    def _unpin(self) -> Step:
        about = self.refer.reference(self.subject, what="`unpin`")
        return self._made(
            self.refer.free_name(f"unpin {self.subject.text or 'record'}"), about=about
        )

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

    def _values(self, object_type: str) -> tuple[Value, ...]:
        given = self.node.items.get("set")
        if given is None:
            return ()
        found: list[Value] = []
        for name, value in self.faults.mapping(given, what="`set`").items():
            self.refer.check_property(value, name)
            html = bool(HTML.fullmatch(name)) and (object_type in ACTIVITIES or not object_type)
            expression = self.faults.expression(value, what=name, names=self.names, html=html)
            found.append(Value(property=name, expression=expression))
        return tuple(found)

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
