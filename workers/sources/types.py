"""Of which object type the record of each step is."""

from collections.abc import Iterable, Iterator, Mapping

from workers.objects import canonical
from workers.sources.model import Earlier, Reference, Source, Step, Verb


def sections(source: Source, *, portal: str = "") -> Iterator[tuple[Step, ...]]:
    """Give the steps of each section once, whatever number of types it is for.

    With a portal, only those that are for it.
    """
    every = [*source.on.values(), *(steps for _, steps in source.families)]
    if source.default is not None:
        every.append(source.default)
    seen: set[int] = set()
    for steps in every:
        if id(steps) not in seen:
            seen.add(id(steps))
            yield tuple(each for each in steps if not portal or _is_for(each, portal))


def _is_for(step: Step, portal: str) -> bool:
    return not step.portals or portal in step.portals


def object_types(steps: Iterable[Step]) -> dict[str, str]:
    """Return the canonical object type of what each step writes, "" if it writes no record."""
    types: dict[str, str] = {}
    for step in steps:
        made = step.verb in (Verb.CREATE, Verb.LOG)
        types[step.name] = canonical(step.object_type) if made else object_type(step.about, types)
    return types


def object_type(reference: Reference | None, types: Mapping[str, str]) -> str:
    """Return the canonical object type of the record that a reference means, "" for none."""
    match reference:
        case Earlier(name=name):
            return types.get(name, "")
        case None:
            return ""
        case about:
            return canonical(about.object_type)
