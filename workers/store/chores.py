"""Work in the background that a person asked for, and how far it has come.

hl:{portal}:chore:ID        hash: what is to be done, the cursor and the counts; lives for a week
hl:{portal}:chore:ID:hand   string: who does it at the moment; expires, so that another goes on
hl:{portal}:chores          sorted set: ids by when they were asked for; the newest hundred
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import orjson

from workers.outcomes import EventState
from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key
from workers.store.queries import Query

KEPT_S = 7 * 86_400
MOST_CHORES = 100
HAND_MS = 30_000


class What(StrEnum):
    """What is done to each of the events."""

    REPLAY = "replay"
    DISCARD = "discard"


class Progress(StrEnum):
    """How far a chore is."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """What a person asked for, and how far it has come."""

    id: str
    portal: str
    what: What
    state: EventState  # of the events that are meant: dead or unknown
    by: str
    at: datetime
    expected: int  # events to look at, as far as was known when it was asked for
    endpoint: str | None = None
    type: str | None = None
    group: str | None = None
    words: str = ""  # in the reason of their end
    reason: str = ""  # why they are discarded
    progress: Progress = Progress.ASKED
    looked: int = 0
    done: int = 0
    cursor: str | None = None
    moved: datetime | None = None  # when it last came on

    @property
    def query(self) -> Query:
        """The events that are meant."""
        return Query(
            endpoint=self.endpoint,
            type=self.type,
            state=self.state,
            group=self.group,
            reason=self.words,
        )


class Chores(Connection):
    """The chores of each portal."""

    def add_chore(self, chore: Chore) -> None:
        """Remember what is to be done."""
        key = portal_key(chore.portal, "chore", chore.id)
        listed = portal_key(chore.portal, "chores")
        with our_errors():
            pipe = self.redis.pipeline(transaction=True)
            pipe.hset(key, mapping=_fields(chore))
            pipe.expire(key, KEPT_S)
            pipe.zadd(listed, {chore.id: microseconds(chore.at) // 1000})
            pipe.zremrangebyrank(listed, 0, -MOST_CHORES - 1)
            pipe.execute()

    def chores(self, portal: str) -> list[Chore]:
        """Return the newest chores, the newest first."""
        with our_errors():
            ids = self.redis.zrevrange(portal_key(portal, "chores"), 0, MOST_CHORES - 1)
            pipe = self.redis.pipeline(transaction=False)
            for id in ids:
                pipe.hgetall(portal_key(portal, "chore", id.decode()))
            found = pipe.execute()
        return [_chore(fields) for fields in found if fields]

    def chore(self, portal: str, id: str) -> Chore | None:
        """Return a chore, None if there is none of that name."""
        with our_errors():
            fields = self.redis.hgetall(portal_key(portal, "chore", id))
        return _chore(fields) if fields else None

    def move_chore(self, chore: Chore, *, now: datetime) -> Chore:
        """Remember how far it has come; return it as it stands, which may be stopped meanwhile."""
        key = portal_key(chore.portal, "chore", chore.id)
        with our_errors():
            if self.redis.hexists(key, "stopped") and chore.progress is not Progress.DONE:
                chore = replace(chore, progress=Progress.STOPPED)
            chore = replace(chore, moved=now)
            self.redis.hset(key, mapping=_moving(chore))
            self.redis.expire(key, KEPT_S)
        return chore

    def stop_chore(self, portal: str, id: str) -> bool:
        """End a chore after the step under way; False if it has ended, or never was."""
        chore = self.chore(portal, id)
        if chore is None or chore.progress in (Progress.DONE, Progress.STOPPED):
            return False
        with our_errors():
            self.redis.hset(portal_key(portal, "chore", id), "stopped", "1")
        return True

    def take_chore(self, portal: str, id: str, *, owner: str) -> bool:
        """Return True if `owner` is the one who does it now, and for half a minute more."""
        key = portal_key(portal, "chore", id, "hand")
        with our_errors():
            if self.redis.set(key, owner, nx=True, px=HAND_MS):
                return True
            if self.redis.get(key) != owner.encode():
                return False
            self.redis.pexpire(key, HAND_MS)
            return True

    def leave_chore(self, portal: str, id: str) -> None:
        """Let somebody else go on."""
        with our_errors():
            self.redis.delete(portal_key(portal, "chore", id, "hand"))

    def chores_left(self, portal: str) -> list[str]:
        """Return the chores that are not done, and that nobody does at the moment."""
        open_ = [
            chore.id
            for chore in self.chores(portal)
            if chore.progress in (Progress.ASKED, Progress.RUNNING)
        ]
        if not open_:
            return []
        with our_errors():
            hands = self.redis.mget([portal_key(portal, "chore", id, "hand") for id in open_])
        return [id for id, hand in zip(open_, hands, strict=True) if hand is None]

    def reword_chores(self, portal: str, said: Callable[[str], bool], *, instead: str) -> None:
        """Put `instead` where a person wrote words of which `said` is true."""
        for chore in self.chores(portal):
            words, reason = (
                instead if said(each) else each for each in (chore.words, chore.reason)
            )
            if (words, reason) != (chore.words, chore.reason):
                asked = _fields(replace(chore, words=words, reason=reason))["asked"]
                with our_errors():
                    self.redis.hset(portal_key(portal, "chore", chore.id), "asked", asked)


def new_id() -> str:
    """Return a name for a chore."""
    return secrets.token_hex(6)


def _fields(chore: Chore) -> dict[str, object]:
    asked = orjson.dumps(
        [
            chore.id,
            chore.portal,
            chore.what.value,
            chore.state.value,
            chore.by,
            microseconds(chore.at),
            chore.expected,
            chore.endpoint,
            chore.type,
            chore.group,
            chore.words,
            chore.reason,
        ]
    )
    return {"asked": asked, **_moving(chore)}


def _moving(chore: Chore) -> dict[str, object]:
    return {
        "progress": chore.progress.value,
        "looked": chore.looked,
        "done": chore.done,
        "cursor": chore.cursor or "",
        "moved": "" if chore.moved is None else microseconds(chore.moved),
    }


def _chore(fields: Mapping[bytes, bytes]) -> Chore:
    id, portal, what, state, by, at_us, expected, *more = orjson.loads(fields[b"asked"])
    endpoint, type_, group, words, reason = more
    moved = fields[b"moved"]
    progress = Progress(fields[b"progress"].decode())
    if b"stopped" in fields and progress is not Progress.DONE:
        progress = Progress.STOPPED
    return Chore(
        id=id,
        portal=portal,
        what=What(what),
        state=EventState(state),
        by=by,
        at=moment(at_us),
        expected=expected,
        endpoint=endpoint,
        type=type_,
        group=group,
        words=words,
        reason=reason,
        progress=progress,
        looked=int(fields[b"looked"]),
        done=int(fields[b"done"]),
        cursor=fields[b"cursor"].decode() or None,
        moved=moment(int(moved)) if moved else None,
    )
