"""A known fault of a package fails the audit; who was not asked is not taken for a good one."""

import http.server
import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

PINNED = """\
flask==3.0.0 --hash=sha256:{hash}
orjson==3.9.0 --hash=sha256:{hash}
"""
FAULT = {
    "id": "PYSEC-1-1",
    "summary": "anybody may do anything",
    "affected": [
        {
            "package": {"name": "orjson", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.9.15"}]}],
        }
    ],
}


class Advisories(http.server.BaseHTTPRequestHandler):
    """A service that speaks as OSV's does."""

    faults: ClassVar[dict[str, object]] = {}
    status: ClassVar[int] = 200
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(query["package"]["name"])
        fault = self.faults.get(query["package"]["name"])
        said = json.dumps({"vulns": [fault]} if fault else {}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    Advisories.faults, Advisories.status, Advisories.asked = {}, 200, []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()
        thread.join()


def audit(project: Path, folder: Path, url: str, *args: str) -> subprocess.CompletedProcess[str]:
    pinned = folder / "requirements.txt"
    pinned.write_text(PINNED.format(hash="0" * 64))
    command = [sys.executable, str(project / "deploy/audit.py"), "--osv-url", url, *args]
    return subprocess.run(
        [*command, str(pinned)], capture_output=True, text=True, check=False, timeout=120
    )


def test_a_known_fault_fails_and_is_named_with_what_mends_it(
    service: str, project: Path, tmp_path: Path
) -> None:
    Advisories.faults = {"orjson": FAULT}
    said = audit(project, tmp_path, service, "--unasked-is-no-fault")
    assert said.returncode == 1
    assert "PYSEC-1-1: orjson 3.9.0, mended in 3.9.15" in said.stderr
    assert sorted(Advisories.asked) == ["flask", "orjson"]


def test_without_a_known_fault_it_says_how_many_were_asked_for(
    service: str, project: Path, tmp_path: Path
) -> None:
    said = audit(project, tmp_path, service)
    assert (said.returncode, "2 packages were asked for, 0 faults" in said.stderr) == (0, True)
    assert "NOT ASKED" not in said.stderr


def test_a_fault_that_does_no_harm_is_left_out_if_somebody_wrote_why(
    service: str, project: Path, tmp_path: Path
) -> None:
    Advisories.faults = {"orjson": FAULT}
    file = tmp_path / "ignored"
    file.write_text("# some\n\nPYSEC-1-1 we hand it nothing of others\n")
    assert audit(project, tmp_path, service, "--ignored", str(file)).returncode == 0
    file.write_text("PYSEC-1-1\n")
    said = audit(project, tmp_path, service, "--ignored", str(file))
    assert said.returncode == 1
    assert "ignored:1: PYSEC-1-1 has no reason" in said.stderr


def test_a_service_that_does_not_answer_is_told_and_is_no_all_clear(
    service: str, project: Path, tmp_path: Path
) -> None:
    Advisories.status = 503
    said = audit(project, tmp_path, service)
    assert said.returncode == 2
    assert "NOT ASKED" in said.stderr
    assert "0 packages were asked for" in said.stderr
    allowed = audit(project, tmp_path, service, "--unasked-is-no-fault")
    assert (allowed.returncode, "NOT ASKED" in allowed.stderr) == (0, True)


def test_a_package_that_the_service_does_not_know_is_no_all_clear(project: Path) -> None:
    script = runpy.run_path(str(project / "deploy/audit.py"))
    answer = script["Answer"](asked=1, faults=(), silent=("flask",))
    code, lines = script["told"](answer)
    assert code == 2
    assert "NOT ASKED: 1 packages are not known there: flask" in lines[0]
