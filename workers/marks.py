"""By what somebody is known: an address, wherever it stands, and the ids of records. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

ERASED = "[erased]"
_NAMING = frozenset(
    ("id", "ids", "objectId", "toObjectId", "objectWriteTraceId", "hs_object_id", "existingId")
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells that something is of one person.

    The address counts in any letters, also percent-encoded, and not as a part of a longer one. The
    names are ids of records, keys and traces: they count where a call names what an input is about.
    """

    email: str
    names: frozenset[str] = frozenset()
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms = {re.escape(self.email), re.escape(quote(self.email, safe=""))}
        forms |= {re.escape(quote(self.email, safe="@+"))}
        pattern = rf"(?<![\w.%+-])(?:{'|'.join(sorted(forms))})(?![\w-]|\.\w)"
        object.__setattr__(self, "_pattern", re.compile(pattern, re.IGNORECASE))

    def also(self, names: Iterable[str]) -> "Marks":
        """Return the same with further names."""
        return Marks(self.email, self.names | {name.lower() for name in names if name})

    def in_text(self, text: str) -> bool:
        """Return True if the address stands in a text."""
        return self._pattern.search(text) is not None

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
                return self._pattern.sub(ERASED, value)
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
