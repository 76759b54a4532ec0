"""A copy of the append-only file, taken under load, is a back-up: restored, it loses nothing."""

import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests
from flask.testing import FlaskClient

from app.cli.provisioning import provide
from app.sandbox.server import Server
from app.sandbox.web import Options
from app.web import create_app
from workers import sources
from workers.runtime import Runtime
from workers.settings import Endpoint, Portal, Settings
from workers.store import Store
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore, binary_path

PORTAL = "acme"
BEFORE, AFTER = 150, 100
REWRITE = "auto-aof-rewrite-percentage"
MAPPING = """\
source: shop
verify: {scheme: token, header: X-Token}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
    - log: note
      activity: notes
      on: [contact]
      set: {hs_note_body: "{{ body.id }}"}
"""


@contextmanager
def machine(folder: Path, crm: str) -> Iterator[Runtime]:
    """A store with its data in `folder`, and a process that works with it."""
    (folder / "shop.yaml").write_text(MAPPING, "utf-8")
    with EmbeddedStore.start(folder) as server:
        settings = Settings(
            store_url=server.url,
            broker_url="memory://",
            portals={PORTAL: Portal(name=PORTAL, base_url=crm, token="t")},
            endpoints={"shop": Endpoint(name="shop", source="shop", portal=PORTAL, secrets=("s",))},
            sources_dirs=(folder,),
        )
        loaded = {"shop": sources.load("shop", search=(folder,))}
        with closing(Store.of(settings)) as store:
            yield Runtime(settings=settings, store=store, sources=loaded, celery=None)


def deliver(door: FlaskClient, number: int) -> int:
    """Send an event through the door; return the status of its answer."""
    body = {"id": f"e{number}", "type": "saved", "email": f"c{number % 40}@x.example"}
    return door.post("/hooks/shop", json=body, headers={"X-Token": "s"}).status_code


def copy(url: str, folder: Path, to: Path) -> None:
    """Take the back-up, as deploy/README.md says it."""
    with closing(client(url, timeout_s=10)) as store:
        store.config_set(REWRITE, 0)
        while store.info("persistence")["aof_rewrite_in_progress"]:
            threading.Event().wait(0.05)
        shutil.copytree(folder / "appendonlydir", to / "appendonlydir")
        store.config_set(REWRITE, 100)


def checked(copied: Path, tools: Path) -> subprocess.CompletedProcess[str]:
    """What the store's own check says of a copy, as deploy/README.md has it asked."""
    check = tools / "valkey-check-aof"  # the server goes by the name that it is called by
    check.symlink_to(binary_path())
    manifest = copied / "appendonlydir/appendonly.aof.manifest"
    return subprocess.run([check, manifest], capture_output=True, text=True, check=False)


def work_off(runtime: Runtime) -> None:
    """Drain until nothing waits."""
    while runtime.store.backlog(PORTAL, now=runtime.clock()).waiting:
        runtime.drain(PORTAL)


def notes(crm: str) -> Counter[str]:
    """How often each note is there, by its body."""
    found: Counter[str] = Counter()
    after: str | None = "0"
    while after is not None:
        said = requests.get(
            f"{crm}/crm/v3/objects/notes",
            params={"limit": "100", "properties": "hs_note_body", "after": after},
            headers={"Authorization": "Bearer t"},
            timeout=10,
        ).json()
        found.update(str(each["properties"]["hs_note_body"]) for each in said["results"])
        after = said.get("paging", {}).get("next", {}).get("after")
    return found


def test_a_copy_that_ends_within_a_command_lacks_that_one_alone(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    with Server(Options(tier="professional")) as sandbox:
        with machine(old, sandbox.url) as runtime:
            provide(runtime, PORTAL, say=lambda _: None)
            door = create_app(runtime).test_client()
            assert {deliver(door, number) for number in range(20)} == {202}
            copy(runtime.settings.store_url, old, new)
            assert deliver(door, 20) == 202
        (written,) = (new / "appendonlydir").glob("*.incr.aof")
        with written.open("r+b") as file:
            file.truncate(written.stat().st_size - 7)
        said = checked(new, tmp_path)
        assert said.returncode == 1
        assert "is not valid" in said.stdout
        with machine(new, sandbox.url) as runtime:
            door = create_app(runtime).test_client()
            assert {deliver(door, number) for number in range(19)} == {200}
            assert deliver(door, 19) in {200, 202}
            assert deliver(door, 20) == 202  # which the copy never had
            work_off(runtime)
        assert notes(sandbox.url) == {f"e{number}": 1 for number in range(21)}


def test_a_whole_copy_is_found_valid_by_the_stores_own_check(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    with machine(old, "http://127.0.0.1:9") as runtime:
        door = create_app(runtime).test_client()
        assert {deliver(door, number) for number in range(20)} == {202}
        copy(runtime.settings.store_url, old, new)
    said = checked(new, tmp_path)
    assert said.returncode == 0, said.stdout
    assert said.stdout.splitlines()[-1] == "All AOF files and manifest are valid"


def test_a_back_up_taken_under_load_goes_on_elsewhere_without_loss_or_double(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    with Server(Options(tier="professional")) as sandbox:
        with machine(old, sandbox.url) as runtime:
            provide(runtime, PORTAL, say=lambda _: None)
            door = create_app(runtime).test_client()
            enough, stop = threading.Event(), threading.Event()
            accepted: list[int] = []

            def send() -> None:
                number = 0
                while not stop.is_set() or number < BEFORE + AFTER:
                    assert deliver(door, number) == 202
                    accepted.append(number)
                    number += 1
                    if number == BEFORE // 2:
                        runtime.drain(PORTAL)  # so that the copy has some that are done
                    if number == BEFORE:
                        enough.set()

            sender = threading.Thread(target=send)
            sender.start()
            assert enough.wait(60)
            before = list(accepted)
            copy(runtime.settings.store_url, old, new)
            stop.set()
            sender.join(60)
            work_off(runtime)  # what the machine did after the copy, and its store forgets
        everything = {f"e{number}": 1 for number in accepted}
        assert notes(sandbox.url) == everything
        with machine(new, sandbox.url) as runtime:
            door = create_app(runtime).test_client()
            assert {deliver(door, number) for number in before} == {200}  # they are known
            work_off(runtime)
            assert notes(sandbox.url) == everything
            for number in accepted:  # and what the back-up lacks, its sender sends again
                assert deliver(door, number) in {200, 202}
            work_off(runtime)
        assert notes(sandbox.url) == everything
