"""Filters for text and names."""

import base64
import binascii
import re
import urllib.parse

from workers.filters.values import LONGEST, check_size, shown, text


def first_name(value: object) -> str:
    """Return what stands before the last word of a name; all of it if it is one word."""
    words = str(value).split()
    return " ".join(words[:-1]) if len(words) > 1 else " ".join(words)


def last_name(value: object) -> str:
    """Return the last word of a name; nothing if it is one word."""
    words = str(value).split()
    return words[-1] if len(words) > 1 else ""


def lower(value: object) -> str:
    """Return the text in lower case."""
    return text(value).lower()


def upper(value: object) -> str:
    """Return the text in upper case."""
    return text(value).upper()


def title(value: object) -> str:
    """Return the text with each word's first letter in upper case."""
    return re.sub(r"[^\W\d_]+", lambda m: m[0][0].upper() + m[0][1:].lower(), text(value))


def capitalize(value: object) -> str:
    """Return the text with its first letter alone in upper case."""
    return text(value).capitalize()


def trim(value: object) -> str:
    """Return the text without the white space around it."""
    return text(value).strip()


def truncate_to(value: object, length: int = LONGEST, end: str = "…") -> str:
    """Return the text if it has at most `length` characters, else its beginning and `end`.

    Without a length it is cut to what a property holds.
    """
    whole = text(value)
    if len(whole) <= length:
        return whole
    return whole[: max(0, length - len(end))].rstrip() + end[:length]


def replace(value: object, old: str, new: str) -> str:
    """Return the text with every `old` made `new`."""
    whole, old, new = text(value), text(old), text(new)
    if not old:
        raise ValueError("replace needs the text to look for")
    check_size(len(whole) + whole.count(old) * (len(new) - len(old)))
    return whole.replace(old, new)


def split(value: object, by: str = ",") -> list[str]:
    """Return the parts between each `by`, trimmed, without the empty ones."""
    if not by:
        raise ValueError("split needs the text to split by")
    return [part.strip() for part in text(value).split(by) if part.strip()]


def before(value: object, mark: str) -> str:
    """Return what stands before the first `mark`; all of it if there is none."""
    return text(value).partition(mark)[0] if mark else text(value)


def after(value: object, mark: str) -> str:
    """Return what stands after the first `mark`; nothing if there is none."""
    return text(value).partition(mark)[2] if mark else ""


def starts_with(value: object, beginning: str) -> bool:
    """Return True if the text begins with `beginning`."""
    return text(value).startswith(beginning)


def from_base64(value: object) -> str:
    """Return the text that base64 stands for, in either alphabet, padded or not."""
    written = "".join(text(value).split()).rstrip("=").translate(_URL_SAFE)
    try:
        raw = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
        return raw.decode("utf-8")
    except (binascii.Error, UnicodeError):
        raise ValueError(f"{shown(value)} is not text in base64") from None


_URL_SAFE = str.maketrans("-_", "+/")


def percent_decode(value: object) -> str:
    """Return the text with %C3%AB made ë."""
    return urllib.parse.unquote(text(value))
