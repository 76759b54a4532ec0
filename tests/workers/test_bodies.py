"""What a body says, and what it may not say."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.bodies import FORM, MAX_DEPTH, Unreadable, decoded, inflated

JSON = "application/json; charset=utf-8"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def form(text: str) -> object:
    """What a form says."""
    return decoded(text.encode(), content_type=FORM)


def told(read: Callable[[], object]) -> object:
    """What is read, or the status of the refusal."""
    try:
        return read()
    except Unreadable as error:
        return error.status


@given(st.lists(VALUES) | st.dictionaries(st.text(), VALUES))
def test_whatever_json_says_is_kept_and_can_be_written_again(value: Any) -> None:
    try:
        body = json.dumps(value, allow_nan=False).encode()
    except ValueError:
        return

    def kept(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: kept(each) for name, each in part.items()}
        if isinstance(part, list):
            return [kept(each) for each in part]
        if isinstance(part, int) and not -(2**63) <= part < 2**64:
            return str(part)
        return part

    found = decoded(body, content_type=JSON)
    assert found == kept(value)
    assert orjson.loads(orjson.dumps(found)) == found


@given(st.binary(max_size=200), st.sampled_from(["", JSON, FORM, "text/html"]))
def test_any_bytes_are_read_or_refused(body: bytes, kind: str) -> None:
    found = told(lambda: decoded(body, content_type=kind))
    assert isinstance(found, dict | list) or found in (400, 415)


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", "18446744073709551616"),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1" + "0" * 300, "1" + "0" * 300),
        ("1234567890123456789.5", 1234567890123456789.5),
        ('"12345678901234567890123"', "12345678901234567890123"),
    ],
)
def test_a_whole_number_never_loses_digits(digits: str, expected: object) -> None:
    assert decoded(f'{{"id":{digits}}}'.encode(), content_type=JSON) == {"id": expected}


def test_a_byte_order_mark_is_no_part_of_json() -> None:
    assert decoded(b'\xef\xbb\xbf{"a":1}', content_type=JSON) == {"a": 1}


@pytest.mark.parametrize(
    "kind",
    ["application/json", "APPLICATION/JSON", "text/json", "application/cloudevents+json", ""],
)
def test_every_kind_of_json_is_json(kind: str) -> None:
    assert decoded(b"[1]", content_type=kind) == [1]


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_the_depth_has_a_limit(left: str, right: str) -> None:
    inner = "1" if left != "[" else ""

    def body(depth: int) -> bytes:
        return (left * depth + inner + right * depth).encode()

    decoded(body(MAX_DEPTH), content_type=JSON)
    for depth in (MAX_DEPTH + 1, 1_000, 100_000):
        with pytest.raises(Unreadable, match="nested more than 64"):
            decoded(body(depth), content_type=JSON)


def test_many_shallow_groups_are_not_deep() -> None:
    assert decoded(b"[" + b",".join([b"[]"] * 1_000) + b"]", content_type=JSON) == [[]] * 1_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[1]=x&a[0]=y", {"a": {"1": "x", "0": "y"}}),
        ("a[0][n]=x&a[1][n]=y", {"a": [{"n": "x"}, {"n": "y"}]}),
        ("a[b]c=1", {"a[b]c": "1"}),
        ("a[b=1&[c]=2", {"a[b": "1", "[c]": "2"}),
        ("n=Zo%C3%AB+%E2%82%AC5", {"n": "Zoë €5"}),
    ],
)
def test_a_form_reads_as_its_sender_meant(text: str, expected: object) -> None:
    assert form(text) == expected


@given(st.dictionaries(st.text("ab[]0", min_size=1, max_size=12), st.text("xy", max_size=3)))
def test_any_brackets_are_read_or_refused(fields: dict[str, str]) -> None:
    found = told(lambda: form("&".join(f"{name}={value}" for name, value in fields.items())))
    assert found == 400 or orjson.dumps(found).startswith(b"{")


@pytest.mark.parametrize("size", [10, 1_000, 1_001])
def test_inflating_stops_at_the_limit(size: int) -> None:
    plain = b"x" * size
    for name, body in (("gzip", gzip.compress(plain)), ("deflate", zlib.compress(plain))):
        if size <= 1_000:
            assert inflated(body, encoding=name, max_bytes=1_000) == plain
        else:
            with pytest.raises(Unreadable) as refused:
                inflated(body, encoding=name, max_bytes=1_000)
            assert refused.value.status == 413


@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate", "br", "gzip, gzip"]))
def test_what_is_not_compressed_is_refused(body: bytes, encoding: str) -> None:
    found = told(lambda: inflated(body, encoding=encoding, max_bytes=1_000))
    assert isinstance(found, bytes) or found in (400, 413, 415)


@pytest.mark.parametrize("depth", [65, 200, 900, 1_000, 5_000])
def test_a_long_number_within_many_levels_is_too_deep_and_no_more(depth: int) -> None:
    body = b"[" * depth + b"12345678901234567890123" + b"]" * depth
    with pytest.raises(Unreadable, match="nested more than 64 levels"):
        decoded(body, content_type="application/json")
