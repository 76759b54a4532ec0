"""What a property takes, and how it is stored: every value a string. Pure."""

import re
from datetime import UTC, datetime

from app.sandbox.catalogue import Definition

LONGEST = 65_536
THOUSAND_YEARS_MS = 31_556_952_000_000
_EMAIL = re.compile(r"^[^@\s<>(),;:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}$")


class Invalid(Exception):
    """A value that is not taken; `code` is HubSpot's word for why."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


def stored(definition: Definition, value: object, *, before: str, any_case: bool) -> str:
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
            return _datetime(text)
        case "date":
            return _date(text)
        case _:
            pass
    if definition.name == "email":
        return _email(text)
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
    try:
        float(text)
    except ValueError:
        raise Invalid("INVALID_LONG", f"{text} was not a valid long.") from None
    if text.strip().lower() in ("nan", "inf", "-inf", "infinity"):
        raise Invalid("INVALID_LONG", f"{text} was not a valid long.")
    return text.strip()


def _bool(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise Invalid("INVALID_OPTION", _not_allowed(text, (("Yes", "true"), ("No", "false"))))
    return text.lower()


def _not_allowed(text: str, options: tuple[tuple[str, str], ...]) -> str:
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
            raise Invalid("INVALID_OPTION", _not_allowed(each, definition.options))
        values.append(value)
    if adds:
        values = [part for part in before.split(";") if part] + values
    return ";".join(dict.fromkeys(values))


def _moment(text: str) -> datetime:
    if text.lstrip("-").isdigit():
        milliseconds = int(text)
        if abs(milliseconds) > 2 * THOUSAND_YEARS_MS:
            raise Invalid(
                "INVALID_DATE", f"{text} is more than 1,000 years ago or 1,000 years from now."
            )
        return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("INVALID_DATE", f"{text} was not a valid date.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """Return a moment as HubSpot writes it: milliseconds shown only if not zero."""
    whole = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = moment.microsecond // 1000
    return f"{whole}.{milliseconds:03}Z" if milliseconds else f"{whole}Z"


def _datetime(text: str) -> str:
    return iso(_moment(text))


def _date(text: str) -> str:
    moment = _moment(text)
    if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
        clock = f"{moment.hour}:{moment.minute}:{moment.second}.{moment.microsecond // 1000}"
        raise Invalid("INVALID_DATE", f"{text} is at {clock} UTC, not midnight!")
    return moment.strftime("%Y-%m-%d")
