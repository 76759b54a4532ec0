"""A token in a file: read again when the file is another, and when its token is refused."""

import threading
from collections.abc import Callable
from pathlib import Path


class FromFile:
    """The token that a file holds now.

    What changes the file may write it in place, put another in its stead, or change where a link
    leads. While it cannot be read, or is empty, the token that was last read goes on. `allow` is
    asked about another token before it is shown; what it raises keeps it from being shown.
    """

    def __init__(
        self, path: Path, *, token: str, allow: Callable[[str], object] = lambda _token: None
    ) -> None:
        self._path = path
        self._token = token
        self._allow = allow
        self._seen: tuple[int, ...] = ()
        self._lock = threading.Lock()

    def shown(self) -> str:
        """Return the token. Raises what `allow` does."""
        with self._lock:
            seen = self._stamp()
            if seen and seen != self._seen:
                self._read(seen)
            return self._token

    def refused(self, token: str) -> bool:
        """Read the file again, whatever it looks like; return True if it holds another token.

        Raises what `allow` does.
        """
        with self._lock:
            self._read(self._stamp())
            return self._token != token

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _read(self, seen: tuple[int, ...]) -> None:
        try:
            text = self._path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return  # it may be there again at the next call
        if text:
            if text != self._token:
                self._allow(text)
            self._token = text
            self._seen = seen
