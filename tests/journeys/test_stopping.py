"""Accepted means kept: through a stop, and through `kill -9` of anything or everything."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.journeys.conftest import System, eventually
from workers.settings import shipped

pytestmark = pytest.mark.journey


def _portal(system: System, tmp_path: Path, *, paused: bool) -> None:
    """Configure the sandbox as a portal that is written to, or waits."""
    text = shipped().read_text("utf-8")
    before = "    token: ${SANDBOX_TOKEN:-sandbox}\n"
    assert before in text
    text = text.replace(before, f"{before}    paused: {str(paused).lower()}\n")
    (tmp_path / "c.yaml").write_text(text, "utf-8")
    system.environ["HOOKLINE_CONFIG"] = "c.yaml"


def _notes(system: System, accepted: Sequence[str]) -> int:
    """How many notes the ticket has that all these events are about, once they are done."""
    found = [system.settled(each) for each in accepted]
    assert [each["state"] for each in found] == ["done"] * len(accepted)
    (ticket,) = {each["steps"][0]["record"] for each in found}
    return len(system.linked(ticket, "notes"))


def test_what_waits_at_a_stop_is_done_after_the_next_start(system: System, tmp_path: Path) -> None:
    _portal(system, tmp_path, paused=True)
    with system.running("--no-first"):
        waiting = [system.send("stripe"), system.send("shopify")]
        assert {system.shown(each)["state"] for each in waiting} == {"waiting"}
    _portal(system, tmp_path, paused=False)
    with system.running("--no-first"):
        for each in waiting:
            assert system.settled(each)["state"] == "done"
        assert len(system.events()) == 2


def test_what_was_accepted_survives_kill_9_of_everything(system: System, tmp_path: Path) -> None:
    _portal(system, tmp_path, paused=True)  # so that nothing can be done before the kill
    with system.running("--no-first"):
        accepted = [system.send("github") for _ in range(3)]
        system.kill()
    _portal(system, tmp_path, paused=False)
    with system.running("--no-first"):
        assert _notes(system, accepted) == 3  # once each


def test_kill_9_in_the_middle_of_the_work_loses_and_doubles_nothing(system: System) -> None:
    with system.running("--no-first"):
        accepted = [system.send("github"), system.send("github")]
        system.kill()
    with system.running("--no-first"):
        assert _notes(system, accepted) == 2


@pytest.mark.parametrize("named", ["cli worker", "cli web", "app.sandbox", "valkey-server"])
def test_a_process_that_is_killed_is_started_again(system: System, named: str) -> None:
    with system.running("--no-first"):
        before = system.send("stripe")
        system.kill(named)
        eventually(lambda: "was killed by SIGKILL" in system.output.read_text(), what="it is told")
        eventually(lambda: any(named in c for c in system.pids().values()), what="it is there")
        eventually(system.answers, what="the door answers")
        after = system.send("shopify")
        assert system.settled(before)["state"] == "done"
        assert system.settled(after)["state"] == "done"
