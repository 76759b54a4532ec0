"""What every page works with."""

from dataclasses import dataclass
from datetime import datetime

from flask import request

from app.access import visible
from app.access.place import address_of, is_https
from app.desk import Desk, Runtime
from workers.settings import Settings
from workers.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The runtime, and what a page asks of it."""

    runtime: Runtime

    @property
    def desk(self) -> Desk:
        """What operators may see and do."""
        return Desk(runtime=self.runtime)

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

    def portals(self, only: str | None = None) -> list[str]:
        """Return those that whoever asks may know of, or the one of them. Raises Missing."""
        portals = visible(self.desk.portals)
        return [self.desk.portal(only, portals=portals)] if only else portals
