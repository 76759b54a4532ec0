"""Each command in the documentation is run against a running system, or is listed with a reason."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from app.cli.wire import answers, ask
from tests.docs import table
from tests.docs.pages import PAGES, ROOT, Sample, commands, lines, samples
from tests.docs.place import Place, order, place
from tests.docs.test_drills import DRILLS
from tests.journeys.conftest import START_S, eventually

pytestmark = pytest.mark.journey

OUTPUT = {"endpoint  type              state"}  # a text block that is the output of `make run`
DRAWINGS = {"sender ──POST /hooks/NAME──▶ app (Flask)"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("docs"), project) as found:
        yield found


def scripts(page: str) -> list[Sample]:
    """The blocks of a page that are a program for the shell, but for the drills."""
    return [each for each in samples(page) if each.language == "sh" and each.chapter != DRILLS]


def told(page: str) -> list[str]:
    """Every command of a page, in its order, each once."""
    found: list[str] = []
    for each in samples(page):
        if each.language == "sh" and each.chapter != DRILLS:
            found += _parts(each)
        else:
            found += [command.text for command in commands([each])]
    return list(dict.fromkeys(found))


def _parts(block: Sample) -> list[str]:
    """A block as a whole, or line by line where a line is not run as it stands."""
    each = lines(block)
    special = {*table.NOT_RUN, *table.RUNNING, *table.SERVES}
    return each if special.intersection(each) else [block.text]


def filled(command: str, place: Place) -> str:
    """Return the command with what its words stand for here."""
    words = {**table.WORDS, **table.OF_ONE.get(command, {})}
    longest_first = "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True))
    text = re.sub(rf"(?<![\w-])({longest_first})(?![\w-])", lambda found: words[found[1]], command)
    if command in table.MORE:
        text += f" {table.MORE[command]}"
    text = found_out(text, place)
    left = re.findall(r"(?<![\w$-])[A-Z]{2,}_?[A-Z]*…?(?![\w=-])", text)
    assert "\n" in command or not left, f"{command}: what does {left} stand for?"
    return text


def found_out(text: str, place: Place) -> str:
    """Return the text with what was found when the place was made: {done} is an event's id."""
    names = "|".join(place.words)
    return re.sub(rf"{{({names})}}", lambda found: place.words[found[1]], text)


def serve(command: str, place: Place) -> None:
    """Run what serves until it answers, and stop it as its supervisor would."""
    url = found_out(table.SERVES[command], place)
    started = subprocess.Popen(
        ["bash", "-c", f"exec {filled(command, place)}"],
        cwd=place.system.folder,
        env=place.environ,
        start_new_session=True,
    )
    try:
        eventually(lambda: answers(url) or started.poll() is not None, what=f"{command} serves")
        assert started.poll() is None
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(START_S)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(page: str, running: Place) -> None:
    processes = list(running.system.pids().values())
    failed: list[str] = []
    for command in told(page):
        if command in table.NOT_RUN or command in running.ran:
            continue
        running.ran.add(command)
        if command in table.RUNNING:
            assert any(table.RUNNING[command] in each for each in processes), (command, processes)
        elif command in table.SERVES:
            serve(command, running)
        else:
            script = filled(command, running)
            done = running.run(script)
            if done.returncode != 0:
                failed.append(f"{page}: {script}\n{done.stdout}{done.stderr}")
    assert not failed, "\n\n".join(failed)


def test_what_the_readme_shows_of_the_start_is_what_is_printed(running: Place) -> None:
    (shown,) = [each for page in PAGES for each in samples(page) if _begins(each, OUTPUT)]
    printed = [_plain(each) for each in running.system.output.read_text("utf-8").splitlines()]
    at = 0
    for line in shown.text.splitlines():
        if line != "…":
            assert _plain(line) in printed[at:], line
            at = printed.index(_plain(line), at) + 1


def _plain(line: str) -> str:
    """A line without the ids of records, and the width of the columns that follows from them."""
    return re.sub(r"\s+", " ", re.sub(r"(?<=/)\d+", "1", line)).strip()


def _begins(block: Sample, with_one_of: set[str]) -> bool:
    return block.language == "text" and block.text.startswith(tuple(with_one_of))


def test_what_celery_applications_are_told_to_send_is_accepted(running: Place) -> None:
    found = [each for page in PAGES for each in samples(page)]
    (shown,) = [each for each in found if each.text.startswith("app.send_task(")]
    sent = order("from-celery", email="celery@acme.example")
    call = shown.text.replace("{…}", repr(sent))
    with Celery("theirs", broker=running.environ["REDIS_URL"]) as app:
        exec(call, {"app": app})  # noqa: S102 (a line of our own pages)

    def is_there() -> bool:
        return any("from-celery" in str(each) for each in running.system.events())

    eventually(is_there, what="the event of the Celery application is there")


def test_the_pages_that_are_named_are_served(running: Place) -> None:
    served = {"/healthz", "/metrics", "/readyz", "/readyz/door", "/api/v1/openapi.json"}
    named = {each.text for page in PAGES for each in samples(page)}
    assert served <= named
    for path in served:
        assert ask(running.system.url + path).status in (200, 401), path  # some want a log-in


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    for each in (
        each for page in PAGES for each in samples(page) if each.language or "\n" in each.text
    ):
        assert each.language in {"sh", "yaml", "python", "text"}, str(each)
        if each.language == "text" and each.chapter != DRILLS:
            assert _begins(each, OUTPUT | DRAWINGS), str(each)


def test_what_is_listed_is_written_somewhere() -> None:
    written = {command for page in PAGES for command in told(page)}
    for name in ("NOT_RUN", "RUNNING", "OF_ONE", "MORE", "SERVES"):
        assert set(getattr(table, name)) - written == set(), name


def test_what_continuous_integration_runs_it_runs() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    listed = [each for each, why in table.NOT_RUN.items() if why == "is a step of .ci/run"]
    assert listed
    assert set(listed) <= set(script)
