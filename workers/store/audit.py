"""The audit trail: what each of those who may has done.

hl:{access}:deeds          stream: what was done; capped
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors

TAG = "hl:{access}"  # of every key that tells who may, so that they are on one server
KEEP_DEEDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did."""

    who: str
    how: str  # "session", "token ID", "command line"
    what: str
    on: str
    at: datetime
    place: str  # the address it came from
    detail: Mapping[str, str] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What was done, the newest first, and where the next page begins (None on the last)."""

    deeds: tuple[Deed, ...]
    next: str | None


class Audit(Connection):
    """What was done, and by whom."""

    def note_deed(self, deed: Deed) -> None:
        """Remember what was done; of very many, the oldest are dropped."""
        text = orjson.dumps([deed.who, deed.how, deed.what, deed.on, deed.place, dict(deed.detail)])
        with our_errors():
            self.redis.xadd(
                f"{TAG}:deeds",
                {"d": text, "t": microseconds(deed.at)},
                maxlen=KEEP_DEEDS,
                approximate=True,
            )

    def deeds(self, *, before: str | None = None, limit: int = 100) -> Deeds:
        """Return what was done last, or before the cursor that the last page gave."""
        end = "+" if before is None else f"({before}"
        with our_errors():
            rows = self.redis.xrevrange(f"{TAG}:deeds", max=end, count=limit)
        deeds = tuple(_deed(id.decode(), fields) for id, fields in rows)
        return Deeds(deeds=deeds, next=deeds[-1].id if len(deeds) == limit else None)


def _deed(id: str, fields: Mapping[bytes, bytes]) -> Deed:
    who, how, what, on, place, detail = orjson.loads(fields[b"d"])
    return Deed(
        who=who,
        how=how,
        what=what,
        on=on,
        place=place,
        detail=detail,
        at=moment(int(fields[b"t"])),
        id=id,
    )
