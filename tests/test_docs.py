"""What the pages in deploy/ say is so: their links, verbs and YAML samples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FOLDERS = ("deploy", "deploy/docs", "deploy/store")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))
README = ROOT / "README.md"
WRAPPED = {"CHANGELOG.md", "CONTRIBUTING.md", "README.md", "comparison.md"}
LONGEST = 120


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
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    for path, anchor in re.findall(r"\]\(([^):]*)#([^)]+)\)", page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert anchor in _anchors(target), f"{path}#{anchor}"


def _anchors(page: Path) -> set[str]:
    """The names that headings get on a forge."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", [each for each in PAGES if each.name in WRAPPED], ids=_name)
def test_lines_are_short_but_for_tables(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    long = [each for each in lines if len(each) > LONGEST and not each.startswith("|")]
    assert long == []


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
