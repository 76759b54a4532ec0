"""A request as its sender made it, with nothing decoded that a signature may cover."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

MAX_FIELDS = 10_000
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as its sender made it; `url` is the external one, as the sender saw it."""

    method: str
    url: str
    headers: Mapping[str, Sequence[str]]  # lower-case names
    body: bytes

    @classmethod
    def of(
        cls,
        *,
        method: str = "POST",
        url: str = "",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> "Request":
        """Return a request with these headers, whatever their case and however often."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        by_name: dict[str, list[str]] = {}
        for name, value in pairs:
            by_name.setdefault(name.lower(), []).append(value)
        return cls(method=method, url=url, headers=by_name, body=body)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, by its lower-case name."""
        values = self.headers.get(name)
        return values[0] if values else None

    @property
    def content_type(self) -> str:
        """The media type alone, lower-case."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def form(self) -> list[tuple[str, str]]:
        """Return the fields of a form body in order, empty ones too; none for other bodies.

        Raises ValueError if it is not UTF-8 or holds too many fields.
        """
        if self.content_type != FORM:
            return []
        return _fields(self.body.decode("utf-8"))

    def query(self) -> list[tuple[str, str]]:
        """Return the parameters of the URL in order. Raises ValueError like `form`."""
        return _fields(urlsplit(self.url).query)


def _fields(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
