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
