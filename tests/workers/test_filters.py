"""Filters do what payloads need, and say what they cannot use."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.filters import FILTERS, markup
from workers.filters.values import text


def use(name: str, *args: object, **kwargs: object) -> object:
    return FILTERS[name](*args, **kwargs)


MOMENT = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-09-21T14:13:20Z",
        "2026-09-21T14:13:20.000000000+00:00",
        "2026-09-21t16:13:20+02:00",
        "2026-09-21 14:13:20",
        "2026-09-21 14:13:20 UTC",
        "2026-09-21T09:13:20-0500",
    ],
)
def test_every_spelling_of_rfc_3339_is_the_same_time(written: str) -> None:
    assert use("from_iso", written) == MOMENT


def test_nanoseconds_are_cut_to_what_a_time_can_hold() -> None:
    assert use("from_iso", "2026-09-21T14:13:20.123456789Z") == MOMENT.replace(microsecond=123456)


def test_seconds_and_milliseconds_are_times() -> None:
    assert use("from_unix", 1790000000) == MOMENT
    assert use("from_unix", "1790000000.5") == MOMENT.replace(microsecond=500000)
    assert use("from_unix_ms", 1790000000123) == MOMENT.replace(microsecond=123000)
    assert use("from_email_date", "Mon, 21 Sep 2026 16:13:20 +0200") == MOMENT


@pytest.mark.parametrize(
    "meant", [1790000000, "1790000000.0", 1790000000000, "2026-09-21T14:13:20Z", MOMENT]
)
def test_a_time_is_recognised_however_it_is_written(meant: object) -> None:
    assert use("as_time", meant) == MOMENT


@pytest.mark.parametrize("wrong", ["tomorrow", "2026-13-01", "2026-02-30T00:00:00Z", "", "1e9"])
def test_what_is_no_time_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        use("from_iso", wrong)


def test_a_time_too_large_to_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match="no time"):
        use("from_unix", 10**18)


def test_days_and_layouts() -> None:
    assert use("date", MOMENT) == "2026-09-21"
    assert use("date", MOMENT, "%d.%m.%Y %H:%M") == "21.09.2026 14:13"
    assert text(use("plus_days", MOMENT, 1)) == "2026-09-22T14:13:20.000Z"
    with pytest.raises(ValueError, match="layout"):
        use("date", MOMENT, "%Q")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Zoe Lind", "Zoe", "Lind"),
        ("  Zoe  van  Lind ", "Zoe van", "Lind"),
        ("Zoe", "Zoe", ""),
        ("", "", ""),
    ],
)
def test_names_part_before_the_last_word(name: str, first: str, last: str) -> None:
    assert (use("first_name", name), use("last_name", name)) == (first, last)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Zoe@Acme.Example", "acme.example"),
        ("https://www.acme.example/about?x=a@b.example", "acme.example"),
        ("acme.example:8080", "acme.example"),
        ("//cdn.acme.example", "cdn.acme.example"),
        ("https://zoe:pw@acme.example/", "acme.example"),
        ("not a domain", ""),
        ("localhost", ""),
    ],
)
def test_a_domain_is_bare_and_lower_case(address: str, domain: str) -> None:
    assert use("domain", address) == domain


def test_a_free_mail_address_says_nothing_about_a_company() -> None:
    assert use("company_domain", "zoe@gmail.com") == ""
    assert use("company_domain", "zoe@acme.example") == "acme.example"


def test_an_address_is_taken_out_of_its_name() -> None:
    assert use("email", " Zoe Lind <Zoe@Acme.example> ") == "zoe@acme.example"


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("22 34 56 78", "NO", "+4722345678"),
        ("+47 22 34 56 78", None, "+4722345678"),
        ("(202) 555-0123", "us", "+12025550123"),
        ("22 34 56 78", None, "22 34 56 78"),
        ("call me", "NO", "call me"),
        ("22345678", "Norway", "22345678"),
    ],
)
def test_telephone_numbers_become_e164_where_they_can(
    written: str, region: str | None, number: str
) -> None:
    assert use("phone", written, region) == number


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (12900, "nok", "129"),
        (12950, "NOK", "129.5"),
        (500, "jpy", "500"),
        (1234, "KWD", "1.234"),
        ("1", "usd", "0.01"),
    ],
)
def test_money_has_the_digits_of_its_currency(amount: object, currency: str, expected: str) -> None:
    assert text(use("money", amount, currency)) == expected


def test_stripe_states_some_currencies_in_its_own_way() -> None:
    assert text(use("money", 500, "isk")) == "500"
    assert text(use("money", 500, "isk", "stripe")) == "5"


def test_money_without_a_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="three letters"):
        use("money", 1, "kroner")


@pytest.mark.parametrize(
    ("written", "number"), [("1,234.50", "1234.5"), (" 12 ", "12"), (0.1, "0.1"), ("1e3", "1000")]
)
def test_numbers_are_read_exactly(written: object, number: str) -> None:
    assert text(use("number", written)) == number


@pytest.mark.parametrize("wrong", ["", "12 kr", True, "1e999999999", "NaN", "inf", "9" * 200, []])
def test_what_is_no_number_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        use("number", wrong)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_in_text_is_plain_and_the_same_number(value: float) -> None:
    written = text(value)
    assert "e" not in written.lower()
    assert float(written) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (Decimal("129.00"), "129"),
        (Decimal("1E+3"), "1000"),
        (1e-7, "0.0000001"),
        (MOMENT, "2026-09-21T14:13:20.000Z"),
        (["a", 1, None, True], "a;1;true"),
        (None, ""),
    ],
)
def test_values_are_written_as_the_crm_takes_them(value: object, written: str) -> None:
    assert text(value) == written


def test_a_mapping_is_no_value_of_a_property() -> None:
    with pytest.raises(ValueError, match="is a mapping"):
        text({"a": 1})


def test_html_is_escaped_and_lines_are_kept() -> None:
    assert use("html_escape", "<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"
    assert use("text_to_html", "a < b\r\nc") == "a &lt; b<br>c"


def test_stripped_html_is_the_text_that_it_shows() -> None:
    html = (
        "<style>p{}</style><p>Hi &amp; <b>bye</b></p><script>x()</script><!-- no --><p>1 &lt; 2</p>"
    )
    assert use("strip_html", html) == "Hi & bye\n1 < 2"


@given(st.text(alphabet="<>/&;ascript -!p\n"))
def test_stripping_html_ends_for_any_text(value: str) -> None:
    assert isinstance(use("strip_html", value), str)


def test_lookups_take_any_case_and_numbers() -> None:
    assert use("lookup", "PAID", {"paid": "won"}) == "won"
    assert use("lookup", 1, {"1": "one"}) == "one"
    assert use("lookup", "x", {"paid": "won"}) is None
    assert use("lookup", "x", {"paid": "won"}, "open") == "open"


ANSWERS = [{"field": {"ref": "a"}, "n": 1}, {"field": {"ref": "b"}, "n": None}, "odd"]


def test_lists_are_searched_by_dotted_names() -> None:
    assert use("where", ANSWERS, "field.ref", "a") == ANSWERS[:1]
    assert use("pluck", ANSWERS, "n") == [1]
    assert use("by", ANSWERS, "field.ref") == {"a": ANSWERS[0], "b": ANSWERS[1]}
    assert use("sum", ["0.1", 0.2, None]) == Decimal("0.3")
    assert use("join", ["a", None, "", 2], "-") == "a-2"


def test_a_nested_list_is_spread_over_its_elements() -> None:
    value = [{"id": 1, "changes": ["a", "b"]}, {"id": 2, "changes": []}, {"id": 3}]
    assert use("spread", value, "changes") == [
        {"id": 1, "changes": "a"},
        {"id": 1, "changes": "b"},
        {"id": 3},  # nothing vanishes
    ]


def test_truncated_text_fits() -> None:
    assert use("truncate_to", "Hello world", 7) == "Hello…"
    assert use("truncate_to", "Hello", 5) == "Hello"


@given(st.text(), st.integers(min_value=0, max_value=20))
def test_truncated_text_never_exceeds_its_limit(value: str, limit: int) -> None:
    shortened = use("truncate_to", value, limit)
    assert isinstance(shortened, str)
    assert len(shortened) <= limit


@given(
    st.lists(st.sampled_from(["<b>", "</b>", "&amp;", "&#39;", "text ", "…", "<br>"]), max_size=30),
    st.integers(1, 80),
)
def test_html_is_cut_between_its_parts(parts: list[str], limit: int) -> None:
    whole = "".join(parts)
    short = markup.cut(whole, limit)
    assert len(short) <= max(limit, 1)
    if short != whole:
        assert short.endswith("…")
        kept = short.removesuffix("…")
        assert whole.startswith(kept)
        assert "<" not in kept.rpartition(">")[2]
        assert "&" not in kept.rpartition(";")[2]


def test_no_filter_makes_text_without_end() -> None:
    with pytest.raises(ValueError, match="1,000,000"):
        use("replace", "a" * 10_000, "a", "b" * 10_000)
    with pytest.raises(ValueError, match="1,000,000"):
        use("join", ["a"] * 1_001, "b" * 1_000)


def test_a_fingerprint_tells_nothing_and_stays_the_same() -> None:
    assert use("fingerprint", {"a": 1, "b": 2}) == use("fingerprint", {"b": 2, "a": 1})
    assert use("fingerprint", {"a": 1}) != use("fingerprint", {"a": 2})


def test_json_in_a_text_loses_no_digit_of_a_number() -> None:
    found = use("from_json", '{"id": 123456789012345678901, "n": 9007199254740993, "x": 1.5}')
    assert found == {"id": "123456789012345678901", "n": 9007199254740993, "x": 1.5}


@pytest.mark.parametrize("written", ["{", "NaN", '"\ud800"', "[" * 2_000, '{"a": 1} 2'])
def test_what_is_no_json_says_so(written: str) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        use("from_json", written)


@pytest.mark.parametrize("written", ["Wm/DqyDigqw1", "Wm_DqyDigqw1", "Wm_D\nqyDi gqw1"])
def test_base64_of_either_alphabet_is_read(written: str) -> None:
    assert use("from_base64", written) == "Zoë €5"


@pytest.mark.parametrize("written", ["Zo", "Zo=="])
def test_base64_is_read_without_its_padding(written: str) -> None:
    assert use("from_base64", written) == "f"


@pytest.mark.parametrize("written", ["Z", "a!b=", "/w==", 7])
def test_what_is_no_text_in_base64_says_so(written: object) -> None:
    with pytest.raises(ValueError, match="is not text in base64"):
        use("from_base64", written)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("name", sorted(FILTERS))
@given(value=VALUES, argument=VALUES)
def test_a_filter_gives_a_value_or_a_reason(name: str, value: object, argument: object) -> None:
    reasons: list[str] = []
    try:
        use(name, value, argument)
    except (TypeError, ValueError, OverflowError) as error:
        reasons.append(str(error))
    assert all(reasons)
