"""A sandbox of the tests' own: a process by itself, on a port that the system chose."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A running sandbox, and its own controls."""

    url: str
    preset: str  # strict or lenient

    @property
    def strict(self) -> bool:
        """Return True if it answers as the stricter of the sources has it."""
        return self.preset == "strict"

    def control(self, verb: str, what: str, /, **body: object) -> dict[str, object]:
        """Do what only a sandbox can: reset, move the clock, activate a type, break a call."""
        answer = requests.request(
            verb, f"{self.url}/_sandbox/{what}", json=body or None, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        found: dict[str, object] = answer.json() if answer.content else {}
        return found


@contextmanager
def running(preset: str) -> Iterator[Account]:
    """Start a sandbox without limits, and end it afterwards."""
    command = [sys.executable, "-m", "app.sandbox", "--port", "0", "--tier", "unlimited"]
    with subprocess.Popen([*command, f"--{preset}"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith("sandbox ready at "), said
            yield Account(url=said.split()[-1], preset=preset)
        finally:
            process.terminate()
