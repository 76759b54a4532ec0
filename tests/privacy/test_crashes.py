"""What a crash leaves in a log: where it was and of which kind, and no value."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from celery import Celery

from workers.logs import Unquoting, places, unquote_tasks

MARK = "mona.marked@example.com"
PROGRAM = """\
import threading
from workers.logs import configure, log

def handle(body):
    secret = body["token"]
    try:
        int(body["email"])
    except ValueError as error:
        raise KeyError(body["email"]) from error

configure()
body = {"email": "mona.marked" + "@example.com", "token": "tok-" + "marked"}
try:
    handle(body)
except KeyError as error:
    log.exception("turn broke", portal="acme")
    log.error("turn not told", exc_info=error)
thread = threading.Thread(target=handle, args=(body,), name="a thread")
thread.start()
thread.join()
handle(body)
"""


def test_no_line_of_a_crash_has_a_value_and_each_has_the_place(project: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=project, capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    lines = said.stderr.splitlines()
    assert [line.count('"exception":') for line in lines] == [1, 1, 1, 1]
    for line in lines:
        assert "line 9, in handle" in line
        assert "ValueError" in line
        assert "and then:" in line
        assert line.rstrip("}").count("KeyError") == 1
    assert "marked" not in said.stdout + said.stderr
    assert sum('"crashed"' in line for line in lines) == 2


def test_a_task_that_fails_quotes_neither_its_arguments_nor_what_it_met(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Celery("test", broker="memory://")

    @app.task  # type: ignore[untyped-decorator]
    def fail(body: str) -> None:
        raise KeyError(body)

    unquote_tasks()
    logger = logging.getLogger("celery.app.trace")
    try:
        with caplog.at_level(logging.INFO):
            fail.apply(args=[MARK])
    finally:
        for each in [each for each in logger.filters if isinstance(each, Unquoting)]:
            logger.removeFilter(each)
    assert "raised unexpected: KeyError" in caplog.text
    assert "in fail" in caplog.text
    assert MARK not in caplog.text


def test_what_was_hidden_by_whoever_raised_it_stays_hidden() -> None:
    hidden = ValueError(MARK)
    hidden.__context__ = KeyError(MARK)
    assert places(hidden).splitlines() == ["KeyError", "", "and then:", "", "ValueError"]
    hidden.__suppress_context__ = True
    assert places(hidden) == "ValueError"
