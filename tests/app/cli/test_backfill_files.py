"""A file of rows, however it is written, is read row by row; a bad row harms itself only."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.backfill.files import Kind, Row, opened
from workers.errors import Permanent

PEOPLE: list[dict[str, object]] = [
    {"id": 1, "name": "Zoë [a], {b}"},
    {"id": 2, "name": 'says "no"\n'},
    {"id": 3},
]
JSON = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    max_size=4,
)


def lines(rows: list[dict[str, object]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def array(rows: list[dict[str, object]]) -> bytes:
    return orjson.dumps(rows)


def array_for_people(rows: list[dict[str, object]]) -> bytes:
    return orjson.dumps(rows, option=orjson.OPT_INDENT_2)


def read(content: bytes, folder: Path, name: str = "export", *, after: int = 0) -> list[Row]:
    path = folder / name
    path.write_bytes(content)
    with opened(str(path)) as file:
        return list(file.rows(after=after))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("write", [lines, array, array_for_people])
def test_json_is_read_whatever_it_is_called(
    write: Callable[[list[dict[str, object]]], bytes],
    pack: Callable[[bytes], bytes],
    tmp_path: Path,
) -> None:
    rows: list[dict[str, object]] = [{**each} for each in PEOPLE]
    assert [row.value for row in read(pack(write(rows)), tmp_path)] == PEOPLE


@given(rows=st.lists(JSON, max_size=40), written=st.sampled_from([lines, array]))
def test_any_rows_are_read_as_they_were_written(
    rows: list[dict[str, object]],
    written: Callable[[list[dict[str, object]]], bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    name = "rows.jsonl" if written is lines else "rows.json"
    assert [row.value for row in read(written(rows), folder, name)] == (rows or [])


def test_an_array_larger_than_what_is_read_at_once_is_whole(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": n, "text": "é" * (n % 700)} for n in range(2_000)]
    assert [row.value for row in read(array(rows), tmp_path)] == rows


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf"])
def test_the_rows_of_csv_are_named_by_its_header(mark: str, begin: bytes, tmp_path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark)
    writer.writerow(["id", "the name"])
    writer.writerows([["1", f"a {mark} b"], ["2", "two\nlines"], ["3", ""]])
    rows = read(begin + text.getvalue().encode(), tmp_path, "people.csv")
    assert [(row.line, row.value) for row in rows] == [
        (2, {"id": "1", "the name": f"a {mark} b"}),
        (4, {"id": "2", "the name": "two\nlines"}),
        (5, {"id": "3", "the name": ""}),
    ]


def test_a_csv_file_may_be_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name\nZoë\n".encode("cp1252"))
    with opened(str(path), encoding="cp1252") as file:
        assert [row.value for row in file.rows()] == [{"name": "Zoë"}]
    with pytest.raises(Permanent, match="--encoding"), opened(str(path)) as file:
        list(file.rows())


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\n1\n", "has no header"),
        (b"a,b,a\n1,2,3\n", "names 'a' more than once"),
    ],
)
def test_csv_without_a_proper_header_is_refused(content: bytes, fault: str, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match=fault):
        read(content, tmp_path, "a.csv")


def test_a_line_that_is_no_json_is_a_row_with_a_fault_and_the_next_one_follows(
    tmp_path: Path,
) -> None:
    rows = read(b'{"a":1}\n{"a":\n\n{"a":NaN}\n{"a":2}', tmp_path)
    assert [(row.line, row.value) for row in rows if not row.fault] == [
        (1, {"a": 1}),
        (5, {"a": 2}),
    ]
    assert [row.line for row in rows if "is not JSON" in row.fault] == [2, 4]


def test_a_line_that_is_much_too_long_is_not_held(tmp_path: Path) -> None:
    long = b'{"a":"' + b"x" * 11_000_000 + b'"}\n'
    rows = read(b'{"a":1}\n' + long + b'{"a":2}\n', tmp_path)
    assert [(row.line, bool(row.fault)) for row in rows] == [(1, False), (2, True), (3, False)]


def test_an_array_ends_at_what_is_no_json_and_says_so(tmp_path: Path) -> None:
    rows = read(b'[{"a":1},{"a":},{"a":3}]', tmp_path)
    assert [(row.line, row.value) for row in rows[:1]] == [(1, {"a": 1})]
    assert rows[1].fault == "is not JSON; nothing after it was read"
    assert len(rows) == 2


def test_a_row_of_csv_with_too_few_or_too_many_values_is_a_fault(tmp_path: Path) -> None:
    rows = read(b'a,b\n1,2\n1\n1,2,3\n\n"x"y,2\n3,4\n', tmp_path, "a.csv")
    assert [row.line for row in rows if not row.fault] == [2, 7]
    assert [row.line for row in rows if row.fault] == [3, 4, 6]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.json"])
def test_reading_goes_on_after_a_line(name: str, tmp_path: Path) -> None:
    content = {
        "rows.jsonl": b'{"n":"1"}\n{"n":"2"}\n{"n":"3"}\n',
        "rows.csv": b"n\n1\n2\n3\n",
        "rows.json": b'[{"n":"1"},{"n":"2"},{"n":"3"}]',
    }[name]
    whole = read(content, tmp_path, name)
    assert [row.value for row in whole] == [{"n": "1"}, {"n": "2"}, {"n": "3"}]
    assert read(content, tmp_path, name, after=whole[1].line) == whole[2:]


def test_a_gzip_that_is_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    packed = gzip.compress(lines([{"n": n, "x": str(n * 7919)} for n in range(5_000)]))
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    found: list[Row] = []
    with pytest.raises(Permanent, match="cannot be read on"), opened(str(path)) as file:
        found.extend(file.rows())
    assert found == [] or all(not row.fault for row in found)


@pytest.mark.parametrize("content", [b"", b"\n", b"[]", b" [ ] "])
def test_a_file_without_rows_has_none(content: bytes, tmp_path: Path) -> None:
    name = "a.json" if b"[" in content else "a.jsonl"
    assert read(content, tmp_path, name) == []


def test_what_is_no_array_is_not_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    with pytest.raises(Permanent, match="no JSON array"), opened(str(path), kind=Kind.ARRAY) as f:
        list(f.rows())


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be read"), opened(str(tmp_path / "no.csv")):
        pass
