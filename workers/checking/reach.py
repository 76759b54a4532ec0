"""Steps that no event can ever reach."""

from collections.abc import Iterator

from workers.checking.finding import Finding
from workers.expressions import Expression, foresee
from workers.sources import Source, Step, Verb
from workers.sources.model import Earlier
from workers.sources.types import sections

FALSE = (None, False, 0, "", "false", "False", "0")


def unreachable(source: Source) -> list[Finding]:
    """Return what in a mapping can never run, and why."""
    found = [*_ignored(source), *_shadowed(source)]
    for steps in sections(source):
        never: dict[str, str] = {}
        for step in steps:
            found += _of(step, never)
    return found


def _ignored(source: Source) -> Iterator[Finding]:
    for unwanted in source.unwanted:
        if _always(unwanted.when):
            yield Finding(
                place=unwanted.when.place,
                what="this ignores every event, so no step ever runs",
                advice="write a condition, or remove it",
            )
        elif _never(unwanted.when):
            yield Finding(
                place=unwanted.when.place, what="this ignores nothing", advice="remove it"
            )


def _shadowed(source: Source) -> Iterator[Finding]:
    every = [steps for beginning, steps in source.families if not beginning]
    if every and source.default:
        yield Finding(
            place=source.default[0].place,
            what="`default` is never reached, since `*` takes every type that has no other",
            advice="keep one of the two",
        )


def _of(step: Step, never: dict[str, str]) -> Iterator[Finding]:
    """Give what keeps a step from ever running, and note it in `never` by the step's name."""
    if step.when is not None and _never(step.when):
        never[step.name] = step.place
        yield Finding(
            place=step.when.place,
            what=f"`when` is never true, so {step.name!r} never runs",
            advice="correct the condition, or remove the step",
        )
        return
    needed = [step.about, *(step.others if step.verb is not Verb.LOG else ())]
    gone = [each.name for each in needed if isinstance(each, Earlier) and each.name in never]
    if step.verb is Verb.LOG:
        on = [each.name for each in step.others if isinstance(each, Earlier)]
        if len(on) == len(step.others) and all(name in never for name in on):
            gone = on
    if gone:
        never[step.name] = step.place
        yield Finding(
            place=step.place,
            what=f"{step.name!r} never runs, since {gone[0]!r} ({never[gone[0]]}) never does",
            advice="refer to another step, or remove it",
        )


def _never(when: Expression) -> bool:
    known = foresee(when, variables={})
    return known.whole and all(each in FALSE for each in known.constants)


def _always(when: Expression) -> bool:
    known = foresee(when, variables={})
    return known.whole and not any(each in FALSE for each in known.constants)
