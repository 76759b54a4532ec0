"""The whole system on one screen: events → changes → waves → calls → outcomes → verdicts."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from workers.errors import Permanent, Refused, Retryable, StoreDown
from workers.events import Event
from workers.knowledge import BUILT_IN, Knowledge, RecordId
from workers.logs import log
from workers.once import Once
from workers.operations import Result, Said
from workers.outcomes import EventState, Outcome, State, Verdict
from workers.plan import Plan
from workers.plan.parts import gathered, parts
from workers.plan.wants import Job, definitions, identities, labels, unrepeatable
from workers.results import FORBIDDEN_S, UNAUTHORIZED_S
from workers.schema import ask_definitions, ask_labels
from workers.sending import Made, Sender
from workers.sources import Source
from workers.stamps import Clock
from workers.store import Learned, Settlement, Standing, Store
from workers.translate import translate, why_nothing
from workers.verdicts import Patience, verdict

PARTS, PART_JOBS = 2, 500  # a turn's parts side by side, and how many jobs make one worthwhile
WIDE_WAIT_S = 5.0  # when nothing gets through to a portal, and it does not say for how long


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a portal's writer works with."""

    portal: str
    store: Store
    sender: Sender
    sources: Mapping[str, Source]  # by endpoint
    patience: Patience
    clock: Callable[[], datetime]
    random: Callable[[], float]
    answer_s: float = 45.0  # a call that was sent longer ago has its effect, or never will
    one_of_a_kind: bool = False  # of two records with one key none is written
    trace: "Callable[[Turn, datetime], object] | None" = None  # is told of each turn, if any is


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn did: the events it handled, where they stand, and how many calls it made."""

    events: Sequence[Event] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    before: Mapping[str, Standing] = field(default_factory=dict)  # of those looked at earlier
    taken: datetime | None = None  # when they were taken up
    made: Sequence[Made] = ()  # the calls
    pause_s: float | None = None  # the portal takes nothing for so long
    reason: str = ""

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return len(self.made)


def turn(desk: Desk, *, fence: int, limit: int) -> Turn:
    """Handle what waits for the portal, up to `limit` events.

    The caller holds the portal's lease under the number `fence`; once there is a newer one this
    raises LeaseLost. Stopping anywhere loses nothing: what is not settled is taken again.
    """
    taken = desk.clock()
    events = desk.store.take(desk.portal, now=taken, limit=limit)
    if not events:
        return Turn()
    standings = desk.store.standings(events)
    jobs, verdicts = translated(desk, events, standings)
    plans: list[Plan] = []
    blocked: Result | None = None
    try:
        knowledge = known(desk, jobs)
    except StoreDown:
        raise
    except (Retryable, Refused) as error:  # nothing is sent while it is not known how
        plans = [Plan(jobs, Knowledge())]
        blocked = _unasked(error)
    else:
        jobs = readable(desk, jobs, knowledge, standings, verdicts)
        plans, blocked = carry_out(desk, jobs, knowledge, fence=fence)
    not_before = None
    if blocked is not None:
        not_before = desk.clock() + timedelta(seconds=blocked.retry_after_s or WIDE_WAIT_S)
    outcomes: dict[str, list[Outcome]] = {}
    for plan in plans:
        outcomes |= plan.outcomes(why_open="" if blocked is None else blocked.reason)
    for job in jobs:
        verdicts[job.event.id] = verdict(
            job.event,
            outcomes[job.event.id],
            attempts=_attempts(standings, job.event) + 1,
            now=desk.clock(),
            patience=desk.patience,
            random=desk.random,
            not_before=not_before,
        )
    made = settle(desk, plans, events, verdicts, standings, fence=fence)
    done = Turn(events=events, verdicts=verdicts, before=standings, taken=taken, made=made)
    if blocked is None:
        return done
    return replace(done, pause_s=blocked.retry_after_s or WIDE_WAIT_S, reason=blocked.reason)


def translated(
    desk: Desk, events: Sequence[Event], standings: Mapping[str, Standing]
) -> tuple[list[Job], dict[str, Verdict]]:
    """Return the jobs of the events that ask for something, and where the others stand."""
    jobs: list[Job] = []
    verdicts: dict[str, Verdict] = {}
    for event in events:
        source = desk.sources.get(event.endpoint)
        if source is None:
            reason = f"endpoint {event.endpoint!r} is not in this worker's configuration"
            verdicts[event.id] = _later(desk, event, standings, reason=reason, wait_s=30.0)
            continue
        try:
            changes = translate(event, source)
        except Permanent as error:  # one bad event harms itself only
            verdicts[event.id] = Verdict(state=EventState.DEAD, reason=str(error))
            continue
        if not changes:
            reason = why_nothing(event, source)
            verdicts[event.id] = Verdict(state=EventState.IGNORED, reason=reason)
            continue
        before = standings.get(event.id)
        prior = {o.step: o for o in before.outcomes} if before else {}
        jobs.append(Job(event=event, changes=changes, prior=prior))
    return jobs, verdicts


def known(desk: Desk, jobs: Sequence[Job]) -> Knowledge:
    """Return what the store and the portal's schema say about what the jobs mention."""
    store, portal, sender = desk.store, desk.portal, desk.sender
    defined, labelled = store.schema(portal)
    named = identities(jobs)
    properties, links = definitions(jobs, named) - BUILT_IN.keys(), labels(jobs)
    asked = ask_definitions(properties - defined.keys(), api=sender.api, ask=sender.ask)
    answered = ask_labels(links - labelled.keys(), api=sender.api, ask=sender.ask)
    store.learn_schema(portal, definitions=asked, labels=answered)
    ids, archived = store.ids(portal, named)
    records = {(key.object_type, record_id) for key, record_id in ids.items()}
    knowledge = Knowledge(
        ids=ids,
        archived=archived,
        clocks=store.clocks(portal, records),
        definitions=defined | asked,
        labels=labelled | answered,
        one_of_a_kind=desk.one_of_a_kind,
    )
    knowledge.unread = frozenset(
        {
            *(each[:1] for each in properties - knowledge.definitions.keys()),
            *(each[:2] for each in links - knowledge.labels.keys()),
        }
    )
    intents = store.intents(portal, unrepeatable(jobs, knowledge))
    moment = desk.clock()
    knowledge.intents = {key: intent.made for key, intent in intents.items()}
    knowledge.young = frozenset(
        key
        for key, intent in intents.items()
        if intent.may_still_come(now=moment, answer_s=desk.answer_s)
    )
    return knowledge


