"""Where the command line meets the process that it runs in."""

import os
import sys


def environ() -> dict[str, str]:
    """Return a copy of the environment, to add to and hand on."""
    return dict(os.environ)  # noqa: TID251 (the settings are loaded from what this returns)


def command(*args: str) -> list[str]:
    """Return the command line of another `hookline`, whatever this one was started as."""
    return [sys.executable, "-P", "-m", "app.cli", *args]
