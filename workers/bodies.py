"""A body as it was sent → the value that it says, or why it says none.

What JSON cannot say is refused, never guessed: NaN, broken UTF-8, more after the end. A whole
number beyond 64 bits, which most readers would round, becomes the text of its digits.
"""

import json
import re
import zlib
from urllib.parse import parse_qsl

import orjson

from workers.errors import Permanent

MAX_DEPTH = 64
MAX_FIELDS = 10_000
FORM = "application/x-www-form-urlencoded"
_BOM = b"\xef\xbb\xbf"
_LONG = re.compile(rb"[0-9]{19}")
_KEYS = re.compile(r"\[([^\[\]]*)\]")
_WHOLE = range(-(2**63), 2**64)


class Unreadable(Permanent):
    """Raised when a delivery cannot be read; `status` is what its sender should be told."""

    def __init__(self, message: str, *, status: int, title: str) -> None:
        self.status = status
        self.title = title
        super().__init__(message)


def media_type(content_type: str) -> str:
    """Return the type alone, lower-case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


def decoded(body: bytes, *, content_type: str) -> object:
    """Return what the body says: JSON as it is, a form as a mapping of its fields.

    A body without a content type should be JSON. Raises Unreadable.
    """
    kind = media_type(content_type)
    if kind == FORM:
        return _within_depth(_form(body))
    if kind in ("", "application/json", "text/json") or kind.endswith("+json"):
        return _json(body)
    raise Unreadable(
        f"A body of the type {kind[:100]!r} cannot be read; send JSON or a URL-encoded form.",
        status=415,
        title="Unsupported content type",
    )


def inflated(body: bytes, *, encoding: str, max_bytes: int) -> bytes:
    """Return the body without its content encoding. Raises Unreadable, also if it is too large."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable(
            f"The content encoding {name[:40]!r} is not supported; send gzip, deflate or none.",
            status=415,
            title="Unsupported content encoding",
        )
    # "deflate" is zlib's format by the standard, and raw in what some senders make of it.
    for wbits in (47, -15) if name == "deflate" else (47,):
        inflater = zlib.decompressobj(wbits)
        try:
            plain = inflater.decompress(body, max_bytes + 1)
        except zlib.error:
            continue
        if len(plain) > max_bytes:
            raise too_large(max_bytes)
        if inflater.eof and not inflater.unused_data:
            return plain
    raise _malformed(f"The body is not {name}, though its content encoding says so.")


def too_large(max_bytes: int) -> Unreadable:
    """Return the refusal of a body that is over the limit."""
    return Unreadable(
        f"The body is larger than {max_bytes:,} bytes; send less at once, or raise max_body_bytes.",
        status=413,
        title="Body too large",
    )


def _malformed(message: str) -> Unreadable:
    return Unreadable(message, status=400, title="Malformed body")


# JSON


def _json(body: bytes) -> object:
    body = body.removeprefix(_BOM)
    if not body.strip():
        raise _malformed("The body is empty; an event was expected.")
    try:
        value = json_value(body)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):
            raise _too_deep() from None
        raise _malformed(f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict | list):
        raise _malformed("The body is JSON, but neither an object nor an array.")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _within_depth(value)
    return value


def json_value(body: bytes) -> object:
    """Return what JSON says, no digit of a whole number lost. Raises orjson.JSONDecodeError."""
    value: object = orjson.loads(body)  # which refuses what the other would let through
    if not _LONG.search(body):
        return value
    try:
        exact: object = json.loads(body, parse_int=_whole)
    except RecursionError:  # far deeper than what is taken
        return value
    return exact


def _whole(digits: str) -> int | str:
    """Return a whole number, or its digits where 64 bits do not hold it."""
    if len(digits) > len("-9223372036854775808"):
        return digits
    number = int(digits)
    return number if number in _WHOLE else digits


def _within_depth(value: object) -> object:
    """Return the value. Raises Unreadable if it is nested too deeply."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)  # type: ignore[attr-defined]
            if isinstance(child, dict | list)
        ]
        if not level:
            return value
    raise _too_deep()


def _too_deep() -> Unreadable:
    return _malformed(f"The body is nested more than {MAX_DEPTH} levels deep.")


# Forms


def _form(body: bytes) -> dict[str, object]:
    """Return the fields by name; a[b][c] nests, and a[] or a repeated name makes a list."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except UnicodeDecodeError:
        raise _malformed("The form is not in UTF-8.") from None
    except ValueError:
        raise _malformed(f"The form has more than {MAX_FIELDS:,} fields.") from None
    if not pairs:
        raise _malformed("The body is an empty form; an event was expected.")
    fields: dict[str, object] = {}
    for name, value in pairs:
        _put(fields, _path(name), value)
    return {name: _lists(value) for name, value in fields.items()}


def _path(name: str) -> list[str]:
    """Return a, b, c for a[b][c]; a name that only looks like it stands for itself."""
    first, bracket, rest = name.partition("[")
    keys = _KEYS.findall(bracket + rest)
    if not first or not keys or "".join(f"[{key}]" for key in keys) != bracket + rest:
        return [name]
    if len(keys) >= MAX_DEPTH:
        raise _too_deep()
    return [first, *keys]


def _put(into: dict[str, object], path: list[str], value: str) -> None:
    *groups, last = path
    for name in groups:
        below = into.setdefault(name or str(len(into)), {})
        if not isinstance(below, dict):
            raise _malformed(f"The form uses {path[0][:100]!r} both as a value and as a group.")
        into = below
    if last == "" and groups:
        into[str(len(into))] = value
        return
    before = into.get(last)
    match before:
        case None:
            into[last] = value
        case str():
            into[last] = [before, value]
        case list():
            before.append(value)
        case _:
            raise _malformed(f"The form uses {path[0][:100]!r} both as a value and as a group.")


def _lists(value: object) -> object:
    """Return groups whose keys count from 0 as the lists that they are."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name == str(number) for number, name in enumerate(inner)):
        return list(inner.values())
    return inner
