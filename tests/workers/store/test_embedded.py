"""The embedded store keeps what it was given, however it ends, and says why it cannot start."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from workers.errors import Permanent
from workers.store.embedded import EmbeddedStore


def _set(server: EmbeddedStore, name: str, value: str) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(name, value)


def _get(server: EmbeddedStore, name: str) -> bytes | None:
    with redis.Redis.from_url(server.url) as client:
        value = client.get(name)
    assert value is None or isinstance(value, bytes)
    return value


def _tail(folder: Path) -> Path:
    return next((folder / "appendonlydir").glob("*.incr.aof"))


def test_what_was_stored_is_there_after_a_stop(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path) as server:
        _set(server, "event", "kept")
    with EmbeddedStore.start(tmp_path) as server:
        assert _get(server, "event") == b"kept"


def test_what_was_stored_is_there_after_kill_9(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path) as server:
        _set(server, "event", "kept")
        server.process.kill()
    with EmbeddedStore.start(tmp_path) as server:
        assert _get(server, "event") == b"kept"


def test_it_is_not_started_before_all_its_data_are_read(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path) as server:
        _set(server, "first", "kept")
    with _tail(tmp_path).open("ab") as file:
        for number in range(300_000):
            file.write(b"*3\r\n$3\r\nSET\r\n$6\r\n%06d\r\n$1\r\n1\r\n" % number)
    with EmbeddedStore.start(tmp_path) as server:
        assert _get(server, "299999") == b"1"


def test_half_of_a_last_write_costs_that_write_alone(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path) as server:
        _set(server, "first", "kept")
    with _tail(tmp_path).open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$6\r\nsec")
    with EmbeddedStore.start(tmp_path) as server:
        assert _get(server, "first") == b"kept"
        assert _get(server, "second") is None


def test_damage_in_the_middle_is_named_and_nothing_is_thrown_away(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path) as server:
        for number in range(100):
            _set(server, f"event {number}", "kept")
    content = _tail(tmp_path).read_bytes()
    damaged = content[:200] + b"\0" * 50 + content[250:]
    _tail(tmp_path).write_bytes(damaged)
    with pytest.raises(Permanent, match=r"data are damaged .*restore a copy"):
        EmbeddedStore.start(tmp_path)
    assert _tail(tmp_path).read_bytes() == damaged


def test_it_never_drops_data_for_want_of_memory(tmp_path: Path) -> None:
    with EmbeddedStore.start(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_every_write_is_synced_when_asked(tmp_path: Path) -> None:
    with (
        EmbeddedStore.start(tmp_path, appendfsync="always") as server,
        redis.Redis.from_url(server.url) as client,
    ):
        assert client.config_get("appendfsync") == {"appendfsync": "always"}


def test_a_second_one_in_the_same_folder_is_told_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.store.embedded.LOCK_S", 0.0)
    with EmbeddedStore.start(tmp_path) as server:
        told = rf"is in use by another Hookline \(its store is process {server.process.pid}\)"
        with pytest.raises(Permanent, match=told):
            EmbeddedStore.start(tmp_path)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Permanent, match=f"port {port} is in use"):
            EmbeddedStore.start(tmp_path, port=port)


def test_another_server_on_the_port_is_not_taken_for_our_own(tmp_path: Path) -> None:
    with (
        EmbeddedStore.start(tmp_path / "one") as server,
        pytest.raises(Permanent, match=f"port {server.port} is in use"),
    ):
        EmbeddedStore.start(tmp_path / "two", port=server.port)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Permanent, match=r"file: cannot be written .*choose a folder"):
        EmbeddedStore.start(tmp_path / "file")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does this")
def test_it_ends_with_whoever_started_it_even_by_kill_9(tmp_path: Path, project: Path) -> None:
    program = (
        "import sys, pathlib; from workers.store.embedded import EmbeddedStore;"
        "server = EmbeddedStore.start(pathlib.Path(sys.argv[1]));"
        "print(server.process.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        store = int(starter.stdout.readline())
        starter.kill()
        with EmbeddedStore.start(tmp_path) as server:  # it gets the lock once the other is gone
            assert server.process.pid != store
