"""What every page works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import request

from app.access.place import address_of, is_https
from workers.settings import Settings
from workers.store import Store


class Runtime(Protocol):
    """What the console works with."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The runtime, and what a page asks of it."""

    runtime: Runtime

    @property
    def store(self) -> Store:
        """Everything that is remembered."""
        return self.runtime.store

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.runtime.settings

    def now(self) -> datetime:
        """Return the present moment."""
        return self.runtime.clock()

    def address(self) -> str:
        """Return where this request came from."""
        return address_of(request.environ, self.settings)

    def outside(self) -> str:
        """Return what senders put before /hooks."""
        if self.settings.external_url is not None:
            return self.settings.external_url.rstrip("/")
        scheme = "https" if is_https(request.environ, self.settings) else "http"
        return f"{scheme}://{request.host}"
