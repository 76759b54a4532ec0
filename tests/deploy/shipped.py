"""What is shipped to deploy Hookline with, read as data."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parent.parent.parent
SHIPPED = PROJECT / "deploy"
KUBERNETES = SHIPPED / "kubernetes"
BASES = {each.name: each for each in (KUBERNETES, KUBERNETES / "consume")}
OVERLAY = SHIPPED / "kubernetes-example"
INGRESS = KUBERNETES / "ingress.example.yaml"
UNITS = sorted((SHIPPED / "systemd").glob("*.service"))
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")
NOTHING: Mapping[str, str] = MappingProxyType({})


def tool(name: str, package: str) -> str:
    """The path of another project's program; without it the test is left out, but not in CI."""
    found = shutil.which(name)
    if found is None:
        leave_out(f"not checked: {name} is missing; apt-get install {package}")
    return str(found)


def leave_out(why: str) -> None:
    """Leave the test out; fail it in CI, where none may be left out."""
    (pytest.fail if os.environ.get("HOOKLINE_CI") == "1" else pytest.skip)(why)


@cache
def read(path: Path) -> Any:
    """A YAML file; treat it as frozen."""
    return yaml.safe_load(path.read_text("utf-8"))


@cache
def manifests() -> list[dict[str, Any]]:
    """Every manifest that a kustomization names, and the Ingress."""
    files = [INGRESS]
    for folder in BASES.values():
        files += [folder / name for name in read(folder / "kustomization.yaml")["resources"]]
    return [each for file in files for each in yaml.safe_load_all(file.read_text("utf-8"))]


def of(*kinds: str) -> list[dict[str, Any]]:
    return [each for each in manifests() if each["kind"] in kinds]


def template(pods: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pods["spec"]["template"]
    return found


def container(pods: dict[str, Any]) -> dict[str, Any]:
    (found,) = template(pods)["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environments() -> dict[str, dict[str, str]]:
    """What the generated ConfigMaps hold, by their names."""
    found: dict[str, dict[str, str]] = {}
    for folder in (*BASES.values(), OVERLAY):
        for each in read(folder / "kustomization.yaml").get("configMapGenerator", ()):
            literals = (literal.partition("=") for literal in each.get("literals", ()))
            found.setdefault(each["name"], {}).update({name: text for name, _, text in literals})
    return found


def environment(pods: dict[str, Any]) -> dict[str, str]:
    """The environment of a pod."""
    known = environments()
    found: dict[str, str] = {}
    for each in container(pods).get("envFrom", ()):
        found |= known[each["configMapRef"]["name"]]
    return found


def arguments(pods: dict[str, Any], given: Mapping[str, str] = NOTHING) -> list[str]:
    """What a pod starts: Kubernetes fills in $(NAME), and leaves ${NAME}."""
    there = {**environment(pods), **given}
    return [
        re.sub(r"\$\((\w+)\)", lambda name: there[name[1]], each)
        for each in container(pods)["args"]
    ]


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(SHIPPED / "compose.yaml")["services"]
    return found


def dockerfile() -> str:
    return (SHIPPED / "Dockerfile").read_text("utf-8")


def copied() -> list[str]:
    """What the image is made of, as paths in the project."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", dockerfile(), flags=re.MULTILINE)
    return [name for line in lines for name in line.split()[:-1]]


def unit(path: Path, option: str) -> str:
    """What a unit says of an option."""
    found = re.search(rf"^{option}=(.*)$", path.read_text("utf-8"), flags=re.MULTILINE)
    assert found is not None, f"{path.name} has no {option}"
    return found[1]


def told(folder: Path = SHIPPED) -> Iterator[tuple[str, list[str]]]:
    """Each `hookline …` that a comment of a shipped file tells to call, with where it does."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.suffix not in (".yaml", ".service", ".conf", ""):
            continue
        for line in file.read_text("utf-8").splitlines():
            found = re.search(r"^#.*(?:exec .*|run --rm |/bin/)(?:web|hookline) (.+)$", line)
            if found is not None:
                words = shlex.split(found[1])
                yield file.name, words[1:] if words[0] == "hookline" else words


def plain(words: Sequence[str], given: Mapping[str, str] = NOTHING) -> list[str]:
    """A command line as its reader gets it: $${NAME} is left, ${NAME} is filled in."""

    def filled(found: re.Match[str]) -> str:
        return given.get(found["name"], found["default"] or found["name"])

    return [VARIABLE.sub(filled, each).replace("$$", "$") for each in words]
