"""A real HTTP server whose one answer is written byte by byte by a test."""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

Act = Callable[[socket.socket], None]


class Oddity:
    """Listens on a free port, reads one request after another, and lets `act` answer each."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        self.released = threading.Event()  # a silent answer waits for it
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Oddity":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(_request(connection))
                try:
                    self._act(connection)
                except OSError:
                    continue  # the client has gone, as it should

    def wait(self) -> None:
        """Say nothing until the test is over."""
        self.released.wait(30)


def _request(connection: socket.socket) -> bytes:
    """Return a whole request: its head, and as much body as it promises."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65_536)
        if not part:
            return found
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        part = connection.recv(65_536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def answering(
    status: int, body: bytes = b"{}", *, headers: dict[str, str] | None = None, length: int = -1
) -> Act:
    """Return an act that answers; `length` may promise more than there is."""

    def act(connection: socket.socket) -> None:
        told = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body) if length < 0 else length),
            "Connection": "close",
            **(headers or {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        connection.sendall(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body)

    return act


def dripping(total: int) -> Act:
    """Return an act that answers byte by byte, each well within the time-out for one."""

    def act(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {total}\r\n"
        connection.sendall(head.encode() + b"Connection: close\r\n\r\n")
        for _ in range(total):
            connection.sendall(b" ")
            time.sleep(0.02)

    return act


def dripping_head() -> Act:
    """Return an act whose head never ends, each byte well within the time-out for one."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drop: ")
        while True:
            connection.sendall(b".")
            time.sleep(0.02)

    return act


def hanging_up(connection: socket.socket) -> None:
    """Close without a word."""
    connection.shutdown(socket.SHUT_RDWR)
