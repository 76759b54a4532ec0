"""What must be known of a portal before mappings can be judged against it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workers.sources import Source, Step, Verb
from workers.sources.types import object_type, object_types, sections

STAGES = {"dealstage": "pipeline", "hs_pipeline_stage": "hs_pipeline"}  # stage → its pipeline
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Object types, those of them whose pipelines are named, and pairs that are associated."""

    types: frozenset[str]
    pipelines: frozenset[str]
    pairs: frozenset[Pair]


def needs(sources: Iterable[Source], *, portal: str = "") -> Needs:
    """Return what the mappings of these sources name of a portal."""
    types: set[str] = set()
    pipelines: set[str] = set()
    pairs: set[Pair] = set()
    for source in sources:
        for steps in sections(source, portal=portal):
            of = object_types(steps)
            for step in steps:
                types |= {of[step.name], *(object_type(each, of) for each in step.others)}
                for one, to in linked(step, of):
                    pairs |= {(one, to), (to, one)}  # a label may be meant the other way round
                if {value.property for value in step.values} & {*STAGES, *STAGES.values()}:
                    pipelines.add(of[step.name])
    return Needs(
        types=frozenset(types - {""}),
        pipelines=frozenset(pipelines - {""}),
        pairs=frozenset(pairs),
    )


def linked(step: Step, types: dict[str, str]) -> Iterator[Pair]:
    """Give the pairs of object types that a step associates."""
    if step.verb in (Verb.ASSOCIATE, Verb.DISSOCIATE):
        one = object_type(step.about, types)
    elif step.verb is Verb.LOG:
        one = types[step.name]
    else:
        return
    for other in step.others:
        to = object_type(other, types)
        if one and to:
            yield one, to
