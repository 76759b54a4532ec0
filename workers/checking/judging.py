"""A mapping against a portal: what the portal would refuse, found before anything is sent."""

from collections.abc import Iterator

from workers.checking.finding import Finding, meant
from workers.checking.links import link_findings
from workers.checking.needs import STAGES
from workers.checking.portal import Described, ObjectType
from workers.checking.values import constant_fault, sort_fault
from workers.crm.described import Property
from workers.expressions import Clear, Missing, foresee
from workers.filters.values import text
from workers.knowledge import BUILT_IN, PINNED
from workers.objects import ACTIVITIES, TYPE_IDS
from workers.sources import Source, Step, Verb
from workers.sources.model import ById, ByKey, Reference, Value
from workers.sources.types import object_type, object_types, sections

WRITES = (Verb.UPSERT, Verb.CREATE, Verb.UPDATE, Verb.LOG)
MAKES = (Verb.UPSERT, Verb.CREATE, Verb.LOG)
# Of these, HubSpot wants one at least, and no schema says so.
ANY_OF = {"contacts": ("email", "firstname", "lastname"), "companies": ("domain", "name")}


def judge(source: Source, described: Described) -> list[Finding]:
    """Return everything in the mapping that the portal would refuse, in the order of the lines."""
    if described.refused:
        return []
    found: dict[Finding, None] = {}
    for steps in sections(source, portal=described.portal):
        types = object_types(steps)
        for step in steps:
            found.update(dict.fromkeys(_Judge(source, described, types).step(step)))
    return list(found)


