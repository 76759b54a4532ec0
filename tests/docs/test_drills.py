"""The disaster drills are run, line by line as they are written, and show what they say."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from app.cli.ports import free_port
from tests.docs.pages import ROOT, Sample, samples
from tests.docs.place import tools

pytestmark = pytest.mark.journey

PAGE = "deploy/README.md"
DRILLS = "Disaster drills"  # the section, up to the next of its level
PORTS = ("STORE_PORT", "OTHER_PORT", "WEB_PORT", "CRM_PORT")
LONGEST_S = 1800  # on a machine that is busy; no time is asserted


def drills() -> list[Sample]:
    """The blocks of the drills, in their order."""
    return [each for each in samples(PAGE) if each.language and each.chapter == DRILLS]


def script(blocks: list[Sample]) -> str:
    """One program of all of them, that tells where each begins."""
    found = ["set -eu", "trap down EXIT"]
    for number, each in enumerate(blocks):
        if each.language == "sh":
            found += [f"echo '@{number}'", each.text.replace("/opt/hookline", str(ROOT))]
    return "\n".join(found)


def told(output: str) -> Mapping[int, str]:
    """What each block printed, by its number."""
    parts = re.split(r"^@(\d+)\n", output, flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, on free ports; whatever it started is gone afterwards."""
    started = subprocess.Popen(
        ["bash", "-c", program],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if "HOOKLINE" not in name},
            **{name: str(free_port()) for name in PORTS},
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = started.communicate(timeout=LONGEST_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(program, started.returncode, out, err)


def test_every_drill_shows_what_it_says(tmp_path: Path) -> None:
    tools(tmp_path / "bin")
    blocks = drills()
    done = run(script(blocks), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = told(done.stdout)
    compared = 0
    for number, block in enumerate(blocks):
        if block.language == "text":
            assert printed[number - 1] == block.text, f"{block}\n{done.stderr}"
            compared += 1
    assert compared >= 8


def test_the_drills_are_those_that_are_worth_having() -> None:
    """A worker, the store twice, a restore, a token, the memory, a poison event, a region."""
    drilled = {each.section for each in drills() if each.language == "text"}
    assert len(drilled) == 8
