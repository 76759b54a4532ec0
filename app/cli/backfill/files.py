"""The rows of a file, one after the other: JSON lines, a JSON array, CSV, or gzip of those.

However large the file, a row is all of it that is held. A row that cannot be read is a row with a
fault, and the next one follows.
"""

import codecs
import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import orjson

from workers.errors import Permanent

if TYPE_CHECKING:
    import _csv

MAX_ROW_BYTES = 5_000_000
CHUNK_BYTES = 65_536
LOOK_BYTES = 4_096  # in which it shows what a file is
GZIP = b"\x1f\x8b"
BLANK = " \t\r\n"


class Kind(StrEnum):
    """How a file is written."""

    LINES = "lines"  # a JSON document in each line
    ARRAY = "array"  # one JSON array
    CSV = "csv"  # a header, then a line for each row


SUFFIXES = {".csv": Kind.CSV, ".tsv": Kind.CSV, ".jsonl": Kind.LINES, ".ndjson": Kind.LINES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row, and the line where it ends (of an array: its number)."""

    line: int
    value: object = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An open file, and how many bytes of it were read; `size` is None if nobody knows."""

    kind: Kind
    stream: IO[bytes]
    position: Callable[[], int]
    size: int | None = None
    encoding: str = "utf-8"

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Give each row that ends after this line. Raises Permanent for what has no rows."""
        found = _READERS[self.kind](self, after)
        return (row for row in found if row.line > after)


@contextmanager
def opened(name: str, *, kind: Kind | None = None, encoding: str = "utf-8") -> Iterator[File]:
    """Open a file; `-` is the standard input. Raises Permanent if it cannot be read."""
    if name == "-":
        raw, size = cast("io.BufferedReader", sys.stdin.buffer), None
    else:
        try:
            raw = Path(name).open("rb")  # noqa: SIM115 (closed below)
        except OSError as error:
            raise Permanent(f"{name}: cannot be read ({error.strerror}); check it") from error
        size = Path(name).stat().st_size
    counted = _Counted(raw)
    start = io.BufferedReader(counted, CHUNK_BYTES)
    packed = start.peek(2)[:2] == GZIP
    stream = io.BufferedReader(gzip.GzipFile(fileobj=start)) if packed else start
    try:
        beginning = stream.peek(LOOK_BYTES)[:LOOK_BYTES]
        yield File(
            kind=kind or _kind(name, beginning),
            stream=stream,
            position=lambda: counted.count,
            size=size,
            encoding=encoding,
        )
    except (OSError, EOFError, zlib.error) as error:
        raise Permanent(f"{name}: cannot be read on ({error}); what came before is kept") from error
    finally:
        if name != "-":
            raw.close()


class _Counted(io.RawIOBase):
    """A stream that knows how much of it was read, which a gzip's own position does not tell."""

    def __init__(self, raw: io.BufferedReader) -> None:
        self.raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self.raw.read1(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


def _kind(name: str, beginning: bytes) -> Kind:
    suffix = Path(name.removesuffix(".gz")).suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    match beginning.removeprefix(codecs.BOM_UTF8).lstrip()[:1]:
        case b"[":
            return Kind.ARRAY
        case b"{":
            return Kind.LINES
        case _:
            return Kind.LINES if suffix == ".json" else Kind.CSV


def _lines(file: File, after: int) -> Iterator[Row]:
    number = 0
    while line := file.stream.readline(MAX_ROW_BYTES + 1):
        number += 1
        long = len(line) > MAX_ROW_BYTES
        while len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
            line = file.stream.readline(MAX_ROW_BYTES + 1) or b"\n"
        if number <= after or not line.strip():
            continue
        if long:
            yield Row(line=number, fault=f"is longer than {MAX_ROW_BYTES:,} bytes")
            continue
        yield _parsed(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, number)


def _parsed(text: str | bytes, number: int) -> Row:
    try:
        return Row(line=number, value=orjson.loads(text))
    except orjson.JSONDecodeError as error:
        shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
        return Row(line=number, value=shown.strip(), fault=f"is not JSON: {error}")


def _array(file: File, _: int) -> Iterator[Row]:
    """Give each element; where one cannot be read, nobody knows where the next would begin."""
    decoder = json.JSONDecoder()
    text = codecs.getreader("utf-8-sig")(file.stream)
    held = text.read(CHUNK_BYTES).lstrip(BLANK)
    if not held.startswith("["):
        raise Permanent("the file is no JSON array; say what it is with --format")
    held, number, ended = held[1:], 0, False
    while True:
        held = held.lstrip(BLANK + ",")
        if held.startswith("]"):
            return
        try:
            _, end = decoder.raw_decode(held)
            whole = end < len(held) or ended  # a number may go on in what is not read yet
        except (json.JSONDecodeError, RecursionError):
            whole = False
        if whole:
            number += 1
            yield _parsed(held[:end], number)
            held = held[end:]
            continue
        more = "" if ended or len(held) > MAX_ROW_BYTES else text.read(CHUNK_BYTES)
        if not more and (ended or len(held) > MAX_ROW_BYTES):
            yield Row(
                line=number + 1, value=held[:200], fault="is not JSON; nothing after it was read"
            )
            return
        ended = not more
        held += more


def _table(file: File, _: int) -> Iterator[Row]:
    encoding = "utf-8-sig" if file.encoding.lower() in ("utf-8", "utf8") else file.encoding
    text = io.TextIOWrapper(file.stream, encoding=encoding, errors="strict", newline="")
    csv.field_size_limit(MAX_ROW_BYTES)
    try:
        first = text.readline()
        delimiter = max(",;\t", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        _check(header)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        yield from _records(reader, header)
    except UnicodeDecodeError as error:
        raise Permanent(
            f"the file is not {file.encoding} ({error.reason} at byte {error.start} of a block); "
            "name what it is with --encoding, such as cp1252"
        ) from error
    finally:
        text.detach()


def _records(reader: "_csv.Reader", header: list[str]) -> Iterator[Row]:
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line=reader.line_num + 1, fault=f"is not CSV: {error}")
            continue
        line = reader.line_num + 1  # of the file: its header is read already
        if not values:
            continue
        if len(values) == len(header):
            yield Row(line=line, value=dict(zip(header, values, strict=True)))
        else:
            what = f"has {len(values)} values, and the header {len(header)} names"
            yield Row(line=line, value=values, fault=what)


def _check(header: list[str]) -> None:
    """Raise Permanent unless each column has a name of its own."""
    if not any(header):
        raise Permanent("the file has no header: its first line names the columns")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise Permanent(f"the header names {twice[0]!r} more than once; name each column anew")


_READERS: Mapping[Kind, Callable[[File, int], Iterator[Row]]] = {
    Kind.LINES: _lines,
    Kind.ARRAY: _array,
    Kind.CSV: _table,
}
