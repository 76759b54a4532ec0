"""Expressions are kind to what is missing, exact with numbers, and can reach nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.errors import MappingError
from workers.expressions import CLEAR, MISSING, NULL, Expression, Scope, compile_template
from workers.filters.values import text

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
BODY: dict[str, object] = {
    "customer": {"name": "Zoe Lind", "phone": None, "items": [1, 2], "empty": ""},
    "amount": 12900,
    "price": 0.1,
    "lines": [{"title": "Mug <large>", "amount": 1}, {"title": "Cup", "amount": 2.5}],
}


def scope(body: object = BODY) -> Scope:
    return Scope(
        body=body,
        headers={"x-github-event": "issues"},
        received=NOW,
        event={"id": "e1", "type": "a.b", "time": NOW, "endpoint": "shop", "source": "s"},
        variables={"stage": "won", "nothing": None},
    )


def compiled(template: str, *, html: bool = False, names: set[str] | None = None) -> Expression:
    faults: list[str] = []
    known = {"body", "headers", "event", "received", "vars", *(names or ())}
    found = compile_template(template, file="m.yaml", line=7, faults=faults, names=known, html=html)
    assert found is not None, faults
    return found


def value(template: str, *, html: bool = False, body: object = BODY) -> object:
    return compiled(template, html=html)(scope(body))


def faults(template: str) -> list[str]:
    found: list[str] = []
    names = {"body", "headers", "event", "received", "vars"}
    compiled = compile_template(
        template, file="m.yaml", line=7, faults=found, names=names, variables=["stage"]
    )
    assert (compiled is None) == bool(found)
    return found


# What is missing


@pytest.mark.parametrize(
    "template",
    [
        "{{ body.nothing }}",
        "{{ body.nothing.at.any.depth }}",
        "{{ body.customer.name.first }}",
        "{{ body.lines[9].title }}",
        "{{ body.nothing | first_name | upper }}",
        "{{ body.nothing / 100 }}",
        "{{ body.lines | where('title', 'none') | first }}",
        "{{ headers.x_other }}",
        "{{ none }}",
        "{{ 'a' if body.nothing }}",
    ],
)
def test_what_is_missing_is_no_error(template: str) -> None:
    assert value(template) == MISSING


def test_a_null_of_the_payload_counts_as_missing_unless_it_is_meant_to_clear() -> None:
    assert value("{{ body.customer.phone }}") is NULL
    assert value("{{ body.customer.phone | phone | or_clear }}") is CLEAR
    assert value("{{ body.customer.empty | or_clear }}") is CLEAR
    assert value("{{ body.nothing | or_clear }}") is MISSING
    assert value("{{ body.customer.name | or_clear }}") == "Zoe Lind"


def test_a_default_stands_in_for_what_is_missing_null_or_empty() -> None:
    for name in ("nothing", "customer.phone", "customer.empty"):
        assert value(f"{{{{ body.{name} | default('x') }}}}") == "x"
        assert value(f"{{{{ body.{name} or 'x' }}}}") == "x"


def test_what_is_missing_is_neither_more_nor_less_than_anything() -> None:
    for sign in ("<", "<=", ">", ">="):
        assert value(f"{{{{ body.nothing {sign} 5 }}}}") is False
    assert value("{{ body.nothing == none }}") is True
    assert value("{{ body.nothing is defined }}") is False
    assert value("{{ body.nothing in ['a'] }}") is False


def test_what_is_missing_leaves_a_gap_in_text() -> None:
    assert value("Hello {{ body.nothing }}!") == "Hello !"


# Kinds


def test_one_expression_keeps_its_kind() -> None:
    assert value("{{ body.amount }}") == 12900
    assert value("{{ body.lines }}") == BODY["lines"]
    assert value("{{ body.amount > 5 }}") is True
    assert value("{{ false }}") is False


def test_text_around_an_expression_makes_it_text() -> None:
    assert value("n={{ body.amount }}, {{ true }}, {{ body.price }}, {{ event.time }}") == (
        "n=12900, true, 0.1, 2026-09-21T14:13:20.000Z"
    )


def test_a_key_of_the_payload_is_never_mistaken_for_a_method() -> None:
    assert value("{{ body.customer.items }}") == [1, 2]


def test_headers_are_found_however_their_name_is_written() -> None:
    for name in ("headers.x_github_event", "headers['X-GitHub-Event']"):
        assert value(f"{{{{ {name} }}}}") == "issues"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ body.amount / 100 }}", "129"),
        ("{{ 0.1 + 0.2 }}", "0.3"),
        ("{{ body.price * 3 }}", "0.3"),
        ("{{ 1 / 3 }}", "0.333333333333333"),
        ("{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ 7.5 % 2 }}", "3 -4 1 1.5"),
        ("{{ body.lines | pluck('amount') | sum }}", "3.5"),
        ("{{ 'a' ~ 1 ~ body.nothing ~ true }}", "a1true"),
    ],
)
def test_arithmetic_is_what_people_expect(template: str, expected: str) -> None:
    assert text(value(template)) == expected


def test_unlike_kinds_are_not_compared_in_silence() -> None:
    with pytest.raises(MappingError, match="number"):
        value("{{ body.customer.name > 5 }}")
    with pytest.raises(MappingError, match="needs numbers"):
        value("{{ body.customer.name * 2 }}")


def test_loops_and_conditions_write_text() -> None:
    template = "{% for each in body.lines %}{{ loop.index }}. {{ each.title }};{% endfor %}"
    assert value(template) == "1. Mug <large>;2. Cup;"
    assert value("{% if body.nothing %}a{% else %}b{% endif %}") == "b"


# HTML


def test_values_in_html_are_escaped_and_the_mapping_s_own_words_are_not() -> None:
    template = "<b>{{ body.lines[0].title }}</b>"
    assert value(template, html=True) == "<b>Mug &lt;large&gt;</b>"
    assert value("{{ body.lines[0].title }}", html=True) == "Mug &lt;large&gt;"
    assert value("{{ body.nothing }}", html=True) == MISSING


def test_only_what_is_called_safe_is_taken_for_html() -> None:
    assert value("{{ body.lines[0].title | safe_html }}", html=True) == "Mug <large>"
    assert value("{{ body.lines[0].title | text_to_html }}", html=True) == "Mug &lt;large&gt;"
    joined = "{{ (body.lines[0].title | safe_html) ~ body.lines[0].title }}"
    assert "<" not in str(value(joined, html=True))


# Faults are found before anything runs


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{ body.x | frist_name }}", "no filter 'frist_name'; did you mean 'first_name'?"),
        ("{{ body.x is definedd }}", "no test 'definedd'; did you mean 'defined'?"),
        ("{{ bdoy.x }}", "no 'bdoy' in expressions (not the names of steps either); did you"),
        ("{{ item.x }}", "only in a step with `each`"),
        ("{{ event.tiem }}", "an event has no 'tiem'; did you mean 'time'?"),
        ("{{ vars.satge }}", "no 'satge' in vars"),
        ("{{ body.x | by }}", "missing a required argument: 'name'"),
        ("{{ body.x | truncate_to(lenght=5) }}", "got an unexpected keyword argument 'lenght'"),
        ("{{ body.x", "unexpected end of template"),
        ("{% set body = 1 %}{{ body }}", "'body' has a meaning already"),
    ],
)
def test_a_faulty_expression_says_what_to_do(template: str, fault: str) -> None:
    (found,) = faults(template)
    assert found.startswith("m.yaml:7: ")
    assert fault in found


def test_a_fault_names_its_own_line() -> None:
    (found,) = faults("{{ body.a }}\n\n{{ body | }}")
    assert found.startswith("m.yaml:9: ")


def test_all_faults_of_a_template_are_found_at_once() -> None:
    assert len(faults("{{ body.x | one }} {{ body.y | two }} {{ f() }}")) == 3


# Nothing can be reached, and nothing runs long

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ body.__class__.__init__.__globals__ }}",
    "{{ body['__class__'] }}",
    "{{ (body | string).__class__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ joiner() }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ body | attr('__class__') }}",
    "{{ body.customer.items.append(3) }}",
    "{{ body.customer.name.format(body) }}",
    "{{ '{0.__class__}'.format(body) }}",
    "{{ '%s' % body }}",
    "{{ event.time.__class__ }}",
    "{{ headers.__class__ }}",
    "{{ range.__class__ }}",
    "{{ received.replace(year=1) }}",
    "{{ [body].__class__ }}",
    "{{ loop.__class__ }}",
    "{% for x in body.lines %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% for x in body.lines %}{{ loop.cycle.__globals__ }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends 'x' %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{{ m() }}",
    "{% call range(3) %}{% endcall %}",
    "{% set ns = namespace(a=1) %}{{ ns.__class__ }}",
    "{{ body.lines | map('upper') | list }}",
    "{{ body.lines | pluck('__class__') }}",
    "{{ body | by('__class__') }}",
    "{{ true.__class__ }}",
    "{{ (1).__class__.__bases__ }}",
    "{{ {}.__class__ }}",
    "{{ {}.get('a') }}",
    "{{ context }}",
    "{{ environment }}",
    "{{ config }}",
    "{{ body.lines | sort_by('__class__') }}",
    "{% filter upper %}x{% endfilter %}",
    "{% block x %}{{ super() }}{% endblock %}",
    "{% with a = body %}{{ a.__class__ }}{% endwith %}",
    "{% autoescape false %}{{ body }}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{{ body.lines[0].__getitem__('title') }}",
    "{{ ''|string|safe_html.__globals__ }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_a_template_reaches_no_python(template: str) -> None:
    found: list[str] = []
    expression = compile_template(template, file="m.yaml", line=1, faults=found)
    if expression is None:
        assert found
        return
    try:
        result = expression(scope())
    except MappingError:
        return
    assert "__" not in str(result)
    assert "class" not in str(result)
    assert "function" not in str(result)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%1000000000d' % 5 }}",
        "{{ 5 | format('%1000000000d') }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ range(1000000000) | join }}",
        "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}",
        "{% for a in range(9000) %}{{ body.big }}{% endfor %}",
        "{% set a = body.big %}{% set b = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{{ b ~ b ~ b }}",
        "{{ body.big | replace('x', body.big) }}",
        "{{ body.many | join(body.big) }}",
        "{% for a in range(9000) %}{{ body.many | pluck('x') | length }}{% endfor %}",
        "{% for a in body.many recursive %}{{ loop(body.many) }}{% endfor %}",
        "{{ 7777777777777777 * 7777777777777777 "
        + "* 7777777777777777 * 7777777777777777 * 7777777777777777 "
        + "* 7777777777777777 * 7777777777777777 * 7777777777777777 "
        + "* 7777777777777777 * 7777777777777777 * 7777777777777777 }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ body" + ".a" * 20000 + " }}",
    ],
)
def test_no_template_runs_long_or_makes_much(template: str) -> None:
    found: list[str] = []
    expression = compile_template(template, file="m.yaml", line=1, faults=found)
    if expression is None:
        assert found
        return
    with pytest.raises(MappingError):
        expression(scope({"big": "x" * 200_000, "many": [{}] * 5_000}))


def test_a_template_cannot_leave_a_name_for_the_next() -> None:
    (found,) = faults("{{ left_behind }}")
    assert "left_behind" in found


@given(st.text(alphabet="{}%#|.()[]'\"~+-*/ abdoy_x1,:", max_size=40))
def test_any_text_is_a_template_or_a_fault(template: str) -> None:
    found: list[str] = []
    expression = compile_template(template, file="m.yaml", line=1, faults=found)
    if expression is None:
        assert found
        return
    try:
        expression(scope())
    except MappingError as error:
        found.append(str(error))
    assert all(found)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)  # JSON's larger ones are read as floats
    | st.floats(allow_nan=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["body.a", "body.a.b", "body[0].a", "body.a[1].c", "body.a['b'].c"]))
def test_any_path_into_any_payload_is_a_value_or_missing(body: object, path: str) -> None:
    value(f"{{{{ {path} }}}}", body=body)
    assert isinstance(value(f"{{{{ {path} | to_json }}}} ", body=body), str)