class _Judge:
    def __init__(self, source: Source, described: Described, types: dict[str, str]) -> None:
        self.source = source
        self.described = described
        self.types = types

    def step(self, step: Step) -> Iterator[Finding]:
        own = self.types[step.name]
        if step.verb in (Verb.CREATE, Verb.LOG) and own in self.described.absent:
            yield self._no_type(step.place, own)
        for reference in (step.about, *step.others):
            yield from self._reference(step, reference)
        known = self.described.types.get(own)
        if known is not None and step.verb in WRITES:
            for value in step.values:
                yield from self._value(known, value, step)
            yield from self._stage(known, step)
            if step.verb in MAKES:
                yield from self._required(known, step)
        if step.verb is Verb.PIN:
            yield from self._pin(step)
        yield from link_findings(step, self.types, self.described)

    # Which record

    def _reference(self, step: Step, reference: Reference | None) -> Iterator[Finding]:
        match reference:
            case ByKey() | ById():
                name = object_type(reference, self.types)
                if name in self.described.absent:
                    yield self._no_type(step.place, name)
                elif isinstance(reference, ByKey) and name in self.described.types:
                    yield from self._key(self.described.types[name], reference.value)
            case _:
                return

    def _no_type(self, place: str, name: str) -> Finding:
        known = (*TYPE_IDS, *self.described.custom)
        return Finding(
            place=place,
            what=f"portal {self.described.portal} has no object type {name!r}",
            advice=meant(name, known, otherwise="check its name or id in HubSpot", few=0),
        )

    def _key(self, kind: ObjectType, value: Value) -> Iterator[Finding]:
        name, place = value.property, value.expression.place
        definition = kind.properties.get(name)
        if definition is None:
            unique = [each.name for each in kind.properties.values() if each.unique]
            make = f"make it with `hookline provision {self.described.portal}`"
            yield Finding(
                place=place,
                what=self._has_no(kind, name),
                advice=meant(name, [*unique, *_built_in(kind)], otherwise=make, few=0),
            )
        elif name == "hs_object_id":
            what = "hs_object_id is the record's own id, and no key"
            yield Finding(place=place, what=what, advice="write `id` instead of `key`")
        elif not definition.unique and (kind.name, name) not in BUILT_IN:
            unique = sorted(each.name for each in kind.properties.values() if each.unique)
            listed = f"use {' or '.join(unique)}" if unique else "use a property that is unique"
            yield Finding(
                place=place,
                what=f"{kind.name}.{name} is not unique, so no record can be known by it",
                advice=f"{listed}, or a new name that `hookline provision` makes unique",
            )
        else:
            yield from self._taken(definition, kind, value)

    # What is written

    def _value(self, kind: ObjectType, value: Value, step: Step) -> Iterator[Finding]:
        name, place = value.property, value.expression.place
        definition = kind.properties.get(name)
        if definition is None:
            make = f"check its internal name, or make it with `hookline provision {self.portal}`"
            advice = meant(name, kind.properties, otherwise=make, few=0)
            yield Finding(place=place, what=self._has_no(kind, name), advice=advice)
        elif definition.read_only or definition.calculated:
            yield Finding(
                place=place,
                what=f"{kind.name}.{name} is read-only: HubSpot sets it",
                advice="leave it out, or write to a property of your own",
            )
        elif step.verb in MAKES and name in (kind.required or ()) and _clears(value):
            yield Finding(
                place=place,
                what=f"{kind.name}.{name} is required, and this clears it",
                advice="give it a value",
            )
        else:
            yield from self._taken(definition, kind, value)

    @property
    def portal(self) -> str:
        return self.described.portal

    def _has_no(self, kind: ObjectType, name: str) -> str:
        return f"portal {self.portal} has no property {kind.name}.{name}"

    def _taken(self, definition: Property, kind: ObjectType, value: Value) -> Iterator[Finding]:
        """Give what the property would not take of the values that are known."""
        called, place = f"{kind.name}.{definition.name}", value.expression.place
        listed = (*STAGES, *STAGES.values())
        if definition.name in listed and kind.pipelines is not None:
            return
        known = foresee(value.expression, variables=self.source.variables)
        faults = [constant_fault(definition, each) for each in _texts(known.constants)]
        faults += [sort_fault(definition, each) for each in sorted(known.sorts)]
        for fault in faults:
            if fault is not None:
                yield Finding(place=place, what=f"{called}: {fault[0]}", advice=fault[1])

    def _stage(self, kind: ObjectType, step: Step) -> Iterator[Finding]:
        """Give the pipelines and stages that there are not, and stages of other pipelines."""
        if kind.pipelines is None:
            return
        values = {value.property: value for value in step.values}
        by_id = {each.id: each for each in kind.pipelines}
        for stage_name, pipeline_name in STAGES.items():
            chosen = self._constants(values.get(pipeline_name))
            for each in chosen:
                if each not in by_id:
                    yield Finding(
                        place=values[pipeline_name].expression.place,
                        what=f"portal {self.portal} has no pipeline {each!r} of {kind.name}",
                        advice=meant(each, by_id, otherwise="see the ids in HubSpot"),
                    )
            among = [by_id[each] for each in chosen if each in by_id] or list(by_id.values())
            stages = {stage.id for pipeline in among for stage in pipeline.stages}
            for each in self._constants(values.get(stage_name)):
                if each not in stages:
                    where = f"pipeline {among[0].id!r}" if len(among) == 1 else "any pipeline"
                    yield Finding(
                        place=values[stage_name].expression.place,
                        what=f"{kind.name}.{stage_name}: {each!r} is no stage of {where}",
                        advice=meant(each, stages, otherwise="see the ids in HubSpot"),
                    )

    def _constants(self, value: Value | None) -> list[str]:
        if value is None:
            return []
        known = foresee(value.expression, variables=self.source.variables)
        return _texts(known.constants)

    def _required(self, kind: ObjectType, step: Step) -> Iterator[Finding]:
        """Give what a new record must have and the step never sets.

        An upsert makes one only where there is none yet, so that is not certain.
        """
        certain = step.verb is not Verb.UPSERT
        makes = "makes" if certain else "may make"
        if step.more_values is not None:
            return  # what it sets is known only with an event
        given = {value.property for value in step.values}
        if isinstance(step.about, ByKey):
            given.add(step.about.value.property)
        if kind.name in ACTIVITIES:
            given.add("hs_timestamp")  # the event's time, if the mapping does not say
        for name in kind.required or ():
            if name not in given:
                yield Finding(
                    place=step.place,
                    what=f"{step.name!r} {makes} {kind.name} without {name}, which is required",
                    advice=f"set {name}",
                    certain=certain,
                )
        either = ANY_OF.get(kind.name, ())
        if either and not given & {*either}:
            yield Finding(
                place=step.place,
                what=f"{step.name!r} {makes} {kind.name} with none of {', '.join(either)}",
                advice="set one of them, or HubSpot refuses a new record",
                certain=certain,
            )

    def _pin(self, step: Step) -> Iterator[Finding]:
        kind = self.described.types.get(object_type(step.others[0], self.types))
        if kind is not None and PINNED not in kind.properties:
            yield Finding(
                place=step.place,
                what=f"nothing can be pinned to {kind.name}: they have no {PINNED}",
                advice="pin to another record, or remove the step",
            )


def _built_in(kind: ObjectType) -> list[str]:
    return [name for of, name in BUILT_IN if of == kind.name]


def _clears(value: Value) -> bool:
    return isinstance(value.expression.constant, Clear)


def _texts(constants: tuple[object, ...]) -> list[str]:
    """Return the constants as the CRM gets them, without those that set nothing."""
    scalars = (each for each in constants if not isinstance(each, Missing | Clear))
    found = [text(each) for each in scalars if isinstance(each, str | int | float | bool)]
    return list(dict.fromkeys(each for each in found if each))
