"""The pages of the documentation, taken apart: blocks, commands and settings in their prose."""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent.parent
# All but the changelog, whose commands are those of its time.
PAGES = (
    "README.md",
    *sorted(
        str(each.relative_to(ROOT))
        for each in (ROOT / "deploy").rglob("*.md")
        if each.name != "CHANGELOG.md"
    ),
)
# What is a command even where the program is missing; further ones are found on the PATH.
PROGRAMS = frozenset(
    {".ci/debian", ".ci/run", ".venv/bin/hookline", "apt-get", "cp", "curl", "docker", "git"}
    | {"hookline", "kill", "kubectl", "make", "nginx", "openssl", "pip-audit", "python"}
    | {"systemctl", "systemd-analyze", "uv", "valkey-check-aof", "valkey-cli", "valkey-server"}
)
WHOLE = frozenset({"make", ".ci/run", ".ci/debian"})  # commands though they are one word
FRAGMENT = re.compile(r"[a-z_]+: \S")  # of a configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A block, or a span of code in the prose. `language` is "" for a span."""

    page: str
    line: int
    chapter: str  # its heading of the second level
    section: str  # its heading, of whatever level
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text.splitlines()[0]}"


def samples(page: str) -> list[Sample]:
    """Return what is written as code on a page, in its order."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse((ROOT / page).read_text("utf-8"))
    found: list[Sample] = []
    chapter, section, first_of_table, column, line = "", "", "", 0, 0
    for number, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else line
        match token.type:
            case "heading_open":
                section = tokens[number + 1].content
                chapter = section if token.tag in ("h1", "h2") else chapter
            case "table_open":
                first_of_table = ""
            case "tr_open":
                column = 0
            case "th_open" | "td_open":
                column += 1
                first_of_table = first_of_table or tokens[number + 1].content
            case "fence":
                where = {"page": page, "chapter": chapter, "section": section}
                found.append(Sample(**where, line=line, language=token.info, text=token.content))
            case "inline":
                verb = first_of_table == "verb" and column == 1 and token.level > 2
                for text in _spans(token):
                    said = f"hookline {text}" if verb else text
                    where = {"page": page, "chapter": chapter, "section": section}
                    found.append(Sample(**where, line=line, language="", text=said))
            case _:
                pass
    return found


def _spans(token: Token) -> Iterator[str]:
    for child in token.children or ():
        if child.type == "code_inline":
            yield child.content


def commands(found: Sequence[Sample]) -> list[Sample]:
    """Return the commands in the prose; `hookline x a|b` stands for two."""
    told: list[Sample] = []
    for each in found:
        if each.language == "" and is_command(each.text):
            told += [replace(each, text=text) for text in alternatives(each.text)]
    return told


def is_command(text: str) -> bool:
    """Whether this would be typed into a shell: a program and its arguments."""
    program, _, arguments = text.partition(" ")
    if not arguments:
        return program in WHOLE
    return program in PROGRAMS or shutil.which(program) is not None


def alternatives(text: str) -> list[str]:
    """Return each of the commands that a `|` between words tells at once."""
    choice = re.search(r"(?<=\s)[a-z]+(?:\|[a-z]+)+(?=\s|$)", text)
    if choice is None:
        return [text]
    return [text.replace(choice[0], each) for each in choice[0].split("|")]


def lines(block: Sample) -> list[str]:
    """Return the commands of a block that has one on each line, without what they are for."""
    found = (re.sub(r"\s+# .*$", "", each).strip() for each in block.text.splitlines())
    return [each for each in found if each and not each.startswith("#")]
