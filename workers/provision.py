"""The properties that mappings need and a portal may not have: which, and as what. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workers.knowledge import BUILT_IN, HOOKLINE_KEY, Uniqueness
from workers.objects import canonical
from workers.sources import Source, Step
from workers.sources.model import ByKey, Reference, Verb
from workers.sources.types import object_types, sections

GROUP = {"name": "hookline", "label": "Hookline"}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wanted:
    """A property that a portal must have."""

    object_type: str
    name: str
    unique: bool = False  # the CRM must keep its values apart

    def body(self) -> dict[str, object]:
        """Return its definition, for a portal that does not have it."""
        ours = self.name == HOOKLINE_KEY
        return {
            "name": self.name,
            "label": "Hookline key" if ours else self.name.replace("_", " ").capitalize(),
            "description": "Marks what Hookline made, so that it is made once." if ours else "",
            "groupName": GROUP["name"],
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": self.unique,
            "formField": False,
        }


def wanted(sources: Iterable[Source], *, portal: str = "") -> list[Wanted]:
    """Return every property that the mappings write or know records by, each once.

    With a portal, those of the steps that are for it.
    """
    found: dict[tuple[str, str], bool] = {}
    for source in sources:
        for steps in sections(source, portal=portal):
            for each in _of(steps):
                key = (each.object_type, each.name)
                found[key] = found.get(key, False) or each.unique
    return sorted(
        Wanted(object_type=object_type, name=name, unique=unique)
        for (object_type, name), unique in found.items()
    )


def _of(steps: tuple[Step, ...]) -> Iterator[Wanted]:
    types = object_types(steps)
    for step in steps:
        object_type = types[step.name]
        for reference in (step.about, *step.others):
            yield from _key(reference)
        if step.verb in (Verb.CREATE, Verb.LOG) or _kept_apart_by_us(step):
            yield Wanted(object_type=object_type, name=HOOKLINE_KEY, unique=True)
        if object_type:
            for value in step.values:
                yield Wanted(object_type=object_type, name=value.property)


def _key(reference: Reference | None) -> Iterator[Wanted]:
    if isinstance(reference, ByKey):
        object_type, name = canonical(reference.object_type), reference.value.property
        plain = BUILT_IN.get((object_type, name)) is Uniqueness.PLAIN
        yield Wanted(object_type=object_type, name=name, unique=not plain)


def _kept_apart_by_us(step: Step) -> bool:
    """Return True if the CRM would make the step's record twice, by its own key."""
    if step.verb is not Verb.UPSERT or not isinstance(step.about, ByKey):
        return False
    key = (canonical(step.about.object_type), step.about.value.property)
    return BUILT_IN.get(key) is Uniqueness.PLAIN
