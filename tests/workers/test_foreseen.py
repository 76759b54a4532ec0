"""What is said of a value before any event holds for every event."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.expressions import Expression, Missing, Scope, Sort, compile_template, foresee

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
VARS = {"stage": "closedwon", "apps": ["1"]}


def compiled(source: str) -> Expression:
    faults: list[str] = []
    found = compile_template(source, file="m.yaml", line=1, faults=faults, variables=VARS)
    assert found is not None, faults
    return found


@pytest.mark.parametrize(
    ("source", "constants", "sorts", "whole"),
    [
        ("customer", ["customer"], [], True),
        ("{{ 'a' }}", ["a"], [], True),
        ("{{ 'a' if body.x else 'b' }}", ["a", "b"], [], True),
        ("{{ 'a' if body.x }}", ["a", None], [], True),
        ("{{ 'a' if body.x else body.y }}", ["a"], [], False),
        ("{{ body.x or 'b' }}", ["b"], [], False),
        ("{{ vars.stage }}", ["closedwon"], [], True),
        ("{{ vars['stage'] }}", ["closedwon"], [], True),
        ("{{ vars.apps }}", [], [], False),
        ("{{ body.x | default('b') }}", ["b"], [], False),
        ("{{ body.x | lookup({'p': 'a', 'q': 'b'}, 'c') }}", [None, "a", "b", "c"], [], True),
        ("{% if body.x %} a {% elif body.y %}b{% else %}{{ 'c' }}{% endif %}", [*"abc"], [], True),
        ("{% if body.x %}a{% endif %}", ["a", ""], [], True),
        ("{{ 1 > 2 }}", [False], [], True),
        ("a {{ body.x }}", [], [], False),
        ("{{ body.x * 2 }}", [], [Sort.NUMBER], False),
        ("{{ body.x | int + 2 }}", [], [Sort.NUMBER], False),
        ("{{ body.x + body.y }}", [], [], False),
        ("{{ body.x == 2 }}", [], [Sort.TRUTH], False),
        ("{{ body.x is defined }}", [], [Sort.TRUTH], False),
        ("{{ not body.x }}", [], [Sort.TRUTH], False),
        ("{{ body.x | from_unix }}", [], [Sort.TIME], False),
        ("{{ body.x | date }}", [], [Sort.DAY], False),
        ("{{ body.x | date('%H') }}", [], [], False),
        ("{{ body.x | email if body.y else -body.z }}", [], [Sort.NUMBER, Sort.ADDRESS], False),
    ],
)  # fmt: skip
def test_constants_and_sorts_are_read_from_the_source(
    source: str,
    constants: list[object],
    sorts: list[Sort],
    whole: bool,  # noqa: FBT001 (a parameter of the table above)
) -> None:
    found = foresee(compiled(source), variables=VARS)
    assert list(found.constants) == constants
    assert found.sorts == set(sorts)
    assert found.whole is whole


BRANCH = st.sampled_from(["'a'", "'b'", "1", "true", "none", "vars.stage", "body.x"])
TREES = st.recursive(
    BRANCH,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} if body.y else {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} or {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} | default({two[1]}))"),
        st.tuples(inner, inner).map(lambda two: f"(body.z | lookup({{'p': {two[0]}}}, {two[1]}))"),
        inner.map(lambda one: f"(not {one})"),
        inner.map(lambda one: f"({one} == 1)"),
    ),
    max_leaves=8,
)


@given(
    tree=TREES,
    body=st.fixed_dictionaries(
        {},
        optional={
            "x": st.sampled_from(["q", 0, None]),
            "y": st.booleans(),
            "z": st.sampled_from(["p", "P", "r"]),
        },
    ),
)
def test_what_is_whole_is_all_that_ever_comes_out(tree: str, body: dict[str, object]) -> None:
    expression = compiled("{{ " + tree + " }}")
    known = foresee(expression, variables=VARS)
    if not known.whole:
        return
    scope = Scope(body=body, headers={}, received=NOW, event={}, variables=VARS)
    value = expression(scope)
    assert (None if isinstance(value, Missing) else value) in known.constants
