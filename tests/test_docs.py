"""What the pages in deploy/ say is so: their links, verbs and YAML samples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "deploy").glob("*.md"), *(ROOT / "deploy/docs").glob("*.md")])
README = ROOT / "README.md"


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8"))
    for link in links:
        target = link.partition("#")[0]
        assert "://" in link or (page.parent / target).exists(), link


@pytest.mark.parametrize("page", [README, *PAGES], ids=_name)
def test_every_shell_sample_is_well_formed(page: Path) -> None:
    for block in _blocks(page, "sh"):
        said = subprocess.run(
            ["/bin/bash", "-n"], input=block, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("page", [README, *PAGES], ids=_name)
def test_every_yaml_sample_is_yaml(page: Path) -> None:
    for block in _blocks(page, "yaml"):
        assert yaml.safe_load(block)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_verb_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for verb in re.findall(r"(?:`|^)make ([a-z]+)\b", text, re.MULTILINE):
        assert re.search(rf"^{verb}:.* ## ", makefile, re.MULTILINE), verb
    said = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    commands = re.findall(r"^  ([a-z]+) ", said.stdout, re.MULTILINE)
    for verb in re.findall(r"(?:`|/|^)hookline ([a-z]+)\b", text, re.MULTILINE):
        assert verb in commands, verb
