"""YAML becomes values that know their line, and nothing in a file can do harm."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.documents import Plain, dump, parse, read
from workers.errors import Faults


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(Faults) as caught:
        parse(text, name="a.yaml")
    return caught.value.faults


def test_words_that_old_yaml_takes_for_booleans_are_words() -> None:
    assert parse("on: {country: no, answer: yes}", name="a.yaml").plain() == {
        "on": {"country": "no", "answer": "yes"}
    }


def test_scalars_are_what_they_look_like() -> None:
    text = "[1, -2, 1.50, true, null, ~, '1', 007, 2026-01-01, 1_000, 12:30, 1e3]"
    expected = [1, -2, 1.5, True, None, None, "1", "007", "2026-01-01", "1_000", "12:30", "1e3"]
    assert parse(text, name="a.yaml").plain() == expected


def test_a_number_is_also_known_as_it_was_written() -> None:
    assert parse("amount: 1.50", name="a.yaml").items["amount"].text == "1.50"


def test_every_value_knows_its_place() -> None:
    root = parse("a: 1\nb:\n  - x\n  - y: 2\n", name="a.yaml")
    assert root.items["b"].place == "a.yaml:2"
    assert root.at("b[1].y").place == "a.yaml:4"
    assert root.at("b[7].y").place == "a.yaml:2"  # the nearest that is there
    assert root.at("b.nothing").place == "a.yaml:2"


def test_a_block_of_text_knows_the_line_it_begins_in() -> None:
    node = parse("a: |\n  first\n  second\n", name="a.yaml").items["a"]
    assert (node.line, node.text_line) == (1, 2)


def test_what_is_not_yaml_is_a_fault_with_its_line() -> None:
    (fault,) = faults("a: 1\nb: [\n")
    assert fault.startswith("a.yaml:3: is not YAML")


def test_a_key_that_stands_twice_is_a_fault() -> None:
    assert faults("a: 1\nb: 2\na: 3\n") == (
        "a.yaml:3: 'a' stands here twice (first in line 1); keep one",
    )


def test_an_expression_without_quotes_is_explained() -> None:
    (fault,) = faults("a: {{ body.x }}")
    assert "quotes" in fault


def test_a_few_lines_cannot_become_gigabytes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (fault, *_) = faults("\n".join(lines))
    assert "too much" in fault


def test_a_value_cannot_hold_itself() -> None:
    (fault, *_) = faults("&a [*a]")
    assert "deeply" in fault


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [ls]", "!x 1", "[" * 5000, "\0"])
def test_no_file_does_more_than_hold_values(text: str) -> None:
    try:
        plain = parse(text, name="a.yaml").plain()
    except Faults:
        return
    assert plain in (["ls"], "1")


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Faults, match="cannot be read"):
        read(tmp_path / "none.yaml")


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**15), max_value=10**15)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc_: {}#", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_what_is_dumped_is_read_back_the_same(value: Plain) -> None:
    assert parse(dump(value), name="a.yaml").plain() == value


@given(st.text())
def test_any_text_is_either_values_or_faults(text: str) -> None:
    found: tuple[str, ...] = ()
    try:
        parse(text, name="a.yaml").plain()
    except Faults as error:
        found = error.faults
    assert all(fault.startswith("a.yaml") for fault in found)
