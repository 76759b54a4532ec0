"""Event → changes, by its source's mapping. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeVar

from workers import changes
from workers.changes import Change, Keyed, Numbered, Target
from workers.errors import MappingError
from workers.events import Event
from workers.expressions import Clear, Expression, Missing, Scope
from workers.filters.addresses import domain
from workers.filters.markup import cut, html_escape
from workers.filters.values import LONGEST, Safe, sequence, shown, text
from workers.objects import ACTIVITIES
from workers.sources.model import HTML, ById, ByKey, Earlier, Reference, Source, Step, Value, Verb
from workers.sources.portals import elsewhere, scope

Meant = TypeVar("Meant")

MAX_ROUNDS = 1_000  # of one step's `each`
MAKES = (Verb.UPSERT, Verb.CREATE, Verb.LOG)
PROPERTY = re.compile(r"[a-z0-9_]{1,100}")


def translate(event: Event, source: Source) -> list[Change]:
    """Return what the event asks of the CRM, in the order of the mapping's steps.

    Empty if its type is ignored or unknown, or no condition holds. Raises MappingError, naming
    file, line, field, expression and reason, if a step cannot be made of this event.
    """
    if event.fault:
        raise MappingError(event.fault)
    steps = source.steps_for(event.type)
    if not steps:
        return []
    found = scope(event, source, time=event.time, received=event.received)
    if elsewhere(event, source, found):
        return []
    for unwanted in source.unwanted:
        if _holds(unwanted.when, found):
            return []
    translation = _Translation(event, found)
    for step in steps:
        translation.take(step)
    return translation.changes


def why_nothing(event: Event, source: Source) -> str:
    """Return why `translate` gave nothing for this event."""
    if source.steps_for(event.type):
        found = scope(event, source, time=event.time, received=event.received)
        if where := elsewhere(event, source, found):
            return where
        for unwanted in source.unwanted:
            if _holds(unwanted.when, found):
                return f"{unwanted.when.place}: ignored: {unwanted.because}"
    return source.why_nothing(event.type)


@dataclass(slots=True)
class _Made:
    """The names that a step's changes got, by the element that they were made of."""

    names: dict[int | None, str] = field(default_factory=dict)


class _Left(Exception):
    """Raised when a step cannot be, because what it refers to was left out."""


class _Translation:
    """The changes of one event so far."""

    def __init__(self, event: Event, scope: Scope) -> None:
        self.event = event
        self.scope = scope
        self.changes: list[Change] = []
        self.made: dict[str, _Made] = {}

    def take(self, step: Step) -> None:
        """Add what the step asks for, once for each element if it repeats."""
        made = self.made[step.name] = _Made()
        if step.portals and self.event.portal not in step.portals:
            return
        if step.each is None:
            self._round(step, made, None)
            return
        for index, element in enumerate(_elements(step.each, self.scope)):
            self.scope.bind("item", element)
            self.scope.bind("index", index)
            self._round(step, made, index)

    def _round(self, step: Step, made: _Made, index: int | None) -> None:
        if step.when is not None and not _holds(step.when, self.scope):
            return
        name = step.name if index is None else f"{step.name}[{index}]"
        before = len(self.changes)
        try:
            self._add(step, name, index)
        except _Left:
            return
        if len(self.changes) > before:
            made.names[index] = name

    def _add(self, step: Step, name: str, index: int | None) -> None:
        where = step.place
        match step.verb:
            case Verb.UPSERT:
                key = self._key(step)
                properties = {key.property: key.value, **self._properties(step)}
                self.changes.append(
                    changes.Upsert(name=name, where=where, key=key, properties=properties)
                )
            case Verb.FIND:
                self.changes.append(changes.Find(name=name, where=where, key=self._key(step)))
            case Verb.CREATE:
                self.changes.append(
                    changes.Create(
                        name=name,
                        where=where,
                        object_type=step.object_type,
                        properties=self._properties(step),
                    )
                )
            case Verb.UPDATE:
                properties = self._properties(step)
                for called, target in _named(name, self._about(step, index)):
                    self.changes.append(
                        changes.Update(
                            name=called, where=where, target=target, properties=properties
                        )
                    )
            case Verb.ARCHIVE:
                for called, target in _named(name, self._about(step, index)):
                    self.changes.append(changes.Archive(name=called, where=where, target=target))
            case Verb.UNPIN:
                for called, target in _named(name, self._about(step, index)):
                    self.changes.append(changes.Unpin(name=called, where=where, to=target))
            case Verb.ASSOCIATE | Verb.DISSOCIATE:
                self._join(step, name, index)
            case Verb.LOG:
                self._log(step, name, index)
            case Verb.PIN:
                self._pin(step, name, index)

    def _join(self, step: Step, name: str, index: int | None) -> None:
        kind = changes.Associate if step.verb is Verb.ASSOCIATE else changes.Dissociate
        pairs = product(self._about(step, index), self._targets(step.others[0], index))
        for called, (one, other) in _named(name, list(pairs)):
            self.changes.append(
                kind(name=called, where=step.place, source=one, to=other, link=step.link)
            )

    def _log(self, step: Step, name: str, index: int | None) -> None:
        targets: list[Target] = []
        for other in step.others:
            targets += self._targets(other, index)
        if not targets:
            raise _Left
        self.changes.append(
            changes.Log(
                name=name,
                where=step.place,
                activity_type=step.object_type,
                on=tuple(dict.fromkeys(targets)),
                properties=self._properties(step),
            )
        )

    def _pin(self, step: Step, name: str, index: int | None) -> None:
        (activity,) = self._about(step, index)[:1] or (None,)
        if not isinstance(activity, changes.Step):
            raise _Left
        for called, target in _named(name, self._targets(step.others[0], index)):
            self.changes.append(
                changes.Pin(name=called, where=step.place, activity=activity, to=target)
            )

    # What steps are about

    def _about(self, step: Step, index: int | None) -> list[Target]:
        assert step.about is not None  # noqa: S101
        return self._targets(step.about, index)

    def _targets(self, reference: Reference, index: int | None) -> list[Target]:
        """Return what a reference means: none if it was left out, several if it repeated."""
        match reference:
            case Earlier():
                names = self.made[reference.name].names
                if not reference.aligned:
                    return [changes.Step(name=name) for name in names.values()]
                return [changes.Step(name=names[index])] if index in names else []
            case ByKey():
                key = self._keyed(reference)
                return [] if key is None else [key]
            case ById():
                found = _string(reference.id, self.scope, "id")
                if not found and not reference.optional:
                    raise _empty(reference.id, "id")
                return [Numbered(object_type=reference.object_type, id=found)] if found else []

    def _key(self, step: Step) -> Keyed:
        assert isinstance(step.about, ByKey)  # noqa: S101
        key = self._keyed(step.about)
        if key is None:
            raise _Left
        return key

    def _keyed(self, reference: ByKey) -> Keyed | None:
        name, expression = reference.value.property, reference.value.expression
        value = _normal(name, _string(expression, self.scope, name))
        if value:
            return Keyed(object_type=reference.object_type, property=name, value=value)
        if reference.optional:
            return None
        raise _empty(expression, f"key {name}")

    def _properties(self, step: Step) -> dict[str, str]:
        properties: dict[str, str] = {}
        if step.verb in MAKES and _type_of(step) in ACTIVITIES:
            properties["hs_timestamp"] = text(self.event.time)
        if step.more_values is not None:
            properties.update(_more(step.more_values, self.scope))
        properties.update(_properties(step.values, self.scope))
        return properties


