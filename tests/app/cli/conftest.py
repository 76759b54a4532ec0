"""The command line as a user calls it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Hookline = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hookline(project: Path, tmp_path: Path) -> Hookline:
    """Calls `hookline` in an empty folder, with nothing of ours in the environment."""

    def call(
        *args: str, environ: Mapping[str, str] | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        ours = ("HOOKLINE_CONFIG", "REDIS_URL", "BROKER_URL", "SANDBOX_URL")
        plain = {name: value for name, value in os.environ.items() if name not in ours}
        return subprocess.run(
            [sys.executable, "-P", "-m", "app.cli", *args],
            cwd=tmp_path,
            env={**plain, "PYTHONPATH": str(project), **(environ or {})},
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call
