"""An answer that must be whole by a deadline, however slowly it drips."""

import http.client
import io
import socket
import time


class DeadlineResponse(http.client.HTTPResponse):
    """An HTTP answer whose read time-out is for all of it, head and body.

    A socket's time-out is for each read, so a byte now and then would keep a caller for ever.
    """

    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        timeout_s = sock.gettimeout()
        if timeout_s is not None:
            raw = _Deadlined(self.fp.detach(), sock, deadline=time.monotonic() + timeout_s)
            self.fp = io.BufferedReader(raw)


class _Deadlined(io.RawIOBase):
    """The bytes of a socket until `deadline`, a time of the monotonic clock."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, *, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Return True, as what is wrapped is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        """Fill `buffer` with what has come. Raises TimeoutError after the deadline."""
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer was not whole by its deadline")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close what is wrapped."""
        if not self.closed:
            self._raw.close()
        super().close()
