"""What the README says is so: its commands, its links, its examples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from workers import sources
from workers.settings import load

NAMES = {  # as the README writes them, where that is not the file's name
    "cloudevents": "CloudEvents",
    "docusign": "DocuSign",
    "github": "GitHub",
    "hmac": "HMAC",
    "hubspot": "HubSpot",
    "meta_lead_ads": "Meta Lead Ads",
    "sendgrid": "SendGrid",
    "standard_webhooks": "Standard Webhooks",
}


@pytest.fixture(scope="session")
def readme(project: Path) -> str:
    return (project / "README.md").read_text("utf-8")


def _blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)


def _hookline(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *args],
        cwd=project,
        env={"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_verb_of_make_is_there(readme: str, project: Path) -> None:
    told = set(re.findall(r"\bmake ([a-z]+)\b", " ".join(_blocks(readme, "sh"))))
    told |= set(re.findall(r"`make ([a-z]+)`", readme))
    makefile = (project / "Makefile").read_text("utf-8")
    assert {"run", "test", "demo", "lint"} <= told
    for verb in told:
        assert re.search(rf"^{verb}:.* ## ", makefile, re.MULTILINE), verb


def test_bare_make_lists_every_verb(project: Path) -> None:
    listed = subprocess.run(["make"], cwd=project, capture_output=True, text=True, check=True)
    makefile = (project / "Makefile").read_text("utf-8")
    verbs = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    assert [line.split()[1] for line in listed.stdout.splitlines()] == verbs


def test_every_verb_of_the_command_line_is_there(readme: str, project: Path) -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", readme, re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"`([a-z]+)[^`]*`", row)}
    commands = set(re.findall(r"^  ([a-z]+) ", _hookline(project, "--help").stdout, re.MULTILINE))
    told = named & commands
    assert {"run", "web", "worker", "send", "plan", "check", "events", "provision"} <= told
    assert commands - told <= {"crm", "consume", "backfill"}, "the README leaves them out"
    for verb in re.findall(r"`hookline ([a-z]+)", readme):
        assert verb in commands, verb


def test_every_link_leads_somewhere(readme: str, project: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in link]
    assert links
    for link in links:
        assert (project / link.partition("#")[0].replace("\\", "")).exists(), link


def test_every_module_of_the_map_is_there(readme: str, project: Path) -> None:
    section = readme.partition("## Map of the code")[2].partition("\n## ")[0]
    for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE):
        first, *more = re.findall(r"`([^`]+)`", row)
        folder = Path(first).parent
        for path in (first, *(str(folder / each) for each in more)):
            assert (project / path).exists(), path


def test_every_shipped_source_is_named(readme: str) -> None:
    for name in sources.shipped():
        told = NAMES.get(name, name)
        assert re.search(rf"\b{told}\b", readme, re.IGNORECASE if name not in NAMES else 0), name


def test_the_source_that_is_shown_can_be_used(readme: str, project: Path, tmp_path: Path) -> None:
    (source,) = [block for block in _blocks(readme, "yaml") if block.startswith("source:")]
    (tmp_path / "shop.yaml").write_text(source, "utf-8")
    (tmp_path / "sample.json").write_text(
        '{"id": "o-1", "type": "order.paid", "at": "2026-09-21T14:13:20Z", "total": 1200,'
        ' "currency": "NOK", "buyer": {"email": "zoe@acme.example", "name": "Zoe Lind"}}'
    )
    done = _hookline(
        project, "plan", str(tmp_path / "sample.json"), "--source", str(tmp_path / "shop.yaml")
    )
    assert done.returncode == 0, done.stderr
    assert "#   pin pin receipt to buyer" in done.stdout
    assert "# call 3 of 3" in done.stdout


def test_the_shipped_configuration_is_where_the_readme_says(readme: str, project: Path) -> None:
    assert "[deploy/hookline.yaml](deploy/hookline.yaml)" in readme
    path = str(project / "deploy" / "hookline.yaml")
    assert load({"HOOKLINE_CONFIG": path}) == load({})


def test_the_sandbox_serves_hubspots_own_client_as_shown(readme: str) -> None:
    (block,) = [each for each in _blocks(readme, "python") if "Server(" in each]
    program = "from hubspot import HubSpot\n" + block
    program += (
        "    page = client.crm.contacts.basic_api.get_page()\n    assert page.results == []\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_line_speaks_of_a_machine_path(readme: str) -> None:
    assert not re.search(r"(?<![\w.])/(root|home|tmp|work)/", readme)


def test_every_failure_that_is_told_names_a_test_that_is_there(readme: str, project: Path) -> None:
    pages = [readme, *(each.read_text("utf-8") for each in (project / "deploy/docs").glob("*.md"))]
    (told,) = [each for each in pages if "| the test that shows it |" in each]
    _, _, table = told.partition("| the test that shows it |")
    rows = table.partition("\n\n")[0].strip("\n").splitlines()[1:]
    assert len(rows) > 20
    assert [row for row in rows if "`tests/" not in row] == []
    for path, name in re.findall(r"`(tests/[^`:]+)::([^`]+)`", "".join(pages)):
        text = (project / path).read_text("utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{path}::{name}"
