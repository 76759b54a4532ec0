"""A scheme as it is written in a file → a `Scheme`, with every fault noted at once."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cache
from typing import TypeAlias, TypeVar

from workers.signatures.presets import ACCEPTED, PRESETS
from workers.signatures.scheme import (
    COVERING,
    Encoding,
    Format,
    Key,
    Kind,
    Scheme,
    Template,
    Token,
    Unit,
    UrlForm,
    Way,
)

Place: TypeAlias = Callable[[str], str]
Fields: TypeAlias = dict[str, object]
Word = TypeVar("Word", bound=StrEnum)

HASHES = ("sha1", "sha256", "sha384", "sha512")
MAX_WINDOW_S = 86_400
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}", re.ASCII)
_TOKEN = re.compile(r"\{([^{}]*)\}")
_BROKEN = Scheme(name="", ways=())  # verifies nothing


class _Wrong(ValueError):
    """What is wrong with one setting."""


def parse(spec: Mapping[str, object], *, place: Place, faults: list[str]) -> Scheme:
    """Return the scheme that `spec` names and changes; what is wrong is added to `faults`.

    `place` says where a setting stands, as FILE:LINE. With a fault, the scheme verifies nothing.
    """
    before = len(faults)
    name = spec.get("scheme")
    if not isinstance(name, str) or name not in PRESETS:
        said = "no scheme is named" if name is None else f"no scheme is called {name!r}"
        faults.append(f"{place('scheme')}: {said}; {_nearest(str(name), PRESETS)}")
        return _BROKEN
    changes = _fields(spec, place=place, faults=faults)
    accepted = _accepted(spec, name, place=place, faults=faults)
    if len(faults) > before:
        return _BROKEN
    preset = {way.name: way for way in _preset(name)}
    ways = tuple(_changed(preset[each], changes) for each in accepted)
    found = [fault for way in ways for fault in _contradictions(way)]
    faults += (f"{place(field)}: {what}" for field, what in dict.fromkeys(found))
    return Scheme(name=name, ways=ways) if not found else _BROKEN


@cache
def _preset(name: str) -> tuple[Way, ...]:
    faults: list[str] = []
    ways = []
    for way_name, settings in PRESETS[name].items():
        fields = _fields(settings, place=lambda field: f"{name}.{field}", faults=faults)
        ways.append(_changed(Way(name=way_name, kind=Kind.NONE), fields))
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(ways)


def _changed(way: Way, changes: Fields) -> Way:
    changes = dict(changes)
    if "tolerance_s" in changes:
        changes.setdefault("future_s", changes["tolerance_s"])
    return replace(way, **changes)  # type: ignore[arg-type]


def _accepted(
    spec: Mapping[str, object], name: str, *, place: Place, faults: list[str]
) -> tuple[str, ...]:
    known = tuple(PRESETS[name])
    wanted = spec.get("accept")
    if wanted is None:
        return ACCEPTED.get(name, known)
    chosen = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(chosen, list | tuple) and chosen:
        strange = [str(each) for each in chosen if each not in known]
        if not strange:
            return tuple(dict.fromkeys(chosen))
        what = f"{name} has no way {strange[0]!r}; {_nearest(strange[0], known)}"
    else:
        what = f"accept is {wanted!r}; list some of: {', '.join(known)}"
    faults.append(f"{place('accept')}: {what}")
    return known


# Settings, one by one


def _fields(spec: Mapping[str, object], *, place: Place, faults: list[str]) -> Fields:
    found: Fields = {}
    for name, value in spec.items():
        if name in ("scheme", "accept"):
            continue
        reader = _READERS.get(name)
        if reader is None:
            known = (*_READERS, "scheme", "accept")
            faults.append(f"{place(name)}: verify has no {name!r}; {_nearest(name, known)}")
            continue
        try:
            found[name] = reader(value)
        except _Wrong as error:
            faults.append(f"{place(name)}: {name} is {value!r}; {error}")
    return found


def _word(kind: type[Word]) -> Callable[[object], Word]:
    def read(value: object) -> Word:
        try:
            return kind(value)  # type: ignore[arg-type]
        except ValueError:
            raise _Wrong(f"it must be one of: {', '.join(kind)}") from None

    return read


def _hash(value: object) -> str:
    if value not in HASHES:
        raise _Wrong(f"it must be one of: {', '.join(HASHES)}")
    return str(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong("it must be text; put it in quotes")
    return value


def _header(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _Wrong("it must be the name of a header")
    return value.lower()


def _listed(one: Callable[[object], Word]) -> Callable[[object], tuple[Word, ...]]:
    def read(value: object) -> tuple[Word, ...]:
        return tuple(one(each) for each in (value if isinstance(value, list | tuple) else [value]))

    return read


def _headers(value: object) -> tuple[str, ...]:
    return tuple(_header(each) for each in (value if isinstance(value, list | tuple) else [value]))


def _seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_WINDOW_S:
        raise _Wrong(f"it must be a whole number of seconds from 1 to {MAX_WINDOW_S:,}")
    return value


def _template(value: object) -> Template:
    text = _text(value)
    parts: list[bytes | Token] = []
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            parts.append(text[at : match.start()].encode())
        if match[1] not in set(Token):
            raise _Wrong(f"it cannot hold {match[0]}; {_nearest(match[1], list(Token))}")
        parts.append(Token(match[1]))
        at = match.end()
    if at < len(text):
        parts.append(text[at:].encode())
    return tuple(parts)


_READERS: Mapping[str, Callable[[object], object]] = {
    "kind": _word(Kind),
    "header": _headers,
    "format": _word(Format),
    "label": _text,
    "prefix": _text,
    "encoding": _word(Encoding),
    "hash": _hash,
    "key": _word(Key),
    "signs": _template,
    "timestamp_header": _header,
    "timestamp_label": _text,
    "timestamp_unit": _word(Unit),
    "tolerance_s": _seconds,
    "future_s": _seconds,
    "id_header": _header,
    "url": _listed(_word(UrlForm)),
    "body_hash_query": _text,
    "when_header": _header,
    "when_value": _text,
    "query": _text,
}

# Settings together


def _contradictions(way: Way) -> Iterable[tuple[str, str]]:
    """Yield each setting that does not go with the others, and what to do."""
    if way.kind is Kind.NONE:
        return
    if way.kind is Kind.TOKEN:
        if bool(way.header) == bool(way.query):
            yield "scheme", "a token is in a header or in the URL; set `header` or `query`"
        return
    if not way.header:
        yield "scheme", "which header holds the signature is not said; set `header`"
    if way.kind in (Kind.BASIC, Kind.BEARER):
        return
    if not COVERING & set(way.signs):
        yield "signs", "the body is not signed, so that anybody could change it; add {body}"
    if Token.TIMESTAMP in way.signs and not way.timed:
        yield "signs", "where {timestamp} is from is not said; set `timestamp_header`"
    if way.timed and Token.TIMESTAMP not in way.signs:
        yield "signs", "the time stamp is not signed, so that anybody could change it; add it"
    if Token.ID in way.signs and not way.id_header:
        yield "signs", "where {id} is from is not said; set `id_header`"
    if way.kind is Kind.HASH and Token.SECRET not in way.signs:
        yield "signs", "a plain hash without {secret} proves nothing; add it, or use hmac"
    if way.format is not Format.BARE and not way.label:
        yield "format", "which entries are signatures is not said; set `label`, such as v1"
    if way.timestamp_label and way.format is not Format.PAIRS:
        yield "timestamp_label", "only `format: pairs` has labels; use `timestamp_header`"


def _nearest(word: str, known: Iterable[str]) -> str:
    names = [str(each) for each in known]
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {near[0]}?" if near else f"it must be one of: {', '.join(names)}"
