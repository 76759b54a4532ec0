"""The threat model names for each threat the tests that show what stops it."""

import re
from pathlib import Path


def test_each_threat_names_tests_that_there_are(project: Path) -> None:
    text = (project / "deploy/SECURITY.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows
    for row in rows:
        named = re.findall(r"tests/[\w/]+\.py", row.split("|")[3])
        assert named, row
        for each in named:
            assert (project / each).is_file(), each
            assert "def test_" in (project / each).read_text("utf-8"), each


def test_what_is_said_beside_the_table_names_only_tests_that_there_are(project: Path) -> None:
    text = (project / "deploy/SECURITY.md").read_text("utf-8")
    for each in re.findall(r"tests/[\w/]+\.py", text):
        assert (project / each).is_file(), each


def test_every_test_of_security_and_privacy_shows_something_of_the_table(project: Path) -> None:
    text = (project / "deploy/SECURITY.md").read_text("utf-8")
    table = [line for line in text.splitlines() if line.startswith("| ")]
    folders = (project / "tests" / name for name in ("security", "privacy"))
    files = {
        str(each.relative_to(project)) for folder in folders for each in folder.glob("test_*.py")
    }
    named = set(re.findall(r"tests/[\w/]+\.py", "\n".join(table)))
    assert files - named == {"tests/security/test_threats.py"}


def test_it_is_one_page(project: Path) -> None:
    text = (project / "deploy/SECURITY.md").read_text("utf-8")
    assert len(text.splitlines()) <= 50
    assert len(text.split()) <= 1_000
