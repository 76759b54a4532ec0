"""The users of deploy/store/users.acl may do what Hookline does, and not one command more."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store_servers.plant import plant
from tests.store_servers.servers import HOST, Node, cluster
from tests.workers.store.parts import NOW, accept, opened
from workers.errors import StoreDown
from workers.store import Store
from workers.store.audit import Deed
from workers.store.notices import Memory
from workers.store.people import Role, Session, User

STORE, BROKER, ADMIN = "CHANGE-ME", "CHANGE-ME-TOO", "admin-of-the-tests"
TESTED = "tests/workers/store"
IN_LUA = re.compile(r"redis\.p?call\(\"([A-Z]+)\"")
IN_PYTHON = re.compile(r"(?:\.redis|\bpipe)\.([a-z_]+)\(")
IN_COMMITS = re.compile(r"\.(?:add|gather)\(\s*\"([A-Z]+)\"")
SAID = {"delete": "del", "incr": "incrby", "scan_iter": "scan"}  # redis-py's words
NONE = {  # of redis-py, and no commands
    *("pipeline", "execute", "close"),
    *("get_node_from_key", "get_primaries", "get_redis_connection"),
}
OF_CLUSTERS = {"cluster|slots", "command", "command|getkeys"}
# What the store's tests do besides, to set a scene; Hookline itself does none of it.
OF_TESTS = ("zincrby", "config|get", "config|set")
OF_SYNC = {"wait", "waitaof"}  # see test_replicas
BEYOND = (
    "test_embedded.py",  # which has a server of its own
    "test_memory.py",  # these set a ceiling on one server, and fill another of a cluster
    "test_accept.py::test_a_store_out_of_memory_keeps_nothing_and_says_so",
)


@pytest.fixture
def users(tmp_path: Path, project: Path) -> Path:
    """The shipped file, and a user for the tests' own needs."""
    path = tmp_path / "users.acl"
    shipped = (project / "deploy" / "store" / "users.acl").read_text("utf-8")
    path.write_text(f"{shipped}user admin on >{ADMIN} ~* &* +@all\n", "utf-8")
    return path


def guarded(folder: Path, users: Path) -> Node:
    options = ("--aclfile", str(users))
    return Node(folder=folder, options=options, login={"username": "admin", "password": ADMIN})


@pytest.fixture
def server(tmp_path: Path, users: Path) -> Iterator[Node]:
    node = guarded(tmp_path / "server", users)
    node.start()
    yield node
    node.kill()


