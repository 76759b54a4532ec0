"""Nothing escapes an expression, and none runs long: by limits that are counted, never timed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.errors import MappingError
from workers.expressions import FILTER_NAMES, TESTS, Expression, Missing, Scope, compile_template
from workers.expressions.limits import MAX_LOOPS, MAX_WORK
from workers.filters.markup import strip_html

NOW = datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
BODY: dict[str, object] = {
    "big": "x" * 200_000,
    "empty": [""] * 10_000,
    "deep": [[["x" * 1_000] * 100] * 10],
    "many": [{"n": number} for number in range(5_000)],
    "format": "%1000000000d",
    "percent": "%s%s%s%n",
    "name": "Zoe",
}


def scope(body: object = BODY) -> Scope:
    return Scope(
        body=body,
        headers={"x-a": "b"},
        received=NOW,
        event={"id": "1", "type": "t", "time": NOW, "endpoint": "e", "source": "s"},
        variables={},
    )


def compiled(template: str) -> tuple[Expression | None, list[str]]:
    faults: list[str] = []
    return compile_template(template, file="m.yaml", line=1, faults=faults), faults


def refused(template: str) -> str:
    """Why a template is refused, when it is loaded or when it is run."""
    expression, faults = compiled(template)
    if expression is None:
        assert faults
        assert all(fault.startswith("m.yaml:") for fault in faults)
        return faults[0]
    with pytest.raises(MappingError) as caught:
        expression(scope())
    return str(caught.value)


# Much of anything


def loop(inner: str, rounds: int = 10_000) -> str:
    return f"{{% for a in range({rounds}) %}}{inner}{{% endfor %}}"


@pytest.mark.parametrize(
    "template",
    [
        loop("{{ range(10000) | sum }}"),
        loop("{{ range(10000) | join | length }}"),
        loop("{{ body.empty }}"),
        loop("{{ body.empty | string }}"),
        loop("{{ [body.empty, body.empty] | join }}"),
        loop("{{ body.big | length }}"),
        loop("{{ (body.big ~ body.big) | length }}"),
        loop("{{ (body.big + body.big) | length }}"),
        loop("{{ body.big[1:] is string }}"),
        loop("{{ body.many[::-1] is sequence }}"),
        loop("{{ 'b' in body.big }}"),
        loop("{{ 'b' is in body.big }}"),
        loop("{{ 5 in body.many }}"),
        loop("{{ body.many == body.deep }}"),
        loop("{{ body.many is eq(body.many) }}"),
        loop("{{ body.deep | fingerprint }}"),
        loop("{{ body.deep | to_json | length }}"),
        loop("{{ [1] | lookup({1: body.deep | string}) }}"),
        loop("{{ [body.many] | first | pluck('n') | length }}"),
        loop("{% set x = body.name %}" * 200),
        loop("{{ body.none }}" * 200),
        loop(loop("x")),
        loop("{% for b in body.many %}{% for c in body.many %}{% endfor %}{% endfor %}"),
        "{{ range(1000000000) | join }}",
        "{{ range(10000) | join(body.big) }}",
        "{{ body.big | replace('x', body.big) | replace('x', body.big) }}",
        "{{ body.big | replace('x', 'xx') | replace('x', 'xx') | replace('x', 'xx') }}",
        "{{ body.big ~ body.big ~ body.big ~ body.big ~ body.big ~ body.big }}",
        "{% set a = 1e99 * 1e99 %}" + "{% set a = a * a %}" * 12 + "{{ a | string | length }}",
        "{% set a = 1e-99 * 1e-99 %}" + "{% set a = a * a %}" * 12 + "{{ a | string | length }}",
        "{% set a = 10000000000 %}" + "{% set a = a * a %}" * 12 + "{{ a }}",
        "{{ 9" + "9" * 6_000 + " }}",
        "{{ 0x" + "f" * 6_000 + " }}",
        "{{ 1e99999 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%1000000000d' is odd }}",
        "{{ body.format is even }}",
        "{{ body.percent is divisibleby(3) }}",
        "{{ 'x' is divisibleby('%1000000000d') }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 1 | round(1000000000) }}",
    ],
)
def test_what_would_run_long_or_make_much_is_refused(template: str) -> None:
    assert refused(template)


def test_the_limits_are_counted_over_all_expressions_of_an_event() -> None:
    expression, faults = compiled(loop("{{ a }}", rounds=1_000))
    assert faults == []
    assert expression is not None
    one = scope()
    for _ in range(MAX_LOOPS // 1_000):
        expression(one)
    with pytest.raises(MappingError, match=r"loops of more than 10,000 rounds"):
        expression(one)
    one.budget.renew()
    assert expression(one)


def test_what_is_looked_at_and_written_is_paid_for() -> None:
    expression, _ = compiled("{{ body.deep | fingerprint }}{{ body.big }}")
    assert expression is not None
    one = scope()
    expression(one)
    spent = MAX_WORK - one.budget.work
    nodes = 10 * 100 * (1 + 10)  # elements, and hundreds of characters in each
    assert nodes + 2_000 <= spent <= 2 * (nodes + 2_000)


def test_what_mappings_do_with_large_bodies_stays_within_the_limits() -> None:
    lines = [{"sku": f"s{n}", "title": "A thing " * 5, "quantity": n} for n in range(2_000)]
    template = (
        "{% for line in body.lines %}<li>{{ line.quantity }} x {{ line.title }}"
        "{{ ' (many)' if line.quantity > 10 }}</li>{% endfor %}"
    )
    expression, _ = compiled(template)
    again, _ = compiled("{{ body | fingerprint }}")
    assert expression is not None
    assert again is not None
    one = scope({"lines": lines})
    assert str(expression(one)).count("<li>") == 2_000
    assert len(str(again(one))) == 40


@pytest.mark.parametrize("piece", ["<script>", "<!--", "<br", "<a ", "</p", "<style x='", "<head>"])
def test_html_that_never_ends_is_looked_at_once(piece: str) -> None:
    """Quadratic, these would take minutes; what they come to is what they always did."""
    assert piece.strip("<>/! ") or piece
    found = strip_html(piece * (100_000 // len(piece)))
    assert len(found) <= 100_000


# Nothing behind the values

REACHES = [
    "''.__class__",
    "''['__class__']",
    "().__class__.__mro__",
    "[].__class__.__base__.__subclasses__()",
    "body.__class__.__init__.__globals__",
    "body.__getitem__",
    "body.many.__len__",
    "body.name.__format__",
    "body.name.format",
    "body.name.join",
    "body.items",
    "body.many.append",
    "range.__globals__",
    "range.__wrapped__",
    "range['__globals__']",
    "range",
    "event.time.__class__",
    "event.time.tzinfo",
    "received.__reduce_ex__",
    "received.strftime",
    "headers.__missing__",
    "headers.get",
    "(body.name | html_escape).__html__",
    "(1.5).as_integer_ratio",
    "(1 / 3).__class__",
    "true.__class__",
    "none.__class__",
    "body.nothing.__class__",
    "body.nothing._fail_with_undefined_error",
    "(body.many | first).__class__",
    "(body | pluck('__class__'))",
    "(body.many | pluck('__class__'))",
    "(body.many | by('__class__'))",
    "(body.many | where('__class__'))",
    "(body.many | sort_by('__class__') | first).__class__",
]
CALLS = [
    *("cycler('a')", "joiner()", "namespace(a=1)", "lipsum()", "dict(a=1)", "range.mro()"),
    *("self.x()", "super()", "caller()", "body()", "body.name()", "body['name']()"),
    *("''.join([])", "(1).bit_length()", "event.time.isoformat()", "headers.get('x')", "vars()"),
    *("range(1)(1)", "range.__call__(1)", "loop()", "varargs()", "kwargs()", "[]()", "''()"),
]


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("use", ["{{ %s }}", "a{{ %s }}", "{{ %s | string }}", "{{ [%s] }}"])
def test_nothing_behind_a_value_can_be_named(use: str, reach: str) -> None:
    expression, faults = compiled(use % reach)
    if expression is None:
        assert faults
        return
    try:
        value = expression(scope())
    except MappingError as error:
        value = str(error)  # which must not tell of it either
    _is_plain(value)


def _is_plain(value: object) -> None:
    """Check that there is nothing in the value but what JSON has, and times."""
    if isinstance(value, list | tuple):
        for each in value:
            _is_plain(each)
    elif isinstance(value, dict):
        _is_plain([*value, *value.values()])
    elif isinstance(value, str):
        assert " at 0x" not in value
        assert "<class" not in value
    else:
        assert isinstance(value, None | int | float | Decimal | datetime | range | Missing)


@pytest.mark.parametrize("call", CALLS)
def test_nothing_can_be_called(call: str) -> None:
    assert "nothing but range(…) can be called" in refused("{{ " + call + " }}")


@pytest.mark.parametrize("name", ["attr", "format", "map", "select", "tojson", "xmlattr", "list"])
def test_filters_of_jinja_itself_are_not_there(name: str) -> None:
    assert f"there is no filter '{name}'" in refused("{{ body | " + name + " }}")


@pytest.mark.parametrize("name", ["callable", "filter", "test", "sameas", "iterable", "escaped"])
def test_tests_of_jinja_that_tell_of_python_are_not_there(name: str) -> None:
    assert f"there is no test '{name}'" in refused("{{ body is " + name + " }}")


# Anything at all

WORDS = st.sampled_from(
    [
        *(
            "body",
            "headers",
            "event",
            "received",
            "vars",
            "range",
            "loop",
            "self",
            "x",
            "body.many",
        ),
        *("{{", "}}", "{%", "%}", "{#", "#}", "for", "in", "endfor", "if", "else", "elif", "endif"),
        *("set", "=", "not", "and", "or", "is", "|", "~", "+", "-", "*", "/", "//", "%", "**"),
        *("(", ")", "[", "]", "{", "}", ".", ",", ":", "==", "<", "'", "'a'", "1", "1.5", "1e99"),
        *("none", "true", "0", "recursive", "macro", "call", "include", "'__class__'", "__class__"),
        *FILTER_NAMES,
        *TESTS,
    ]
)
ATOMS = st.sampled_from(
    [
        *("body", "body.many", "body.big", "body.name", "body.deep", "body.nothing", "headers"),
        *("event.time", "1", "1.5", "'%s'", "none", "true", "[1, none]", "{'a': 1}", "range(3)"),
    ]
)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = ["+", "-", "*", "/", "//", "%", "~", "and", "or", "in", "not in", "==", "!=", "<", ">="]
    filters, tests = st.sampled_from(FILTER_NAMES), st.sampled_from(TESTS)
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(signs), inner),
        st.builds("({} | {})".format, inner, filters),
        st.builds("({} | {}({}))".format, inner, filters, inner),
        st.builds("({} is {})".format, inner, tests),
        st.builds("({} is {}({}))".format, inner, tests, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[{}:{}]".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("range({})".format, inner),
    )


EXPRESSIONS = st.recursive(ATOMS, _grow, max_leaves=6)
TEMPLATES = st.one_of(
    st.builds("{{{{ {} }}}}".format, EXPRESSIONS),
    st.builds("a{{{{ {} }}}}b".format, EXPRESSIONS),
    st.builds("{{% for i in {} %}}{{{{ {} }}}}{{% endfor %}}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("{{% set x = {} %}}{{{{ x }}}}{{{{ {} }}}}".format, EXPRESSIONS, EXPRESSIONS),
    st.lists(WORDS, max_size=25).map(" ".join),
    st.lists(WORDS, max_size=25).map(lambda words: "{{ " + " ".join(words) + " }}"),
    st.text(max_size=60),
)


@given(template=TEMPLATES, html=st.booleans())
def test_any_template_gives_a_plain_value_or_a_reason(template: str, *, html: bool) -> None:
    faults: list[str] = []
    expression = compile_template(template, file="m.yaml", line=1, faults=faults, html=html)
    if expression is None:
        assert faults
        return
    value: object = None
    try:
        value = expression(scope())
    except MappingError as error:
        faults.append(str(error))
    assert all(faults)
    _is_plain(value)
