"""Tell what Hookline is shipped with: each pinned package, as CycloneDX JSON.

python deploy/sbom.py [FILE]

Versions and hashes are those of deploy/requirements.txt; a licence is what the installed package
says of itself. A package for other systems or Pythons is not installed, and is told without one.
"""

import json
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
PIN = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
LINE_CHARS = 60  # a longer licence is the text of one, not its name


def pins(text: str) -> Mapping[tuple[str, str], list[str]]:
    """Return the hashes of each package and version that is pinned in requirements."""
    found: dict[tuple[str, str], list[str]] = {}
    hashes: list[str] = []
    for line in text.splitlines():
        if pin := PIN.match(line):
            hashes = found.setdefault((pin[1], pin[2]), [])
        hashes.extend(HASH.findall(line))
    return found


def licence(name: str) -> str | None:
    """Return what the installed package says of its licence."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classes = [
        each.rpartition(" :: ")[2]
        for each in told.get_all("Classifier") or []
        if each.startswith("License :: ") and not each.endswith(":: OSI Approved")
    ]
    line = (told.get_all("License") or [""])[0]
    short = line if len(line) <= LINE_CHARS and "\n" not in line else ""
    expression = (told.get_all("License-Expression") or [""])[0]
    return expression or " AND ".join(classes) or short or None


def document(text: str) -> dict[str, object]:
    """Return the bill of materials of these requirements."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "hookline"}},
        "components": [
            _component(name, version, hashes) for (name, version), hashes in pins(text).items()
        ],
    }


def _component(name: str, version: str, hashes: list[str]) -> dict[str, object]:
    url = f"pkg:pypi/{name}@{version}"
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
        # One hash for each file that the version is published as.
        "externalReferences": [
            {
                "type": "distribution",
                "url": url,
                "hashes": [{"alg": "SHA-256", "content": each} for each in hashes],
            }
        ],
    }
    if told := licence(name):
        component["licenses"] = [{"license": {"name": told}}]
    return component


def main(arguments: list[str]) -> int:
    """Write the bill of materials to the file that is named, or to standard output."""
    written = json.dumps(document(REQUIREMENTS.read_text("utf-8")), indent=2) + "\n"
    if arguments:
        file = Path(arguments[0])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(written, "utf-8")
    else:
        sys.stdout.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
