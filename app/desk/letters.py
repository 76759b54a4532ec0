"""Events that ended badly: by what ended them, and what a person may do with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.desk import Desk
from app.desk.refusals import Impossible, Misasked, Missing
from workers.outcomes import EventState
from workers.store.chores import Chore, Progress, What, new_id
from workers.store.groups import ENDED
from workers.store.keys import split_event_id

MOST_NAMED = 500
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """Events that ended alike."""

    id: str
    portal: str
    state: EventState
    reason: str
    events: int
    first: datetime
    last: datetime
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPage:
    """All of them, the largest first."""

    groups: tuple[GroupRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What became of the wish of one event; `why_not` is empty if it was done."""

    id: str
    done: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DidPage:
    """What became of each."""

    done: int
    events: tuple[Did, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The dead or unknown events of a portal that are meant; None for what does not matter."""

    state: EventState = EventState.DEAD
    endpoint: str | None = None
    type: str | None = None
    group: str | None = None
    words: str = ""  # in the reason of their end


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreRow:
    """Work in the background, and how far it is."""

    id: str
    portal: str
    what: What
    state: EventState
    endpoint: str | None
    type: str | None
    group: str | None
    words: str
    reason: str
    by: str
    at: datetime
    progress: Progress
    expected: int
    looked: int
    done: int
    moved: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChorePage:
    """The newest, the newest first."""

    chores: tuple[ChoreRow, ...]


def list_groups(desk: Desk, *, portals: Sequence[str]) -> GroupPage:
    """Return the dead and the unknown by what ended them."""
    rows = [
        GroupRow(
            id=group.id,
            portal=portal,
            state=group.state,
            reason=group.reason,
            events=group.events,
            first=group.first,
            last=group.last,
            sample=group.sample,
        )
        for portal in portals
        for group in desk.store.groups(portal)
    ]
    rows.sort(key=lambda row: (-row.events, row.portal, row.id))
    return GroupPage(groups=tuple(rows))


def replay(desk: Desk, ids: Sequence[str], *, portals: Sequence[str]) -> DidPage:
    """Put dead and unknown events back to work. Raises Misasked if they are too many.

    It doubles nothing, and lets no old value win over a newer one.
    """
    did: list[Did] = []
    for id, state, why_not in _named(desk, ids, portals):
        if state is not None and desk.store.replay(id, state=state, now=desk.now()):
            did.append(Did(id=id, done=True))
        else:
            did.append(Did(id=id, done=False, why_not=why_not or f"{id}: it was replayed already"))
    _ring(desk, did)
    return DidPage(done=sum(each.done for each in did), events=tuple(did))


def replay_one(desk: Desk, id: str, *, portals: Sequence[str]) -> Did:
    """Put a dead or unknown event back to work. Raises Missing, Impossible if it is neither."""
    desk.event(id, portals=portals)
    (did,) = replay(desk, [id], portals=portals).events
    if not did.done:
        raise Impossible(did.why_not)
    return did


def discard(desk: Desk, ids: Sequence[str], *, reason: str, portals: Sequence[str]) -> DidPage:
    """Give dead and unknown events up, for a reason. Raises Misasked."""
    reason = _reason(reason)
    did: list[Did] = []
    for id, state, why_not in _named(desk, ids, portals):
        if state is not None and desk.store.discard(id, reason=reason, now=desk.now()):
            did.append(Did(id=id, done=True))
        else:
            did.append(Did(id=id, done=False, why_not=why_not or f"{id}: it was not dead any more"))
    return DidPage(done=sum(each.done for each in did), events=tuple(did))


def replay_all(
    desk: Desk, portal: str, which: Which, *, by: str, portals: Sequence[str]
) -> ChoreRow:
    """Begin to replay every event that is meant; `chore` tells how far it is."""
    return _begin(desk, portal, which, What.REPLAY, by=by, portals=portals)


def discard_all(
    desk: Desk, portal: str, which: Which, *, reason: str, by: str, portals: Sequence[str]
) -> ChoreRow:
    """Begin to give up every event that is meant, for a reason."""
    reason = _reason(reason)
    return _begin(desk, portal, which, What.DISCARD, by=by, reason=reason, portals=portals)


def resolve(desk: Desk, id: str, *, made: str | None, portals: Sequence[str]) -> None:
    """Settle an unknown event by a person's word: the record that was made, or None for none.

    Raises Missing, and Impossible if there is nothing to settle.
    """
    event = desk.event(id, portals=portals)
    (found,) = desk.store.found([event])
    if found.state is not EventState.UNKNOWN:
        raise Impossible(f"{id} is {found.state.value}, not unknown; there is nothing to resolve")
    lost = desk.runtime.unanswered(event)
    if not lost:
        raise Impossible(f"{id}: no create of it is open any more; a replay goes on with it")
    if made is not None and len(lost) > 1:
        raise Impossible(f"{id}: {len(lost)} creates are open; one record cannot be all of them")
    desk.store.answer_intents(event.portal, dict.fromkeys(lost, made))
    desk.store.replay(id, state=EventState.UNKNOWN, now=desk.now())
    desk.runtime.ring(event.portal)


def list_chores(desk: Desk, *, portals: Sequence[str]) -> ChorePage:
    """Return the work in the background of the last week, the newest first."""
    found = [chore for portal in portals for chore in desk.store.chores(portal)]
    found.sort(key=lambda chore: chore.at, reverse=True)
    return ChorePage(chores=tuple(_row(chore) for chore in found))


def chore(desk: Desk, portal: str, id: str, *, portals: Sequence[str]) -> ChoreRow:
    """Return how far a piece of work is. Raises Missing."""
    found = desk.store.chore(portal, id) if portal in portals else None
    if found is None:
        raise Missing(f"there is no work of the name {id[:40]!r} in this portal")
    return _row(found)


def stop_chore(desk: Desk, portal: str, id: str, *, portals: Sequence[str]) -> ChoreRow:
    """End a piece of work after the step under way. Raises Missing, Impossible if it has ended."""
    row = chore(desk, portal, id, portals=portals)
    if not desk.store.stop_chore(portal, id):
        raise Impossible(f"{id} is {row.progress.value} already")
    return chore(desk, portal, id, portals=portals)


def _begin(
    desk: Desk,
    portal: str,
    which: Which,
    what: What,
    *,
    by: str,
    reason: str = "",
    portals: Sequence[str],
) -> ChoreRow:
    portal = desk.portal(portal, portals=portals)
    if which.state not in ENDED:
        raise Misasked("state: only dead and unknown events are replayed or discarded")
    made = Chore(
        id=new_id(),
        portal=portal,
        what=what,
        state=which.state,
        by=by,
        at=desk.now(),
        expected=_expected(desk, portal, which),
        endpoint=which.endpoint,
        type=which.type,
        group=which.group,
        words=which.words,
        reason=reason,
    )
    desk.store.add_chore(made)
    desk.runtime.send_chore(portal, made.id)
    return _row(made)


def _expected(desk: Desk, portal: str, which: Which) -> int:
    """Return how many events are to be looked at."""
    if which.group is None:
        backlog = desk.store.backlog(portal)
        return backlog.dead if which.state is EventState.DEAD else backlog.unknown
    return sum(
        group.events
        for group in desk.store.groups(portal)
        if (group.id, group.state) == (which.group, which.state)
    )


def _named(
    desk: Desk, ids: Sequence[str], portals: Sequence[str]
) -> Iterable[tuple[str, EventState | None, str]]:
    """Give each event with its state, if it ended badly, else with what is against it."""
    if len(ids) > MOST_NAMED:
        raise Misasked(f"ids: at most {MOST_NAMED} at once; for more, say which by a filter")
    for id in dict.fromkeys(ids):
        try:
            (found,) = desk.store.found([desk.event(id, portals=portals)])
        except Missing as error:
            yield id, None, str(error)
            continue
        if found.state in ENDED:
            yield id, found.state, ""
        else:
            yield (
                id,
                None,
                f"{id} is {found.state.value}; that is neither dead nor unknown",
            )


def _ring(desk: Desk, did: Sequence[Did]) -> None:
    for portal in {split_event_id(each.id)[0] for each in did if each.done}:
        desk.runtime.ring(portal)


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise Misasked(f"reason: say why, in up to {LONGEST_REASON} characters")
    return f"discarded: {reason}"


def _row(chore: Chore) -> ChoreRow:
    return ChoreRow(
        id=chore.id,
        portal=chore.portal,
        what=chore.what,
        state=chore.state,
        endpoint=chore.endpoint,
        type=chore.type,
        group=chore.group,
        words=chore.words,
        reason=chore.reason,
        by=chore.by,
        at=chore.at,
        progress=chore.progress,
        expected=chore.expected,
        looked=chore.looked,
        done=chore.done,
        moved=chore.moved,
    )
