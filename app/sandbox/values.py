"""What a property takes, and how it is stored: every value a string. Pure."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from app.sandbox.catalogue import Definition

LONGEST = 65_536
THOUSAND_YEARS = timedelta(days=365_242)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MILLISECONDS = re.compile(r"-?\d{1,18}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].+)?", re.ASCII)
_EPOCH, _FAR = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_EMAIL = re.compile(r"^[^@\s<>(),;:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}$")


class Invalid(Exception):
    """A value that is not taken; `code` is HubSpot's word for why."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


def stored(
    definition: Definition, value: object, *, before: str, any_case: bool, now: datetime
) -> str:
    """Return `value` as it is stored, "" for one that clears. Raises Invalid.

    `before` is what the record holds, for values that add to it.
    """
    text = _text(value)
    if text == "":
        return ""
    if len(text) > LONGEST:
        raise Invalid("INVALID_LENGTH", f"value is longer than {LONGEST} characters")
    match definition.type:
        case "number":
            return _number(text)
        case "bool":
            return _bool(text)
        case "enumeration":
            return _choice(definition, text, before=before, any_case=any_case)
        case "datetime":
            return iso(_moment(text, now=now))
        case "date":
            return _date(text, now=now)
        case _:
            pass
    if definition.name == "email":
        return _email(text)
    if definition.name == "hs_additional_emails":
        return ";".join(dict.fromkeys(_email(each) for each in text.split(";") if each.strip()))
    if definition.name == "domain":
        return text.strip().lower()
    return text


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _email(text: str) -> str:
    text = text.strip().lower()
    if not _EMAIL.match(text):
        raise Invalid("INVALID_EMAIL", f"Email address {text} is invalid")
    return text


def _number(text: str) -> str:
    text = text.strip()
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise Invalid("INVALID_LONG", f"{text} was not a valid long.")
    return text


def _bool(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise Invalid("INVALID_OPTION", not_allowed(text, (("Yes", "true"), ("No", "false"))))
    return text.lower()


def not_allowed(text: str, options: Iterable[tuple[str, str]]) -> str:
    """Return HubSpot's complaint about a value that is not among the options."""
    listed = ", ".join(f'label: "{label}"\nvalue: "{value}"\n' for label, value in options)
    return f"{text} was not one of the allowed options: [{listed}]"


def _choice(definition: Definition, text: str, *, before: str, any_case: bool) -> str:
    if not definition.options:
        return text  # owners and the like: any id
    several = definition.field_type == "checkbox"
    adds = several and text.startswith(";")
    chosen = [part for part in text.split(";") if part] if several else [text]
    known = {value: value for _, value in definition.options}
    folded = {value.lower(): value for value in known}
    values: list[str] = []
    for each in chosen:
        value = known.get(each) or (folded.get(each.lower()) if any_case else None)
        if value is None:
            raise Invalid("INVALID_OPTION", not_allowed(each, definition.options))
        values.append(value)
    if adds:
        values = [part for part in before.split(";") if part] + values
    return ";".join(dict.fromkeys(values))


def _moment(text: str, *, now: datetime) -> datetime:
    if _MILLISECONDS.fullmatch(text):
        moment = _EPOCH + timedelta(milliseconds=int(text)) if len(text) < 15 else _FAR
    elif _ISO.fullmatch(text):
        moment = _parsed(text)
    else:
        raise Invalid("INVALID_DATE", f"{text} was not a valid date.")
    if abs(moment - now) > THOUSAND_YEARS:
        raise Invalid(
            "INVALID_DATE", f"{text} is more than 1,000 years ago or 1,000 years from now."
        )
    return moment


def _parsed(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("INVALID_DATE", f"{text} was not a valid date.") from None


def iso(moment: datetime) -> str:
    """Return a moment as HubSpot writes it: milliseconds shown only if not zero."""
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = moment.isoformat(timespec="milliseconds")[:23]
    return f"{text.removesuffix('.000')}Z"


def _date(text: str, *, now: datetime) -> str:
    moment = _moment(text, now=now)
    if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
        clock = f"{moment.hour}:{moment.minute}:{moment.second}.{moment.microsecond // 1000}"
        raise Invalid("INVALID_DATE", f"{text} is at {clock} UTC, not midnight!")
    return moment.strftime("%Y-%m-%d")
