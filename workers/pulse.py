"""A sign of life, for whatever restarts a worker that hangs: a file's age, systemd's watchdog."""

import socket
from dataclasses import dataclass
from pathlib import Path

from workers.logs import log

EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Where a process shows that it goes on; nowhere, if nothing is named."""

    file: Path | None = None  # touched, and made if need be
    notify: str | None = None  # systemd's socket, as its NOTIFY_SOCKET names it

    def beat(self) -> None:
        """Show it now. What cannot be shown is logged: whoever looks will act on it."""
        try:
            self.show()
        except OSError as error:
            log.warning("pulse not shown", reason=error.strerror)

    def show(self) -> None:
        """Show it now. Raises OSError if it cannot be shown."""
        if self.file is not None:
            self.file.touch()
        if self.notify:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
                systemd.sendto(b"READY=1\nWATCHDOG=1", self.notify.replace("@", "\0", 1))
