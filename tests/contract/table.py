"""The table of the contract: rows × (sandbox, client, SDK), from the tests that ran.

`tests/conftest.py` hands it to pytest, since with several processes no other is asked to report.
"""

import re
import sys
from collections import Counter

import pytest

COLUMNS = {"plain": "sandbox", "ours": "client", "sdk": "SDK"}
MARK = "contract row"


def _place(title: str) -> tuple[int, str]:
    """Return where a row comes: the numbered by their number, then the others."""
    number = re.match(r"\d+", title)
    return (int(number.group()) if number else sys.maxsize, title)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print rows × (sandbox, client, SDK), with the number of tests that spoke for each."""
    passed: Counter[tuple[str, str]] = Counter()
    run: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == MARK:
                    title, columns = value
                    for column in columns:
                        run[title, column] += 1
                        passed[title, column] += outcome == "passed"
    if not run:
        return
    titles = sorted({title for title, _ in run}, key=_place)
    width = max(map(len, titles))
    write = terminalreporter.write_line
    terminalreporter.section("the contract: tests passed in strict and lenient, classic and dated")
    write(f"{'':{width}}" + "".join(f"{name:>12}" for name in COLUMNS.values()))
    for title in titles:
        cells = [(passed[title, name], run[title, name]) for name in COLUMNS.values()]
        shown = (f"{good}" if good == ran else f"{good} of {ran}" for good, ran in cells)
        line = f"{title:{width}}" + "".join(f"{text:>12}" for text in shown)
        write(line, green=all(a == b for a, b in cells), red=any(a != b for a, b in cells))
