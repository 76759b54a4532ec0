"""Dead and unknown events by what ended them: those of like reasons together.

hl:{portal}:like:STATE:H   sorted set: the events of one group by the time they ended
hl:{portal}:groups         hash: H → the words that the group's reasons share

H is a digest of those words. An event's group stands beside its kept body, so that whoever takes
the event out of its state takes it out of its group as well.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from workers.outcomes import EventState
from workers.stamps import moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key

MOST_GROUPS = 200
LONGEST = 240
ENDED = (EventState.DEAD, EventState.UNKNOWN)
_VALUES = (
    # HubSpot's own words: the value that was refused comes first, and then all that are allowed.
    (
        re.compile(r"(\w+: )[^:]+? (was not one of the allowed options)(?:: \[[^]]*\])?"),
        r"\1… \2",
    ),
    (re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|“[^”]*”"), "…"),
    (re.compile(r"\S+@\S+\.\w+"), "…"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "…"),
    (re.compile(r"\b(?=\w*\d)\w{9,}\b"), "…"),  # ids
    (re.compile(r"(?<![\w:.])\d[\d,.]*\b(?!:)"), "N"),
    (re.compile(r"…(?:[\s,;]*…)+"), "…"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that ended alike."""

    id: str
    state: EventState
    reason: str  # what their reasons share
    events: int
    first: datetime  # when the first and the last of them ended
    last: datetime
    sample: str  # the id of the last


def gist(reason: str) -> str:
    """Return what reasons of the same kind share: without the values, ids and numbers in them."""
    text = reason.strip()
    for pattern, stand_in in _VALUES:
        text = pattern.sub(stand_in, text)
    return " ".join(text.split())[:LONGEST]


def group_id(reason: str) -> str:
    """Return the name of the group of a reason."""
    return hashlib.blake2s(gist(reason).encode(), digest_size=8).hexdigest()


def group_key(portal: str, state: EventState, group: str) -> str:
    """Return the list of a group."""
    return portal_key(portal, "like", state.value, group)


class Groups(Connection):
    """The groups, and how events leave them."""

    def groups(self, portal: str) -> list[Group]:
        """Return the groups of a portal, the largest first; the 200 largest, if there are more."""
        with our_errors():
            named = self.redis.hgetall(portal_key(portal, "groups"))
            asked = [
                (id.decode(), text.decode(), state) for id, text in named.items() for state in ENDED
            ]
            pipe = self.redis.pipeline(transaction=False)
            for id, _, state in asked:
                key = group_key(portal, state, id)
                pipe.zcard(key)
                pipe.zrange(key, 0, 0, withscores=True)
                pipe.zrevrange(key, 0, 0, withscores=True)
            found = iter(pipe.execute())
        groups = [
            Group(
                id=id,
                state=state,
                reason=text,
                events=count,
                first=moment(int(first[0][1]) * 1000),
                last=moment(int(last[0][1]) * 1000),
                sample=f"{portal}.{last[0][0].decode()}",
            )
            for (id, text, state), count, first, last in zip(
                asked, found, found, found, strict=True
            )
            if count
        ]
        groups.sort(key=lambda group: (-group.events, group.id))
        return groups[:MOST_GROUPS]

    def groups_of(self, portal: str, members: list[str]) -> list[str]:
        """Return the group of each member, "" for one that has none."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            for member in members:
                pipe.hget(portal_key(portal, "kept", member), "g")
            return [(found or b"").decode() for found in pipe.execute()]

    def forget_ended(self, portal: str, *, before_ms: int) -> int:
        """Drop the names of what ended before and is not kept any more; return how many went."""
        with our_errors():
            gone = 0
            for state in ENDED:
                gone += self.redis.zremrangebyscore(
                    portal_key(portal, state.value), "-inf", f"({before_ms}"
                )
            named = [id.decode() for id in self.redis.hkeys(portal_key(portal, "groups"))]
            for id in named:
                left = 0
                for state in ENDED:
                    key = group_key(portal, state, id)
                    self.redis.zremrangebyscore(key, "-inf", f"({before_ms}")
                    left += self.redis.zcard(key)
                if not left:
                    self.redis.hdel(portal_key(portal, "groups"), id)
            return gone
