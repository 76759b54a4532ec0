"""`${NAME}` in a text of the configuration → what the environment, or a file it names, holds.

Where the environment has neither NAME nor NAME_FILE, the file NAME in the folder that
HOOKLINE_SECRETS names is looked for: so all secrets of a program are given to it at once.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FOLDER = "HOOKLINE_SECRETS"


class Unset(Exception):
    """Raised with what is wrong with a variable, and what to do."""


def filled(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` with each variable replaced; `$${` stands for `${`.

    `${NAME:-default}` is the default if NAME is not set or empty. Raises Unset if a variable has
    no value.
    """
    return _VARIABLE.sub(lambda found: _value(found, environ), text)


def file_of(text: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that holds all of `text`: of `${NAME}` alone, if NAME is in a file."""
    found = _VARIABLE.fullmatch(text.strip())
    if found is None or not found["name"] or found["name"] in environ:
        return None
    file = environ.get(f"{found['name']}_FILE")
    return Path(file) if file else _in_folder(found["name"], environ)


def _in_folder(name: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file of that name among the secrets, None if there is none."""
    folder = environ.get(FOLDER)
    if not folder:
        return None
    file = Path(folder) / name
    try:
        file.lstat()
    except FileNotFoundError:
        return None
    except OSError:
        pass  # what cannot be looked at is told when it is read
    return file


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    name, default = found["name"], found["default"]
    if not _NAME.fullmatch(name):
        raise Unset(f"{found[0]} is no variable; write it like ${{NAME}} or ${{NAME:-default}}")
    value = _looked_up(name, environ)
    if default is not None:
        return value or default
    if value is None:
        raise Unset(f"{name} is not set; set it, or {name}_FILE to a file that holds it")
    return value


def _looked_up(name: str, environ: Mapping[str, str]) -> str | None:
    file = environ.get(f"{name}_FILE")
    if file and name in environ:
        raise Unset(f"{name} and {name}_FILE are both set; unset one of them")
    if file:
        return _held(f"{name}_FILE", Path(file))
    if name in environ:
        return environ[name]
    found = _in_folder(name, environ)
    return None if found is None else _held(FOLDER, found)


def _held(variable: str, file: Path) -> str:
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Unset(f"{variable}: {file} cannot be read ({why}); check the path") from error
