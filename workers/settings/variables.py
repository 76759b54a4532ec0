"""`${NAME}` in a text of the configuration → what the environment, or a file it names, holds."""

import re
from collections.abc import Mapping
from pathlib import Path

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Unset(Exception):
    """Raised with what is wrong with a variable, and what to do."""


def filled(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` with each variable replaced; `$${` stands for `${`.

    `${NAME:-default}` is the default if NAME is not set or empty. Raises Unset if a variable has
    no value.
    """
    return _VARIABLE.sub(lambda found: _value(found, environ), text)


def file_of(text: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that holds all of `text`: of `${NAME}` alone, if NAME_FILE names one."""
    found = _VARIABLE.fullmatch(text.strip())
    if found is None or not found["name"] or found["name"] in environ:
        return None
    file = environ.get(f"{found['name']}_FILE")
    return Path(file) if file else None


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
    if not file:
        return environ.get(name)
    if name in environ:
        raise Unset(f"{name} and {name}_FILE are both set; unset one of them")
    try:
        return Path(file).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Unset(f"{name}_FILE: {file} cannot be read ({why}); check the path") from error
