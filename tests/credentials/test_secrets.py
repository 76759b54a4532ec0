"""Nothing of an app's secrets is in a log, on a command line, in an answer or in the store."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from subprocess import Popen, run

import pytest
import requests

from app.cli.ports import free_port
from tests.app.conftest import eventually
from tests.credentials.conftest import CLIENT_ID, CLIENT_SECRET, PORTAL, Bench, brought_back
from tests.security.test_secrets import _family
from workers.store.clients import client

KEY = "0123456789abcdef" * 4
CONFIG = """\
store: {store}
external_url: http://127.0.0.1:{port}
portals:
  acme:
    base_url: {crm}
    oauth:
      client_id: {id}
      client_secret: ${{APP_SECRET}}
      scopes: [crm.objects.contacts.read, crm.objects.contacts.write, crm.schemas.contacts.read,
               crm.objects.notes.read, crm.objects.notes.write, crm.schemas.notes.read]
endpoints:
  open: {{source: open.yaml, portal: acme}}
"""
SOURCE = """\
source: open
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
"""


@pytest.fixture
def environ(bench: Bench, tmp_path: Path, project: Path) -> dict[str, str]:
    """The secrets are given by files, and the key by the environment."""
    config = tmp_path / "hookline.yaml"
    port = free_port()
    config.write_text(CONFIG.format(store=bench.url, port=port, crm=bench.server.url, id=CLIENT_ID))
    (tmp_path / "open.yaml").write_text(SOURCE)
    (tmp_path / "secret").write_text(CLIENT_SECRET + "\n")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(project),
        "HOME": str(tmp_path),
        "HOOKLINE_CONFIG": str(config),
        "HOOKLINE_SECRET_KEY": KEY,
        "APP_SECRET_FILE": str(tmp_path / "secret"),
        "PORT": str(port),
    }


@contextmanager
def _started(name: str, environ: dict[str, str], folder: Path, *args: str) -> Iterator[int]:
    with (folder / f"{name}.log").open("wb") as out:
        process = Popen(
            [sys.executable, "-P", "-m", "app.cli", name, *args],
            cwd=folder,
            env=environ,
            stdout=out,
            stderr=out,
        )
    try:
        yield process.pid
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(timeout=60)


def _visited(url: str, cookie: str = "") -> tuple[int, str, str]:
    """What is answered: the status, where to, and the cookie."""
    answer = requests.get(url, headers={"Cookie": cookie}, allow_redirects=False, timeout=30)
    given = answer.headers.get("Set-Cookie", "").partition(";")[0]
    return answer.status_code, answer.headers.get("Location", ""), given


def _posted(home: str, number: int) -> int:
    body = {"id": f"e{number}", "type": "saved", "email": f"p{number}@example.org"}
    return requests.post(f"{home}/hooks/open", json=body, timeout=30).status_code


def test_web_worker_and_connect_tell_none_of_an_apps_secrets(
    bench: Bench, environ: dict[str, str], tmp_path: Path
) -> None:
    port = environ["PORT"]
    home = f"http://127.0.0.1:{port}"
    consents = bench.server.sandbox.consents
    with ExitStack() as stack:
        pids = [
            stack.enter_context(
                _started("web", environ, tmp_path, "--port", port, "--workers", "1", "--no-admin")
            ),
            stack.enter_context(_started("worker", environ, tmp_path, "--threads", "2")),
        ]
        eventually(lambda: _answers(home))
        said = run(
            [sys.executable, "-P", "-m", "app.cli", "connect", PORTAL],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        status, where, cookie = _visited(said.stdout.strip())
        assert (status, CLIENT_SECRET in where) == (303, False)
        found = brought_back(where)
        query = f"code={found['code']}&state={found['state']}"
        assert _visited(f"{home}/oauth/callback?{query}", cookie)[0] == 200
        assert _posted(home, 1) == 202
        eventually(lambda: len(_contacts(bench)) == 1)
        tokens = {*consents.refresh, *consents.access.tokens}
        assert len(tokens) >= 2
        bench.account.control("oauth/uninstall")
        assert _posted(home, 2) == 202
        with closing(client(bench.url, timeout_s=10)) as store:
            eventually(lambda: store.get("hl:{acme}:pause") is not None)
            reason = store.get("hl:{acme}:pause")
            assert b"takes its refresh token no more" in reason
            kept = b"".join(key + store.dump(key) for key in store.keys("*") if store.exists(key))
        family = set[int]().union(*(_family(pid) for pid in pids))
        lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family)
    logs = b"".join((tmp_path / f"{name}.log").read_bytes() for name in ("web", "worker"))
    told = said.stderr.encode()
    secrets = [each.encode() for each in (*tokens, CLIENT_SECRET, KEY)]
    for secret in (*secrets, bytes.fromhex(KEY)):
        for place, text in (("log", logs), ("line", lines), ("store", kept), ("said", told)):
            assert secret not in text, (place, secret)


def _answers(home: str) -> bool:
    try:
        return _visited(f"{home}/healthz")[0] == 200
    except OSError:
        return False


def _contacts(bench: Bench) -> list[object]:
    found: list[object] = bench.account.done("GET", "/_sandbox/records", status=200).get(
        "contacts", []
    )
    return found
