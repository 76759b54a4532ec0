"""The API of a whole installation: what is asked for there is done by the worker behind it."""

import json
from typing import Any

import pytest

from app.cli.wire import ask
from tests.journeys.conftest import System, eventually

pytestmark = pytest.mark.journey
PORTAL = "/portals/sandbox"


class Program:
    """A program with a token."""

    def __init__(self, system: System, role: str) -> None:
        made = system.call("token", "new", f"journey {role}", "--role", role)
        assert made.returncode == 0, made.stderr
        word = next(word for word in made.stdout.split() if word.startswith("hlt_"))
        self.url = f"{system.url}/api/v1"
        self.headers = {"Authorization": f"Bearer {word}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        said = ask(self.url + path, headers=self.headers)
        assert said.status == 200, said.body
        return said.json()

    def post(self, path: str, body: object = None) -> Any:
        raw = json.dumps({} if body is None else body).encode()
        said = ask(self.url + path, method="POST", headers=self.headers, body=raw)
        assert said.status in (200, 202), said.body
        return said.json()


def test_what_a_program_asks_for_is_done(system: System) -> None:
    with system.running():
        program = Program(system, "operator")
        assert ask(f"{system.url}/api/v1/events").status == 401
        events = program.get("/events")["events"]
        assert {each["state"] for each in events} == {"done"}
        detail = program.get(f"/events/{events[0]['id']}")
        assert detail["calls"]
        assert all(each["url"].startswith(system.crm) for each in detail["event"]["records"])
        assert program.get("/overview")["portals"][0]["portal"] == "sandbox"

        program.post(f"{PORTAL}/look")
        eventually(lambda: program.get(PORTAL)["survey"] is not None, what="it was looked at")
        assert program.get(PORTAL)["survey"]["faults"] == []

        program.post(f"{PORTAL}/stop", {"reason": "a journey"})
        id = system.send("stripe")
        page = program.get("/events?state=waiting")
        assert [each["id"] for each in page["events"]] == [id]
        program.post(f"{PORTAL}/go")
        assert system.settled(id)["state"] == "done"

        chore = program.post("/chores/replay", {"portal": "sandbox"})
        path = f"{PORTAL}/chores/{chore['id']}"
        eventually(lambda: program.get(path)["progress"] == "done", what="the chore is done")
