"""Looking back: pages of events, replay, retention."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis

from workers.events import Event
from workers.outcomes import EventState
from workers.stamps import microseconds
from workers.store.connection import GROUP, our_errors
from workers.store.inbox import Inbox, decode
from workers.store.keys import portal_key, split_event_id

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events, the newest first, and where the next page begins (None on the last)."""

    events: tuple[Event, ...]
    next: str | None


class History(Inbox):
    """The events that were accepted, until their time of retention has passed."""

    def page(
        self,
        portal: str,
        *,
        before: str | None = None,
        state: EventState | None = None,
        limit: int = PAGE,
    ) -> Page:
        """Return the newest events accepted before the event id `before`.

        With `state` RETRYING, DEAD or UNKNOWN, those alone; the other states have no list of
        their own.
        """
        names = {
            EventState.RETRYING: "retry",
            EventState.DEAD: "dead",
            EventState.UNKNOWN: "unknown",
        }
        if state in names:
            return self._listed(portal, names[state], before=before, limit=limit)
        end = "+" if before is None else f"({split_event_id(before)[1]}"
        with our_errors():
            found = self.redis.xrevrange(portal_key(portal, "events"), max=end, count=limit)
        events = tuple(decode(portal, entry, fields) for entry, fields in found)
        return Page(events=events, next=events[-1].id if len(events) == limit else None)

    def _listed(self, portal: str, name: str, *, before: str | None, limit: int) -> Page:
        start = 0 if before is None else int(before)
        with our_errors():
            entries = self.redis.zrevrange(portal_key(portal, name), start, start + limit - 1)
            events = self._by_entries(portal, [entry.decode() for entry in entries])
        more = len(entries) == limit
        return Page(events=tuple(events), next=str(start + limit) if more else None)

    def since(self, portal: str, *, since: datetime) -> Iterator[Event]:
        """Give every kept event accepted since then, the oldest first."""
        start = str(microseconds(since) // 1000)
        while True:
            with our_errors():
                found = self.redis.xrange(portal_key(portal, "events"), min=start, count=PAGE)
            for entry, fields in found:
                yield decode(portal, entry, fields)
            if len(found) < PAGE:
                return
            start = f"({found[-1][0].decode()}"

    def counts(self, portal: str) -> dict[str, int]:
        """Return how many events are waiting, were accepted, and ended in each state."""
        with our_errors():
            found = self.redis.hgetall(portal_key(portal, "counts"))
        return {name.decode(): int(value) for name, value in found.items()}

    def replay(self, event_id: str, *, state: EventState, now: datetime) -> bool:
        """Put a dead or unknown event back to work; False if it is not in that state."""
        portal, entry = split_event_id(event_id)
        keys = [portal_key(portal, state.value)]
        keys += [portal_key(portal, name) for name in ("retry", "counts")]
        keys.append(portal_key(portal, "verdict", entry))
        args: list[object] = [entry, microseconds(now) // 1000, state.value]
        return bool(self.script("replay", keys=keys, args=args))

    def trim(self, portal: str, *, now: datetime, keep_s: int) -> int:
        """Drop events that are handled and older than `keep_s`; return how many went.

        What waits, is in hand or retries stays whatever its age; the dead have copies.
        """
        stream = portal_key(portal, "events")
        limit_ms = microseconds(now - timedelta(seconds=keep_s)) // 1000
        with our_errors():
            try:
                groups = self.redis.xinfo_groups(stream)
                pending = self.redis.xpending(stream, GROUP)
            except redis.ResponseError:  # nothing was ever read
                return 0
            ours = [group for group in groups if group["name"] == GROUP.encode()]
            if not ours:
                return 0
            bounds = [limit_ms, int(ours[0]["last-delivered-id"].split(b"-")[0])]
            if pending["pending"]:
                bounds.append(int(pending["min"].split(b"-")[0]))
            retrying = self.redis.zrange(portal_key(portal, "retry"), 0, -1)
            bounds += [int(entry.split(b"-")[0]) for entry in retrying]
            return int(self.redis.xtrim(stream, minid=min(bounds), approximate=True))
