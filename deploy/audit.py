"""Ask an advisory service whether a fault is known of any pinned package.

python deploy/audit.py [--unasked-is-no-fault] [--osv-url URL] [FILE…]

Ends with 1 if a fault is known, 2 if there was no answer for a package (none is taken for a good
one), 0 if every package was asked for and none has a known fault. PyPI is asked, or the service of
OSV at the URL. A fault that does no harm here is named in `deploy/audit.ignored`, with the reason.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FILES = (HERE / "requirements.txt", HERE / "requirements-dev.txt")
IGNORED = HERE / "audit.ignored"
KNOWN, UNASKED = 1, 2
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service said: `ID: package version, mended in …`; and of whom it said nothing."""

    asked: int
    faults: tuple[str, ...]
    silent: tuple[str, ...]
    why: str = ""  # the service gave no answer at all


def ignored(file: Path) -> Iterator[str]:
    """Give the ids that a file names. Raises ValueError for one without a reason."""
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        id, _, reason = line.partition(" ")
        if not id or id == "#":
            continue
        if not reason.strip():
            raise ValueError(f"{file}:{number}: {id} has no reason; write one behind it")
        yield id


def ask(files: Sequence[Path], *, osv_url: str | None, ignore: Sequence[str]) -> Answer:
    """Return what the advisory service says of the packages that the files pin."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--desc", "off"]
    for file in files:
        command += ["--requirement", str(file)]
    for id in ignore:
        command += ["--ignore-vuln", id]
    if osv_url:
        command += ["--vulnerability-service", "osv", "--osv-url", osv_url]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(said.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = said.stderr.strip().splitlines() or ["it said nothing"]
        return Answer(asked=0, faults=(), silent=(), why=lines[-1])
    return Answer(
        asked=sum("skip_reason" not in each for each in packages),
        faults=tuple(fault for each in packages for fault in _faults(each)),
        silent=tuple(each["name"] for each in packages if "skip_reason" in each),
    )


def _faults(package: dict[str, object]) -> Iterator[str]:
    faults = package.get("vulns")
    for each in faults if isinstance(faults, list) else ():
        mended = ", ".join(each.get("fix_versions") or ()) or "no version"
        yield f"{each['id']}: {package['name']} {package['version']}, mended in {mended}"


def told(answer: Answer) -> tuple[int, list[str]]:
    """Return how to end, and what to say."""
    lines = [f"a known fault: {each}" for each in answer.faults]
    if answer.why:
        lines.append(f"NOT ASKED: no advisory service answered: {answer.why}")
    elif answer.silent:
        some = ", ".join(answer.silent[:SHOWN]) + (", …" if len(answer.silent) > SHOWN else "")
        lines.append(f"NOT ASKED: {len(answer.silent)} packages are not known there: {some}")
    if answer.why or answer.silent:
        lines.append("nothing is known of these; run `make audit` where PyPI can be reached")
    lines.append(f"{answer.asked} packages were asked for, {len(answer.faults)} faults are known")
    code = KNOWN if answer.faults else UNASKED if answer.why or answer.silent else 0
    return code, lines


def main(arguments: Sequence[str]) -> int:
    """Ask, say what was answered, and return how to end."""
    parser = argparse.ArgumentParser(description="Ask for known faults of the pinned packages.")
    parser.add_argument("--unasked-is-no-fault", action="store_true", help="end with 0, not with 2")
    parser.add_argument("--osv-url", help="ask this service of OSV instead of PyPI")
    parser.add_argument("--ignored", type=Path, default=IGNORED, help="what does no harm here")
    parser.add_argument("files", nargs="*", type=Path, default=FILES, help="what pins packages")
    given = parser.parse_args(arguments)
    try:
        names = list(ignored(given.ignored))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return KNOWN
    code, lines = told(ask(given.files, osv_url=given.osv_url, ignore=names))
    for line in lines:
        sys.stderr.write(f"audit: {line}\n")
    return 0 if code == UNASKED and given.unasked_is_no_fault else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