def readable(
    desk: Desk,
    jobs: Sequence[Job],
    knowledge: Knowledge,
    standings: Mapping[str, Standing],
    verdicts: dict[str, Verdict],
) -> list[Job]:
    """Return the jobs of which all is known; those of what we may not read wait."""
    if not knowledge.unread:
        return list(jobs)
    found: list[Job] = []
    for job in jobs:
        needed = {
            *(each[:1] for each in definitions([job]) - BUILT_IN.keys()),
            *(each[:2] for each in labels([job])),
        }
        missing = sorted(needed & knowledge.unread, key=len)
        if missing:
            what = " → ".join(missing[0])
            which = "properties" if len(missing[0]) == 1 else "association labels"
            reason = f"the token may not read the {which} of {what}; grant it the scope"
            verdicts[job.event.id] = _later(
                desk, job.event, standings, reason=reason, wait_s=FORBIDDEN_S
            )
        else:
            found.append(job)
    return found


def carry_out(
    desk: Desk, jobs: Sequence[Job], knowledge: Knowledge, *, fence: int
) -> tuple[list[Plan], Result | None]:
    """Send all waves of the jobs; return the plans, and why nothing gets through if nothing does.

    What has no record in common goes side by side: one part is planned while another's calls are
    waited for.
    """
    shares = parts(jobs, knowledge.ids, wanted=PARTS, least=PART_JOBS)

    def carry(share: Sequence[Job]) -> tuple[Plan, Result | None]:
        plan = Plan(share, knowledge)
        return plan, waves(desk, plan, fence=fence)

    if len(shares) == 1:
        plan, blocked = carry(shares[0])
        return [plan], blocked
    with ThreadPoolExecutor(max_workers=len(shares)) as pool:
        done = list(pool.map(carry, shares))
    return [plan for plan, _ in done], next((why for _, why in done if why is not None), None)


def waves(desk: Desk, plan: Plan, *, fence: int) -> Result | None:
    """Send wave after wave; return the result that says why nothing gets through, if one does."""
    store, portal = desk.store, desk.portal
    while operations := plan.wave():
        diary = Once(store=store, portal=portal, fence=fence, keys=plan.once(), clock=desk.clock)
        results = desk.sender.send(operations, diary)
        plan.absorb(results)
        plan.know_clocks(store.clocks(portal, plan.unclocked()))
        for result in results.values():
            if result.portal_wide:
                return result
    return None


def settle(
    desk: Desk,
    plans: Sequence[Plan],
    events: Sequence[Event],
    verdicts: Mapping[str, Verdict],
    standings: Mapping[str, Standing],
    *,
    fence: int,
) -> Sequence[Made]:
    """Keep what became of each event, and its calls; return the calls."""
    made = desk.sender.take_notes()
    try:
        desk.store.keep_calls(desk.portal, {each.id: each.record() for each in made})
    except StoreDown as error:  # without the calls' own story the events can still be settled
        log.warning("calls not kept", portal=desk.portal, reason=str(error))
    found = gathered(plans)
    clocks: dict[str, list[tuple[RecordId, str, Clock]]] = {}
    for (record, name), clock in found.moved.items():
        clocks.setdefault(clock.event_id, []).append((record, name, clock))
    desk.store.settle(
        desk.portal,
        [
            Settlement(
                event=event,
                verdict=verdicts[event.id],
                attempts=_attempts(standings, event) + 1,
                clocks=clocks.pop(event.id, ()),
                about=found.about.get(event.id, ()),
            )
            for event in events
        ],
        Learned(
            ids=found.ids,
            forgotten=found.forgotten,
            archived=found.archived,
            clocks=[clock for others in clocks.values() for clock in others],
        ),
        fence=fence,
        now=desk.clock(),
    )
    return made


def _later(
    desk: Desk, event: Event, standings: Mapping[str, Standing], *, reason: str, wait_s: float
) -> Verdict:
    """Return that an event waits which cannot even be planned."""
    outcome = Outcome(step="", state=State.POSTPONED, reason=reason, retry_after_s=wait_s)
    return verdict(
        event,
        [outcome],
        attempts=_attempts(standings, event) + 1,
        now=desk.clock(),
        patience=desk.patience,
        random=desk.random,
    )


def _unasked(error: Retryable | Refused) -> Result:
    """Return what it means for a turn that the portal did not tell its schema."""
    wait_s = UNAUTHORIZED_S if isinstance(error, Refused) else error.retry_after_s
    return Result(said=Said.LATER, reason=str(error), retry_after_s=wait_s, portal_wide=True)


def _attempts(standings: Mapping[str, Standing], event: Event) -> int:
    before = standings.get(event.id)
    return before.attempts if before else 0
