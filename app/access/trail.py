"""The trail: every action leaves who, what, on what, when and from where."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, request

from app.access.place import address_of
from app.access.who import current
from workers.settings import Settings
from workers.store import Store
from workers.store.audit import Deed

LONGEST = 300  # characters of a detail
ADDRESS = re.compile(r"\S+@\S+\.\w+")  # of a person, in what somebody wrote: the trail keeps none


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Where deeds go."""

    store: Store
    settings: Settings
    clock: Callable[[], datetime]

    def note(self, what: str, *, on: str, who: str, how: str, detail: Mapping[str, object]) -> None:
        """Remember what was done in this request."""
        self.store.note_deed(
            Deed(
                who=who,
                how=how,
                what=what,
                on=on[:LONGEST],
                at=self.clock(),
                place=address_of(request.environ, self.settings),
                detail={
                    name: ADDRESS.sub("…", str(value)[:LONGEST]) for name, value in detail.items()
                },
            )
        )


def note(what: str, *, on: str, who: str = "", **detail: object) -> None:
    """Remember that whoever asks did `what` on `on`: "replay", "acme.shop-1-0".

    `who` names somebody who is not in yet.
    """
    trail: Trail = current_app.extensions["hookline.trail"]
    asks = current()
    name = who or (asks.name if asks else "")
    trail.note(what, on=on, who=name, how=asks.how if asks else "stranger", detail=detail)
