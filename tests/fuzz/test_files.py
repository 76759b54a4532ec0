"""Whatever stands in a source file, loading it gives a source, or every fault with its line."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers import documents, sources
from workers.errors import Faults, SourceError

SHIPPED = {
    name: (sources.loading.SHIPPED / f"{name}.yaml").read_text("utf-8")
    for name in sources.shipped()
}
PLACE = re.compile(r".+?(:\d+)?: .+", re.DOTALL)
fuzzed = settings(max_examples=40, suppress_health_check=list(HealthCheck))
each_source = pytest.mark.parametrize("name", SHIPPED)

TOKENS = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "'", '"', ":", ": ", "- ", "\n", "\n  ", "\t", "#", "&a ", "*a"),
        *(
            "<<: *a",
            "!!python/object:os.system x",
            "!x ",
            "? ",
            "| ",
            ">-\n",
            "---\n",
            "...",
            "%YAML",
        ),
        *("[", "]", "{", "}", ",", "null", "true", "on", "1e999", "0x" + "f" * 50, "9" * 50, "-1"),
        *("\x00", "\x85", "\u2028", "\ufeff", "\ud7ff", "\U0010ffff", '"\\ud800"', '"\\x00"', "é"),
        *("source:", "verify:", "event:", "on:", "default:", "ignore:", "vars:", "handshake:"),
        *("answer:", "keep_headers:", "upsert:", "create:", "update:", "archive:", "associate:"),
        *("dissociate:", "log:", "pin:", "unpin:", "find:", "when:", "each:", "set:", "set_all:"),
        *("key:", "id:", "to:", "object:", "activity:", "label:", "type:", "category:", "name:"),
        *("optional:", "scheme:", "header:", "accept:", "signs:", "tolerance_s:", "portals:"),
        *("{{ body.id }}", "{{ 1/0 }}", "{{ x }}", "{{ {[1]: 2} }}", "{{ -1e99999 | int }}"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """Draw the text with a few changes: to characters, to lines, to words."""
    for _ in range(draw(st.integers(1, 4))):
        lines = text.splitlines(keepends=True) or [""]
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        at = draw(st.integers(0, len(line)))
        match draw(st.integers(0, 7)):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, draw(st.sampled_from(lines)))
            case 2:
                lines[place] = line[:at] + draw(TOKENS) + line[at:]
            case 3:
                lines[place] = line[:at] + line[at + draw(st.integers(1, 6)) :]
            case 4:
                lines[place] = draw(st.sampled_from([" ", "  ", "    ", "- "])) + line
            case 5:
                lines[place] = line.lstrip(" ")
            case 6:
                key, colon, _ = line.partition(":")
                lines[place] = key + colon + " " + draw(TOKENS) + "\n"
            case _:
                lines[place] = line[:at] + draw(st.text(max_size=4)) + line[at:]
        text = "".join(lines)
    return text


def loaded(text: str, path: Path, *, mapping: str | None = None) -> None:
    """Load it, and check that nothing is said but faults."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    own = None
    if mapping is not None:
        own = path.with_name("mapping.yaml")
        own.write_bytes(mapping.encode("utf-8", "surrogatepass"))
    faults: tuple[str, ...] = ()
    try:
        sources.load(path, mapping=own)
    except SourceError as error:
        faults = error.faults
        assert faults
    for fault in faults:
        assert PLACE.fullmatch(fault), fault
        assert " object at 0x" not in fault


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / "mutated.yaml"


@each_source
@fuzzed
@given(data=st.data())
def test_a_shipped_file_that_was_changed_is_a_source_or_faults(
    path: Path, name: str, data: st.DataObject
) -> None:
    loaded(data.draw(mutated(SHIPPED[name])), path)


@each_source
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_mapping_that_was_changed_is_one_or_faults(
    path: Path, name: str, data: st.DataObject
) -> None:
    rules = SHIPPED[name]
    begins = min(rules.index(word) for word in ("\non:", "\ndefault:") if word in rules)
    mapping = f"source: {name}\n" + rules[begins + 1 :]
    loaded(SHIPPED[name], path, mapping=data.draw(mutated(mapping)))


@fuzzed
@given(parts=st.lists(TOKENS | st.text(max_size=5), max_size=30))
def test_any_text_is_a_source_or_faults(path: Path, parts: list[str]) -> None:
    loaded("".join(parts), path)


@fuzzed
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_document_or_faults(content: bytes) -> None:
    try:
        documents.parse(content, name="x.yaml")
    except Faults as error:
        assert all(fault.startswith("x.yaml") for fault in error.faults)  # noqa: PT017


PLAIN: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | TOKENS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("source", "verify", "event", "on", "default", "ignore", "vars", "handshake"),
                    *("answer", "id", "type", "time", "each", "body", "scheme", "upsert", "log"),
                    *("object", "key", "set", "when", "email", "method", "status", "proof", "x"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@fuzzed
@given(content=PLAIN)
def test_any_shape_is_a_source_or_faults(path: Path, content: object) -> None:
    loaded(documents.dump(content), path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: &e [*d, *d]\n"
        + "".join(f"f{n}: &f{n} [*{'e' if n == 0 else f'f{n - 1}'}, *e]\n" for n in range(2_000)),
        "a: &a {b: *a}\n",
        "a: &a [*a]\n",
        "[" * 5_000,
        "{a: " * 5_000,
        "- " * 5_000 + "x",
        "a: " + "'" * 10_001,
        "? " * 3_000,
        "!!python/object/apply:os.system ['true']\n",
        "!!binary x\n",
        "on: !!python/name:os.system\n",
        "\x00",
        "a: \ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        "<<: {source: x}\n",
        "source: x\nsource: y\n",
        "%YAML 9.9\n---\na: 1\n",
        "--- a\n--- b\n",
    ],
)
def test_what_yaml_is_abused_for_is_a_fault(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    with pytest.raises(SourceError):
        sources.load(path)