def _type_of(step: Step) -> str:
    return step.about.object_type if isinstance(step.about, ByKey) else step.object_type


def _empty(expression: Expression, what: str) -> MappingError:
    return MappingError(
        f"{expression.place}: {what}: has no value in this event; in {expression.source} "
        "(with `optional: true` it is left out then)"
    )


def _named(name: str, targets: Sequence[Meant]) -> list[tuple[str, Meant]]:
    """Return each target with the name of its change: numbered where there are several."""
    if len(targets) == 1:
        return [(name, targets[0])]
    return [(f"{name}[{number}]", target) for number, target in enumerate(targets)]


def _normal(name: str, value: str) -> str:
    """Return a key's value as the CRM compares it."""
    if name == "email":
        return value.strip().lower()
    if name == "domain":
        return domain(value)
    return value.strip()


def _elements(each: Expression, scope: Scope) -> Iterable[object]:
    value = _evaluate(each, scope, "each")
    if isinstance(value, Missing):
        return ()
    try:
        elements = sequence(value)
    except ValueError as error:
        raise MappingError(f"{each.place}: each: {error}; in {each.source}") from error
    if len(elements) > MAX_ROUNDS:
        raise MappingError(
            f"{each.place}: each: has {len(elements):,} elements, more than {MAX_ROUNDS:,}; "
            f"in {each.source}"
        )
    return elements


def _holds(when: Expression, scope: Scope) -> bool:
    value = _evaluate(when, scope, "when")
    return bool(value) and value not in ("false", "False", "0")


def _properties(values: Iterable[Value], scope: Scope) -> dict[str, str]:
    """Return what is to be set: what is missing or empty is left out, what is null is cleared."""
    properties: dict[str, str] = {}
    for value in values:
        expression = value.expression
        constant = expression.constant
        found = (
            constant if constant.__class__ is str else _evaluate(expression, scope, value.property)
        )
        if found.__class__ is not str:
            if isinstance(found, Clear):
                properties[value.property] = ""
                continue
            found = _as_text(found, expression, value.property)
        if found:
            properties[value.property] = _fitting(value.property, found)
    return properties


def _more(expression: Expression, scope: Scope) -> dict[str, str]:
    """Return the properties that an expression makes a mapping of."""
    found = _evaluate(expression, scope, "set_all")
    if isinstance(found, Missing):
        return {}
    if not isinstance(found, Mapping):
        raise MappingError(
            f"{expression.place}: set_all: {shown(found)} is not a mapping of properties; "
            f"in {expression.source}"
        )
    properties: dict[str, str] = {}
    for name, value in found.items():
        if not PROPERTY.fullmatch(text(name)):
            continue  # a name that no property can have
        if isinstance(value, Clear):
            properties[name] = ""
        elif string := _as_text(value, expression, f"set_all {name}"):
            html = HTML.fullmatch(name) and not isinstance(value, Safe)
            properties[name] = _fitting(name, str(html_escape(string)) if html else string)
    return properties


def _fitting(name: str, value: str) -> str:
    """Return the value as its property can hold it: what is there to be read may be cut.

    Anything else that is too long is not ours to change, and the CRM says so.
    """
    return cut(value, LONGEST) if len(value) > LONGEST and HTML.fullmatch(name) else value


def _string(expression: Expression, scope: Scope, what: str) -> str:
    return _as_text(_evaluate(expression, scope, what), expression, what)


def _as_text(value: object, expression: Expression, what: str) -> str:
    if isinstance(value, Missing):
        return ""
    try:
        return str(text(value))
    except ValueError as error:
        raise MappingError(
            f"{expression.place}: {what}: {error}; in {expression.source}"
        ) from error


def _evaluate(expression: Expression, scope: Scope, what: str) -> object:
    try:
        return expression(scope)
    except MappingError as error:
        raise MappingError(
            f"{expression.place}: {what}: {error}; in {expression.source}"
        ) from error
