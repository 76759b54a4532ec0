"""Looking back: what came since a time, replay, retention."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import redis

from workers.events import Event
from workers.outcomes import EventState
from workers.stamps import microseconds
from workers.store.connection import GROUP, our_errors
from workers.store.groups import Groups, group_key
from workers.store.inbox import Inbox
from workers.store.keys import lane_and_entry, portal_key, split_event_id, stream_key
from workers.store.retention import Keep

PAGE = 100
LAST = (2**63, 0)  # after whatever there is
LISTS = {
    EventState.RETRYING: "retry",
    EventState.DEAD: "dead",
    EventState.UNKNOWN: "unknown",
}


class History(Inbox, Groups):
    """The events that were accepted, until their time of retention has passed."""

    keep: Keep

    def since(self, portal: str, *, since: datetime) -> Iterator[Event]:
        """Give every kept event accepted since then, lane by lane, the oldest first."""
        for lane in self.lanes(portal):
            start = str(microseconds(since) // 1000)
            while True:
                with our_errors():
                    found = self.redis.xrange(stream_key(portal, lane), min=start, count=PAGE)
                for entry, fields in found:
                    yield self.decode(portal, lane, entry, fields)
                if len(found) < PAGE:
                    break
                start = f"({found[-1][0].decode()}"

    def counts(self, portal: str) -> dict[str, int]:
        """Return how many events are waiting, were accepted, and ended in each state."""
        with our_errors():
            found = self.redis.hgetall(portal_key(portal, "counts"))
        return {name.decode(): int(value) for name, value in found.items()}

    def replay(self, id: str, *, state: EventState, now: datetime) -> bool:
        """Put a dead or unknown event back to work; False if it is not in that state."""
        portal, member = split_event_id(id)
        (group,) = self.groups_of(portal, [member])
        keys = [portal_key(portal, state.value)]
        keys += [portal_key(portal, name) for name in ("retry", "counts")]
        keys.append(group_key(portal, state, group))
        args: list[object] = [member, microseconds(now) // 1000, state.value]
        return bool(self.script("replay", keys=keys, args=args))

    def trim(self, portal: str, *, now: datetime, keep_s: int) -> int:
        """Drop events that are handled and older than `keep_s`; return how many went.

        What waits, is in hand or retries stays whatever its age, and what came after it at the same
        endpoint; the dead have copies.
        """
        limit_ms = microseconds(now - timedelta(seconds=keep_s)) // 1000
        dead_s = timedelta(seconds=self.keep.dead_s)
        self.forget_ended(portal, before_ms=microseconds(now - dead_s) // 1000)
        with our_errors():
            bounds: dict[str, tuple[int, int]] = {}
            for member in self.redis.zrange(portal_key(portal, "retry"), 0, -1):
                lane, entry = lane_and_entry(member.decode())
                bounds[lane] = min(_order(entry.encode()), bounds.get(lane, (limit_ms, 0)))
            return sum(
                self._trim(stream_key(portal, lane), min((limit_ms, 0), bounds.get(lane, LAST)))
                for lane in self.lanes(portal)
            )

    def _trim(self, stream: str, bound: tuple[int, int]) -> int:
        """Drop what was taken up, is not in hand any more, and came before `bound`."""
        try:
            groups = self.redis.xinfo_groups(stream)
            pending = self.redis.xpending(stream, GROUP)
        except redis.ResponseError:  # nothing was ever read
            return 0
        ours = [group for group in groups if group["name"] == GROUP.encode()]
        if not ours:
            return 0
        taken_ms, taken = _order(ours[0]["last-delivered-id"])
        bounds = [bound, (taken_ms, taken + 1)]  # the last that was taken up may go as well
        if pending["pending"]:
            bounds.append(_order(pending["min"]))
        at_ms, sequence = min(bounds)
        # To the entry: by whole nodes up to a hundred of a quiet endpoint would stay for ever.
        return int(self.redis.xtrim(stream, minid=f"{at_ms}-{sequence}", approximate=False))


def _order(entry: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry.partition(b"-")
    return int(milliseconds), int(sequence)
