"""What operators may see and do, for the console, the API and the command line alike.

Knows nothing of the web: values in, values out. Who may ask is settled by the caller; `portals`
are always those that whoever asks may know of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.desk.masking import USUAL
from app.desk.refusals import Missing
from workers.crm.calls import Call
from workers.crm.replies import Reply
from workers.events import Event
from workers.forgetting import Recollection
from workers.settings import Settings
from workers.settings.fields import nearest
from workers.sources import Source
from workers.store import Store
from workers.store.keys import split_event_id

__all__ = ["Desk", "Runtime"]


class Runtime(Protocol):
    """What a desk is made of: `workers.runtime.Runtime` is one."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def sources(self) -> Mapping[str, Source]: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102

    def ring(self, portal: str) -> None: ...  # noqa: D102
    def ask(self, portal: str, call: Call) -> Reply: ...  # noqa: D102
    def unanswered(self, event: Event) -> list[str]: ...  # noqa: D102
    def send_chore(self, portal: str, id: str) -> None: ...  # noqa: D102
    def send_look(self, portal: str) -> None: ...  # noqa: D102
    def recollect(self, portal: str, email: str) -> Recollection: ...  # noqa: D102
    def forget(self, portal: str, email: str, *, owe: str = "") -> Recollection: ...  # noqa: D102
    def rewrite_files(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every service works with."""

    runtime: Runtime

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.runtime.settings

    @property
    def store(self) -> Store:
        """What is remembered."""
        return self.runtime.store

    @property
    def sources(self) -> Mapping[str, Source]:
        """The source of each endpoint."""
        return self.runtime.sources

    @property
    def portals(self) -> Sequence[str]:
        """Every portal of the configuration."""
        return tuple(self.settings.portals)

    @property
    def mask(self) -> Sequence[str]:
        """The names of the fields whose values few may see."""
        return USUAL if self.settings.mask is None else self.settings.mask

    def now(self) -> datetime:
        """Return the present moment."""
        return self.runtime.clock()

    def event(self, id: str, *, portals: Sequence[str]) -> Event:
        """Return an event of one of `portals`. Raises Missing."""
        try:
            portal, _ = split_event_id(id)
        except ValueError:
            portal = ""
        event = self.store.event(id) if portal in portals else None
        if event is None:
            raise Missing(f"{id[:200]}: no such event is kept; look for it in the list")
        return event

    def portal(self, name: str, *, portals: Sequence[str]) -> str:
        """Return the name if it is one of `portals`. Raises Missing."""
        if name not in portals:
            raise Missing(f"there is no portal {name[:64]!r}; {nearest(name, portals)}")
        return name
