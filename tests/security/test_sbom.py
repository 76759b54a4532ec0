"""The bill of materials names all that is shipped, and nothing that may not be."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|Dual License", re.IGNORECASE
)
COPYLEFT = re.compile(r"\b[AL]?GPL|GNU|Mozilla|MPL|EPL|CDDL|SSPL|Elastic|Commons", re.IGNORECASE)
EXCEPTIONS = {  # used as they are published, which is all that the licence asks for
    "certifi": "MPL-2.0: a list of certificates",
    "orjson": "MPL-2.0 for a part of it",
}
ELSEWHERE = {"async-timeout", "tzdata"}  # for an older Python, or another system
HASHES = re.compile(r"--hash=sha256:([0-9a-f]+)")


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """What the program writes."""
    said = subprocess.run(
        [sys.executable, str(project / "deploy/sbom.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout


@pytest.fixture(scope="module")
def components(text: str) -> dict[str, dict[str, Any]]:
    """The same, by the name of the package."""
    written = json.loads(text)
    assert (written["bomFormat"], written["specVersion"]) == ("CycloneDX", "1.5")
    return {each["name"]: each for each in written["components"]}


def _hashes(component: dict[str, Any]) -> list[str]:
    told = component["externalReferences"][0]["hashes"]
    assert {each["alg"] for each in told} == {"SHA-256"}
    return [each["content"] for each in told]


def test_it_is_what_the_schema_of_cyclonedx_asks_for(text: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_5)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"purl"', '"purr"')) is not None  # it does look


def test_each_pinned_package_is_told_with_its_version_and_hashes(
    components: dict[str, dict[str, Any]], project: Path
) -> None:
    text = (project / "deploy/requirements.txt").read_text("utf-8")
    entries = [each for each in re.split(r"^(?=\w)", text, flags=re.MULTILINE) if "==" in each]
    assert len(entries) == len(components)
    for entry in entries:
        name, _, rest = entry.partition("==")
        component = components[name.partition("[")[0]]
        assert component["version"] == rest.split()[0].rstrip(";")
        assert _hashes(component) == HASHES.findall(entry)
        assert _hashes(component)


def test_each_installed_package_is_told_with_a_licence(
    components: dict[str, dict[str, Any]],
) -> None:
    silent = {name for name, each in components.items() if "licenses" not in each}
    assert silent <= ELSEWHERE


def test_every_licence_is_permissive_but_for_those_that_are_listed(
    components: dict[str, dict[str, Any]],
) -> None:
    told = {
        name: each["licenses"][0]["license"]["name"]
        for name, each in components.items()
        if "licenses" in each
    }
    strict = {
        name
        for name, licence in told.items()
        if COPYLEFT.search(licence) or not PERMISSIVE.search(licence)
    }
    assert strict == set(EXCEPTIONS), {name: told[name] for name in strict}
