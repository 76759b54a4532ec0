"""Does a property take a value? Constants and sorts of values against a definition."""

import re
from collections.abc import Iterable

from workers.checking.finding import meant
from workers.crm.described import Property
from workers.expressions import Sort

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
MIDNIGHT = re.compile(DAY.pattern + r"T00:00:00(\.0+)?(Z|[+-]00:?00)", re.ASCII)
TIME = re.compile(DAY.pattern + r"([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
MILLISECONDS = re.compile(r"-?\d{1,18}", re.ASCII)
DAY_MS = 86_400_000

# Sorts that a type of property never takes, and what to write instead.
_REFUSED: dict[str, dict[Sort, str]] = {
    "number": {
        Sort.TRUTH: "use a number",
        Sort.DAY: "use a number, or a property of type date",
        Sort.TIME: "use a number, or a property of type datetime",
        Sort.ADDRESS: "use a number, or a property of type string",
    },
    "date": {
        Sort.TIME: "add `| date`",
        Sort.TRUTH: "use a day such as 2026-09-21",
        Sort.ADDRESS: "use a day such as 2026-09-21",
    },
    "datetime": {
        Sort.TRUTH: "use a time such as 2026-09-21T14:13:20Z",
        Sort.ADDRESS: "use a time such as 2026-09-21T14:13:20Z",
    },
    "bool": dict.fromkeys(
        (Sort.NUMBER, Sort.DAY, Sort.TIME, Sort.ADDRESS), "use true or false, or a comparison"
    ),
    "enumeration": {
        Sort.DAY: "use one of its options",
        Sort.TIME: "use one of its options",
        Sort.ADDRESS: "use one of its options",
    },
}


def constant_fault(definition: Property, value: str) -> tuple[str, str] | None:
    """Return why the property does not take this text, and what to do; None if it does."""
    told = f"{value!r} is not {_article(definition.type)}"
    match definition.type:
        case "number" if not NUMBER.fullmatch(value.strip()):
            return told, "write plain digits, such as 1200.50"
        case "bool" if value.lower() not in ("true", "false"):
            return told, "write true or false"
        case "date" if not _is_day(value):
            return told, "write a day such as 2026-09-21"
        case "datetime" if not (TIME.fullmatch(value) or MILLISECONDS.fullmatch(value)):
            return told, "write a time such as 2026-09-21T14:13:20Z"
        case "enumeration" if definition.options:
            return _option_fault(definition, value)
        case _:
            return None


def sort_fault(definition: Property, sort: Sort) -> tuple[str, str] | None:
    """Return why the property never takes such a value, and what to do; None if it may."""
    if definition.type == "enumeration":
        if not definition.options:
            return None
        if sort is Sort.TRUTH and not {"true", "false"} <= set(definition.options):
            return "the value is true or false, and neither is an option", _listed(definition)
    advice = _REFUSED.get(definition.type, {}).get(sort)
    if advice is None:
        return None
    return f"the value is {sort}, and the property takes {_article(definition.type)}", advice


def _option_fault(definition: Property, value: str) -> tuple[str, str] | None:
    several = definition.field_type == "checkbox"
    chosen = [part for part in value.split(";") if part] if several else [value]
    for each in chosen:
        if each not in definition.options:
            return f"{each!r} is none of its options", _listed(definition, each)
    return None


def _listed(definition: Property, value: str = "") -> str:
    known: Iterable[str] = definition.options
    return meant(value, known, otherwise=f"see its {len(definition.options)} options in HubSpot")


def _is_day(value: str) -> bool:
    if MILLISECONDS.fullmatch(value):
        return int(value) % DAY_MS == 0
    return bool(DAY.fullmatch(value) or MIDNIGHT.fullmatch(value))


def _article(type_: str) -> str:
    words = {"enumeration": "one of its options", "bool": "true or false", "date": "a day"}
    return words.get(type_, {"datetime": "a time"}.get(type_, f"a {type_}"))
