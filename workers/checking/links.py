"""Are the associations of a step possible in a portal: their types, labels and directions?"""

from collections.abc import Iterator

from workers.checking.finding import Finding, meant
from workers.checking.needs import Pair, linked
from workers.checking.portal import Described
from workers.crm.replies import Label
from workers.sources import Step, Verb


def link_findings(step: Step, types: dict[str, str], described: Described) -> Iterator[Finding]:
    """Give what is wrong with the associations that a step makes or takes away."""
    for pair in linked(step, types):
        labels = described.labels.get(pair)
        if labels is None:
            continue
        one, other = pair
        if not labels:
            yield Finding(
                place=step.place,
                what=f"{one} and {other} cannot be associated in portal {described.portal}",
                advice="associate other records, or allow it in HubSpot's settings",
            )
        elif step.link.label is not None:
            yield from _label(step, step.link.label, pair, labels, described)
        elif step.link.type_id is not None:
            yield from _number(step, step.link.type_id, pair, labels, described)
        elif step.verb is Verb.ASSOCIATE and all(each.label is not None for each in labels):
            yield Finding(
                place=step.place,
                what=f"{one} and {other} have no association without a label",
                advice=f"add `label`: {_names(labels)}",
            )


def _label(
    step: Step, label: str, pair: Pair, labels: tuple[Label, ...], described: Described
) -> Iterator[Finding]:
    names = {each.label for each in labels if each.label is not None}
    if label in names:
        return
    back = {each.label for each in described.labels.get((pair[1], pair[0]), ())}
    what = f"there is no label {label!r} from {pair[0]} to {pair[1]}"
    if label in back:
        what += ", only the other way round"
        yield Finding(place=step.place, what=what, advice="turn the two records round")
        return
    make = "make it in HubSpot's settings, or leave the label out"
    yield Finding(place=step.place, what=what, advice=meant(label, names, otherwise=make))


def _number(
    step: Step, number: int, pair: Pair, labels: tuple[Label, ...], described: Described
) -> Iterator[Finding]:
    category = step.link.category
    if any(each.type_id == number and each.category == category for each in labels):
        return
    what = f"{number} ({category}) is no association type from {pair[0]} to {pair[1]}"
    others = {each.category for each in labels if each.type_id == number}
    back = described.labels.get((pair[1], pair[0]), ())
    if others:
        advice = f"write `category: {min(others)}`"
    elif any(each.type_id == number for each in back):
        advice = "it is one the other way round; turn the two records round"
    else:
        advice = f"use one of {_names(labels)}"
    yield Finding(place=step.place, what=what, advice=advice)


def _names(labels: tuple[Label, ...]) -> str:
    told = (
        f"{each.type_id} ({'no label' if each.label is None else each.label})"
        for each in sorted(labels, key=lambda label: label.type_id)
    )
    return ", ".join(told)
