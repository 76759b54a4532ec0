"""Where the command line meets the process that it runs in."""

import os
import sys
from collections.abc import Mapping

# What any program may need of its surroundings; no secret has such a name.
PLAIN = frozenset(("PATH", "HOME", "LANG", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH"))
PLAIN_PREFIXES = ("LC_", "PYTHON")


def environ() -> dict[str, str]:
    """Return a copy of the environment, to add to and hand on."""
    return dict(os.environ)  # noqa: TID251 (the settings are loaded from what this returns)


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment is for a program that has no use for secrets."""
    return {
        name: value
        for name, value in environ.items()
        if name in PLAIN or name.startswith(PLAIN_PREFIXES)
    }


def command(*args: str) -> list[str]:
    """Return the command line of another `hookline`, whatever this one was started as."""
    return [sys.executable, "-P", "-m", "app.cli", *args]
