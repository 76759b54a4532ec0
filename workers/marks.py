"""By what somebody is known: an address, wherever it stands, and the ids of records. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

ERASED = "[erased]"
# What a JSON text within a JSON text makes of a character, however deep it is.
_ESCAPED = re.compile(r"\\+u00([2-7][0-9a-fA-F])")
# What ends before an address though a letter or a digit comes last: %3C, and \n within a text.
_ENDS = (
    r"(?<=%[2-7][0-9A-F])(?<!%2[5BDE])(?<!%3\d)(?<!%5F)(?<!%[46][1-9A-F])(?<!%[57][0-9A])"
    r"|(?<=%0[9AD])|(?<=\\[nrtbf])|(?<=%5C[nrtbf])"
)
_GOES_ON = r"(?![\w-]|\.\w|%2D|%5F|%2E\w)"
_NAMING = frozenset(
    ("id", "ids", "objectId", "toObjectId", "objectWriteTraceId", "hs_object_id", "existingId")
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells that something is of one person.

    The address counts in any letters, and as URLs, forms, HTML and JSON write it; not as a part of
    a longer one. The names are ids of records, keys and traces: they count where a call names what
    an input is about.
    """

    email: str
    names: frozenset[str] = frozenset()
    _run: str = field(init=False, repr=False, compare=False)  # without it no text has the address
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        local, _, domain = self.email.rpartition("@")
        before, after = _any_form(local), _any_form(domain)
        plain = rf"(?:(?<![\w.%+-])|{_ENDS}){before}(?:@|&#64;|&#x40;|&commat;){after}"
        within_url = rf"(?:(?<![\w.%-])|{_ENDS}){before}%40{after}"  # where + is a space
        pattern = rf"(?:{plain}|{within_url}){_GOES_ON}"
        object.__setattr__(self, "_run", max(_runs(self.email), key=len, default=""))
        object.__setattr__(self, "_pattern", re.compile(pattern, re.IGNORECASE))

    def also(self, names: Iterable[str]) -> "Marks":
        """Return the same with further names."""
        return Marks(self.email, self.names | {name.lower() for name in names if name})

    def in_text(self, text: str) -> bool:
        """Return True if the address stands in a text."""
        if self._run in text.lower() and self._pattern.search(text) is not None:
            return True
        return "\\u00" in text and self._pattern.search(_unescaped(text)) is not None

    def in_bytes(self, data: bytes) -> bool:
        """Return True if the address stands in what may be JSON, however that is escaped."""
        text = data.decode("utf-8", "replace")
        if self.in_text(text):
            return True
        if "\\" not in text:
            return False
        try:
            return self.within(orjson.loads(data))
        except orjson.JSONDecodeError:
            return False

    def within(self, value: object) -> bool:
        """Return True if the address stands anywhere in a value."""
        match value:
            case str():
                return self.in_text(value)
            case Mapping():
                return any(self.in_text(str(k)) or self.within(v) for k, v in value.items())
            case list() | tuple():
                return any(self.within(each) for each in value)
            case _:
                return False

    def erased(self, value: object) -> object:
        """Return a value without what is the person's.

        Elements of lists that are about the person go whole; of other texts the address goes.
        """
        match value:
            case str():
                left = self._pattern.sub(ERASED, value)
                return ERASED if self.in_text(left) else left
            case Mapping():
                return {key: self.erased(each) for key, each in value.items()}
            case list() | tuple():
                return [ERASED if self.about(each) else self.erased(each) for each in value]
            case _:
                return value

    def about(self, element: object) -> bool:
        """Return True if an input, a result or an error is about the person."""
        return isinstance(element, Mapping) and (self.within(element) or self._named(element, ""))

    def _named(self, value: object, key: str) -> bool:
        match value:
            case Mapping():
                return any(self._named(each, str(name)) for name, each in value.items())
            case list() | tuple():
                return any(self._named(each, key) for each in value)
            case str() | int():
                return key in _NAMING and str(value).lower() in self.names
            case _:
                return False


def _runs(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _any_form(text: str) -> str:
    """Return the pattern of a text of which any character may be percent-encoded."""
    return "".join(
        each if each.isalnum() else f"(?:{re.escape(each)}|{_percented(each)})" for each in text
    )


def _percented(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
