"""A piece of network between two processes, which a test can cut, clog, break and mend."""

import contextlib
import socket
import struct
import threading
from enum import StrEnum
from types import TracebackType

HOST = "127.0.0.1"
CHUNK_BYTES = 65_536
RESET = struct.pack("ii", 1, 0)  # linger on, for no time: a close is then a reset


class State(StrEnum):
    """What becomes of what is sent."""

    WHOLE = "it arrives"
    CUT = "every connection is reset, old and new"
    CLOGGED = "nothing arrives, and nobody is told"


class Wire:
    """Listens on `port` and carries everything to `target` and back while the block lasts."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._state = State.WHOLE
        self._changed = threading.Condition()
        self._ends: set[socket.socket] = set()
        self._break_after: int | None = None  # bytes of the next answer
        self.broke = threading.Event()

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._listen, name=f"wire {self.port}", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        self._become(State.CUT)

    def cut(self) -> None:
        """Reset every connection, and every new one, until mended."""
        self._become(State.CUT)

    def clog(self) -> None:
        """Let nothing through, and tell nobody, until mended."""
        self._become(State.CLOGGED)

    def mend(self) -> None:
        """Let everything through again, also what was held back."""
        self._become(State.WHOLE)

    def break_answer(self, *, after_bytes: int) -> None:
        """Reset the connection of the next answer, so many bytes into it; then `broke` is set."""
        with self._changed:
            self.broke.clear()
            self._break_after = after_bytes

    def _become(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._break_after = None
            self._changed.notify_all()
            ends = list(self._ends) if state is State.CUT else []
        for end in ends:
            self._reset(end)

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed: the block is over
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        with self._changed:
            self._ends.add(near)
        try:
            if not self._passes(near, held_by=near):
                raise ConnectionError
            far = socket.create_connection((HOST, self._target), timeout=5)
            far.settimeout(None)
        except OSError:
            self._reset(near)
            return
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            self._ends.add(far)
        threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
        self._answer(far, near)

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(CHUNK_BYTES):
                if not self._passes(near, held_by=near):
                    break
                far.sendall(data)
        self._reset(near)
        self._reset(far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(CHUNK_BYTES):
                if not self._passes(near):
                    break
                with self._changed:
                    most, self._break_after = self._break_after, None
                if most is not None:
                    near.sendall(data[: min(most, len(data) - 1)])
                    self.broke.set()
                    break
                near.sendall(data)
            else:  # it was said to the end
                near.shutdown(socket.SHUT_WR)
                return
        self._reset(near)
        self._reset(far)

    def _passes(self, near: socket.socket, *, held_by: socket.socket | None = None) -> bool:
        """Wait while the wire is clogged; return True if what waited may go on.

        What was held back is dropped if its sender has hung up since. A real network may deliver
        even that, which nothing can help: a CRM takes an update however late it comes.
        """
        with self._changed:
            held = self._state is State.CLOGGED
            self._changed.wait_for(lambda: self._state is not State.CLOGGED)
            if self._state is State.CUT:
                return False
        if not held or held_by is None:
            return True
        try:
            return near.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True

    def _reset(self, end: socket.socket) -> None:
        with self._changed:
            self._ends.discard(end)
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.shutdown(socket.SHUT_RDWR)  # wakes who reads from it; a close alone does not
        end.close()
