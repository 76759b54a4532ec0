"""TLS and passwords, as a real Redis asks for them; and what is said where they are wrong."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli.ports import free_port
from tests.store_servers.certificates import Authority, Pair
from tests.store_servers.plant import plant
from tests.store_servers.servers import HOST, Node, Sentinel
from tests.workers.store.parts import accept, opened
from workers.errors import StoreDown
from workers.settings import load

PASSWORD = "p@ss/word"
QUOTED = "p%40ss%2Fword"
# The embedded Valkey is built without TLS: this is Debian's Redis, of .ci/debian.txt.
PROGRAM = os.environ.get("HOOKLINE_TEST_REDIS_SERVER") or shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    PROGRAM is None and "HOOKLINE_CI" not in os.environ, reason="there is no redis-server with TLS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A server that only speaks TLS, to whoever has a certificate."""

    port: int
    authority: Authority
    ours: Pair
    node: Node

    def url(self, *, scheme: str = "rediss", ca: bool = True, certificate: bool = True) -> str:
        options = [f"ssl_ca_certs={self.authority.file}"] if ca else []
        if certificate:
            options += [f"ssl_certfile={self.ours.certificate}", f"ssl_keyfile={self.ours.key}"]
        place = f"{scheme}://:{QUOTED}@{HOST}:{self.port}"
        return f"{place}/0?{'&'.join(options)}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    theirs, ours = authority.signed("server"), authority.signed("hookline")
    port = free_port()
    options = [
        *("--port", "0", "--tls-port", str(port), "--requirepass", PASSWORD),
        *("--tls-cert-file", str(theirs.certificate), "--tls-key-file", str(theirs.key)),
        *("--tls-ca-cert-file", str(authority.file), "--tls-auth-clients", "yes"),
    ]
    node = Node(
        folder=folder / "server",
        port=port,
        program=Path(str(PROGRAM)),
        options=options,
        login={
            "password": PASSWORD,
            "ssl": True,
            "ssl_ca_certs": str(authority.file),
            "ssl_certfile": str(ours.certificate),
            "ssl_keyfile": str(ours.key),
        },
    )
    try:
        node.start()
        yield Guarded(port=port, authority=authority, ours=ours, node=node)
    finally:
        node.kill()


def refused(url: str) -> str:
    """Return what is said of a store that does not let us in."""
    with closing(opened(url)) as store, pytest.raises(StoreDown) as told:
        accept(store, [1])
    return str(told.value)


@needs_redis
def test_events_are_accepted_over_tls(guarded: Guarded) -> None:
    with closing(opened(guarded.url())) as store:
        assert accept(store, [1])
        store.writable()


@needs_redis
def test_the_whole_pipeline_runs_over_tls_with_files_of_the_settings(
    guarded: Guarded, tmp_path: Path, project: Path
) -> None:
    files = (
        f"store_tls: {{ca: {guarded.authority.file}, "
        f"certificate: {guarded.ours.certificate}, key: {guarded.ours.key}}}"
    )
    with plant(
        tmp_path,
        project,
        store=f"rediss://:{QUOTED}@{HOST}:{guarded.port}/1",
        broker="~",  # the store, by TLS as well
        portals=["one"],
        sync=files,
    ) as running:
        with running.load():
            running.sent(10)
        assert running.audit() == []


@needs_redis
def test_a_certificate_that_nobody_trusts_is_refused_with_what_to_do(guarded: Guarded) -> None:
    assert "not trusted; name the one that signed it: `store_tls:" in refused(guarded.url(ca=False))


@needs_redis
def test_without_a_certificate_of_ours_it_is_said_that_one_is_asked_for(guarded: Guarded) -> None:
    assert "name ours: `store_tls: {certificate:" in refused(guarded.url(certificate=False))


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    options = ("--requirepass", PASSWORD)
    folder = tmp_path_factory.mktemp("locked")
    node = Node(folder=folder, options=options, login={"password": PASSWORD})
    node.start()
    yield node
    node.kill()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_a_wrong_password_is_told_with_what_to_check(locked: Node, scheme: str) -> None:
    tail = "" if "cluster" in scheme else "/0"
    told = refused(f"{scheme}://:wrong@{HOST}:{locked.port}{tail}")
    assert "check the user and the password in the URL of the store" in told
    assert "wrong" not in told.replace("WRONGPASS", "")


def test_a_missing_password_is_told_with_how_to_write_it(locked: Node) -> None:
    told = refused(f"redis://{HOST}:{locked.port}/0")
    assert "redis://USER:PASSWORD@HOST:PORT/0" in told


def test_a_password_with_special_characters_is_written_in_percents(locked: Node) -> None:
    with closing(opened(f"redis://:{QUOTED}@{HOST}:{locked.port}/0")) as store:
        assert accept(store, [1])


def test_a_primary_that_no_sentinel_knows_is_told(tmp_path: Path, locked: Node) -> None:
    sentinel = Sentinel(folder=tmp_path, primary=locked.port)
    try:
        sentinel.start()
        told = refused(f"redis+sentinel://{HOST}:{sentinel.port}/another/0")
    finally:
        sentinel.kill()
    assert "check the primary's name and the Sentinels" in told


def test_a_server_of_no_cluster_is_told(locked: Node) -> None:
    told = refused(f"redis+cluster://:{QUOTED}@{HOST}:{locked.port}")
    assert "cluster" in told.lower()


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("redis+cluster://db:1", "cannot use a cluster as its broker"),
        ("redis+sentinel://db:1", "the name of the primary is missing"),
        ("redis+sentinel://db:99999/main", "its hosts are not understood"),
        ("redis+cluster://db:1/3", "no database but 0"),
        ("redis+cluster://db:1?ssl_ca=x", "the option ssl_ca is not known"),
        ("redis+ring://db:1", "is not known; known are redis"),
    ],
)
def test_a_store_that_cannot_be_is_a_fault_of_the_settings(
    tmp_path: Path, store: str, said: str
) -> None:
    assert said in faults_of(tmp_path, f"store: {store}\n")


@pytest.mark.parametrize(
    ("sync", "said"),
    [
        ("{replicas: 0}", "leave store_sync out"),
        ("{replicas: 1, disk: true}", "replicas tell of their disks once a second"),
        ("{replica: 1}", "did you mean 'replicas'?"),
    ],
)
def test_a_wait_that_cannot_be_is_a_fault_of_the_settings(
    tmp_path: Path, sync: str, said: str
) -> None:
    assert said in faults_of(tmp_path, f"store_sync: {sync}\n")


def test_files_of_tls_must_be_there_and_go_with_tls(tmp_path: Path) -> None:
    told = faults_of(tmp_path, "store: redis://db\nstore_tls: {ca: /nowhere/ca.pem}\n")
    assert "/nowhere/ca.pem is no file" in told
    assert "goes with a store by TLS" in told


def faults_of(folder: Path, text: str) -> str:
    (folder / "hookline.yaml").write_text(
        f"{text}portals: {{p: {{token: t}}}}\nendpoints: {{s: {{source: stripe, portal: p}}}}\n"
    )
    with pytest.raises(Exception) as told:  # noqa: PT011 (its text is what is looked at)
        load({"HOOKLINE_CONFIG": str(folder / "hookline.yaml")})
    return str(told.value)
