"""The one running system that the documentation's commands meet, and what their words stand for."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from kombu import Connection

from app.cli.ports import free_port
from app.cli.wire import ask
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.docs.pages import ROOT, samples
from tests.journeys.conftest import START_S, System
from tests.workers.receivers import webhooks
from workers.settings import shipped
from workers.store.embedded import binary_path
from workers.tether import tethered

PORTALS = """
portals:
  acme: {base_url: "${SANDBOX_URL:-http://127.0.0.1:8788}", token: sandbox}
  bare: {base_url: "${BARE_URL:-http://127.0.0.1:8788}", token: bare}
  emea:
    base_url: "${SANDBOX_URL:-http://127.0.0.1:8788}"
    oauth: {client_id: c, client_secret: s, scopes: [crm.objects.contacts.write]}
"""
ENDPOINTS = """
endpoints:
  shop: {source: shop, portal: acme, secret: shop-secret}
  bare: {source: bare, portal: bare, secret: bare-secret}
"""
# A deal is nothing that a portal without our property could read back.
BARE = """\
source: bare
verify: {scheme: token, query: token}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  bought:
    - create: deal
      object: deals
      set: {dealname: "{{ body.id }}", pipeline: default, dealstage: closedwon}
"""
ORDER = {"type": "order.paid", "at": "2026-09-21T14:13:20Z", "total": 1200, "currency": "NOK"}


def order(id: str, **buyer: str) -> dict[str, object]:
    """An event of the shop that the README adds; without an address it cannot be handled."""
    return {**ORDER, "id": id, "buyer": {"name": "Ida Lie", **buyer}}


def tools(folder: Path) -> None:
    """Lay the programs that the documentation names into a folder, by those names."""
    folder.mkdir(parents=True)
    ours = f'#!/bin/sh\nexec "{sys.executable}" -P -m app.cli "$@"\n'
    (folder / "hookline").write_text(ours, "utf-8")
    (folder / "hookline").chmod(0o755)
    (folder / "python").symlink_to(sys.executable)
    for name in ("valkey-server", "valkey-check-aof"):  # one program, which goes by its name
        (folder / name).symlink_to(binary_path())
    found = shutil.which("valkey-cli") or shutil.which("redis-cli")
    assert found, "redis-cli is missing; .ci/debian installs it"
    (folder / "valkey-cli").symlink_to(found)


class Made(System):
    """An installation that is started by `make run`."""

    def command(self, *args: str) -> list[str]:
        if args[0] != "run":
            return super().command(*args)
        given = ["--data", str(self.folder / ".hookline"), *args[1:]]
        make = ["make", "-C", self.environ["PYTHONPATH"], "run", f"ARGS={' '.join(given)}"]
        return tethered(make)  # it ends what it runs when this process is gone

    def stop(self) -> None:
        """Stop it as Ctrl-C does, which every process at the terminal hears."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(START_S)
            assert "stopped; what was accepted is kept" in self.output.read_text("utf-8")
        self.process = None


@dataclass(kw_only=True)
class Place:
    """Everything runs; `run` does in its folder what a reader types."""

    system: Made
    words: Mapping[str, str] = field(default_factory=dict)
    ran: set[str] = field(default_factory=set)  # on some page or other

    @property
    def environ(self) -> dict[str, str]:
        """What a reader's shell has set."""
        return self.system.environ | {
            "REDIS_URL": f"redis://127.0.0.1:{self.system.store}/0",
            "SANDBOX_URL": self.system.crm,
            "PATH": f"{self.system.folder / '.venv/bin'}:{os.environ['PATH']}",
        }

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script, or one command, as a reader's shell does."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT if script.startswith("make") else self.system.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_S,
        )

    def post(self, path: str, body: object) -> str:
        """Deliver an event; return its id."""
        sent = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        said = ask(self.system.url + path, method="POST", headers=headers, body=sent)
        assert said.status == 202, said.body
        found = said.json()
        assert isinstance(found, dict)
        return str(found["id"])


@contextmanager
def place(folder: Path, project: Path) -> Iterator[Place]:
    """The whole system at work, with an event in each state that the documentation speaks of."""
    tools(folder / ".venv/bin")
    _write(folder)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environ = {**plain, "HOOKLINE_CONFIG": str(folder / "hookline.yaml")}
    with Server(Options(seed=3)) as bare, webhooks() as told:
        environ |= {"BARE_URL": bare.url, "NOTICES_URL": told.url}
        system = Made(folder, project, environ)
        system.environ["WEB_URL"] = system.url
        with system.running():
            found = Place(system=system)
            for _ in range(2):
                bare.sandbox.faults.add({"kind": "lost", "path": "/deals/batch/create"})
                id = found.post("/hooks/bare?token=bare-secret", {"id": f"b{_}", "type": "bought"})
                assert system.settled(id)["state"] == "unknown"
            found.words = _words(found)
            yield found


def _write(folder: Path) -> None:
    text = shipped().read_text("utf-8")
    for section in (PORTALS, ENDPOINTS):
        name = section.split()[0]
        assert f"\n{name}\n" in text
        text = text.replace(f"\n{name}\n", section, 1)
    top = {
        "sources": ["sources"],
        "external_url": "${WEB_URL:-http://127.0.0.1:8787}",
        "secret_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "retry_first_s": 0.2,
        "notices": {"to": [{"url": "${NOTICES_URL}"}]},
    }
    (folder / "hookline.yaml").write_text(text + yaml.safe_dump(top), "utf-8")
    for name in ("sources", "mappings", "backup"):
        (folder / name).mkdir()
    (folder / "sources/bare.yaml").write_text(BARE, "utf-8")
    (shop,) = [each for each in samples("README.md") if each.text.startswith("source: shop")]
    (folder / "sources/shop.yaml").write_text(shop.text, "utf-8")
    mapping = re.sub(r"^(verify|event):.*\n", "", shop.text, flags=re.MULTILINE)
    (folder / "mappings/shop.yaml").write_text(mapping, "utf-8")
    past = [order(f"past-{n}", email=f"past{n}@acme.example") for n in range(3)]
    (folder / "past.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in past), "utf-8")


def _words(place: Place) -> dict[str, str]:
    """What the words in capitals stand for, and the ports that are others here."""
    system = place.system
    gone = _sent(system, order("o-1", email="gone@acme.example"))
    done = _sent(system, order("o-2", email="here@acme.example"))
    dead = _sent(system, order("o-3"))
    assert system.settled(gone)["state"] == system.settled(done)["state"] == "done"
    assert system.settled(dead)["state"] == "dead", system.shown(dead)
    unknown = [each["id"] for each in system.events() if each["state"] == "unknown"]
    assert system.call("user", "add", "eva").returncode == 0
    token = system.call("token", "new", "old").stdout
    queue = f"redis://127.0.0.1:{system.store}/5"
    with Connection(queue) as broker:
        broker.SimpleQueue("orders").put(order("q-1", email="queue@acme.example"))
    return {
        "done": done,
        "dead": dead,
        "unknown": unknown[0],
        "another unknown": unknown[1],
        "queue": queue,
        "token": token.split("_")[1],
        "free port": str(free_port()),
        "web": str(system.web),
    }


def _sent(system: Made, body: dict[str, object]) -> str:
    file = system.folder / "order.json"
    file.write_text(json.dumps(body), "utf-8")
    return system.send("shop", str(file), "--same")