def listed(project: Path, user: str) -> set[str]:
    text = (project / "deploy" / "store" / "users.acl").read_text("utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith(f"user {user} "))
    return set(re.findall(r" \+([a-z|]+)", line))


def used(node: Node) -> set[str]:
    """Return the commands that were run since the server started."""
    return {name.removeprefix("cmdstat_") for name in node.client().info("commandstats")}


def denied(node: Node) -> list[str]:
    """Return what was refused to anybody."""
    return [f"{row['username']}: {row['object']}" for row in node.client().acl_log()]


def allow_tests(node: Node) -> None:
    node.client().execute_command("ACL", "SETUSER", "hookline", *(f"+{c}" for c in OF_TESTS))


def run_tests_of_the_store(url: str, *, admin: str, project: Path) -> None:
    """Run the store's own tests as the user of this URL; what they leave an admin sweeps up."""
    environ = {
        **os.environ,
        "HOOKLINE_TEST_REDIS_URL": url,
        "HOOKLINE_TEST_REDIS_ADMIN": admin,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", TESTED]
    for each in BEYOND:
        name = f"{TESTED}/{each}"
        command += ["--deselect", name] if "::" in each else ["--ignore", name]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()[-4_000:]


def administer(store: Store) -> None:
    """Do what is not among the store's own tests: what the console, the tick and notices do."""
    user = User(name="ann", role=Role.ADMIN, password="", must_change=False, created=NOW)
    assert store.add_user(user)
    session = Session(user="ann", begun=NOW, ends=NOW + timedelta(hours=1))
    store.begin_session("id", session, now=NOW)
    assert store.session("id", now=NOW) == (session, user)
    ((tries, _),) = store.count_tries(["ann"], window_s=60)
    assert tries == 1
    assert store.remove_user("ann")
    store.note_deed(Deed(who="ann", how="test", what="look", on="", at=NOW, place=""))
    assert len(store.deeds().deeds) == 1
    assert store.signing_key()
    store.seen_worker(now=NOW)
    assert store.workers_seen(now=NOW) == 0
    store.keep_notices(Memory())
    assert store.recall_notices() == Memory()
    store.note_refusal("shop", reason="mismatch", detail="", now=NOW)
    assert len(store.refusals("shop")) == 1
    store.writable()


def written(project: Path) -> set[str]:
    """Return the commands that stand in the source of the store."""
    found: set[str] = set()
    for file in (project / "workers" / "store").iterdir():
        if file.suffix == ".lua":
            found |= {each.lower() for each in IN_LUA.findall(file.read_text("utf-8"))}
        elif file.suffix == ".py":
            text = file.read_text("utf-8")
            found |= {SAID.get(each, each) for each in IN_PYTHON.findall(text)}
            found |= {each.lower() for each in IN_COMMITS.findall(text)}
    return found - NONE


def test_every_command_in_the_source_of_the_store_is_listed(project: Path) -> None:
    commands = {name.replace("|", "_") for name in listed(project, "hookline")}
    assert written(project) - commands == set(), "see deploy/store/users.acl"


def test_the_store_needs_every_command_of_its_user_and_no_other(
    server: Node, project: Path
) -> None:
    allow_tests(server)
    run_tests_of_the_store(
        f"redis://hookline:{STORE}@{HOST}:{server.port}/1",
        admin=f"redis://admin:{ADMIN}@{HOST}:{server.port}/1",
        project=project,
    )
    store = opened(f"redis://hookline:{STORE}@{HOST}:{server.port}/1")
    administer(store)
    store.close()
    assert denied(server) == []
    needed = used(server) | written(project) | OF_CLUSTERS | OF_SYNC
    assert listed(project, "hookline") - needed == set()


def test_on_a_cluster_it_needs_no_more(tmp_path: Path, users: Path, project: Path) -> None:
    login: dict[str, Any] = {"username": "admin", "password": ADMIN}
    with cluster(tmp_path / "servers", options=("--aclfile", str(users)), login=login) as servers:
        hosts = ",".join(f"{HOST}:{each.port}" for each in servers.nodes)
        for node in servers.nodes:
            allow_tests(node)
        run_tests_of_the_store(
            f"redis+cluster://hookline:{STORE}@{hosts}",
            admin=f"redis+cluster://admin:{ADMIN}@{hosts}",
            project=project,
        )
        store = opened(f"redis+cluster://hookline:{STORE}@{hosts}")
        administer(store)
        store.close()
        assert [each for node in servers.nodes for each in denied(node)] == []
        ran = {name for node in servers.nodes for name in used(node)}
        assert OF_CLUSTERS - ran == set()


def test_the_whole_pipeline_runs_as_the_two_users(
    server: Node, tmp_path: Path, project: Path
) -> None:
    with plant(
        tmp_path / "plant",
        project,
        store=f"redis://hookline:{STORE}@{HOST}:{server.port}/0",
        broker=f"redis://hookline-broker:{BROKER}@{HOST}:{server.port}/0",
        portals=["one"],
        sync="store_sync: {replicas: 0, disk: true}",
    ) as running:
        with running.load():
            running.sent(20)
        assert running.audit() == []
    assert denied(server) == []


def test_a_command_that_is_missing_is_named_with_what_to_do(server: Node) -> None:
    admin = server.client()
    admin.execute_command("ACL", "SETUSER", "hookline", "-xadd")
    store = opened(f"redis://hookline:{STORE}@{HOST}:{server.port}/0")
    with pytest.raises(StoreDown, match=r"xadd.*deploy/store/users\.acl"):
        accept(store, [1])
    store.close()
