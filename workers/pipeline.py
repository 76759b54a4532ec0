"""The whole system on one screen: events → changes → waves → calls → outcomes → verdicts."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from workers.errors import Permanent, StoreDown
from workers.events import Event
from workers.intent_log import StoredIntents
from workers.knowledge import Knowledge
from workers.logs import log
from workers.lookup import look_up, unreadable
from workers.operations import Result
from workers.outcomes import EventState, Outcome, State, Verdict
from workers.plan import Plan
from workers.plan.jobs import Job
from workers.plan.parts import parts
from workers.sending import Made
from workers.settling import settlements
from workers.store import Standing
from workers.translate import translate, why_nothing
from workers.verdicts import verdict
from workers.writer import Turn, Writer

PARTS, PART_JOBS = 2, 500  # a turn's parts side by side, and how many jobs make one worthwhile
WIDE_WAIT_S = 5.0  # when nothing gets through to a portal, and it does not say for how long
UNCONFIGURED_S = 30.0  # until it is looked whether this worker knows the endpoint


def turn(writer: Writer, *, fence: int, limit: int) -> Turn:
    """Handle what waits for the portal, up to `limit` events.

    The caller holds the portal's lease under the number `fence`; once there is a newer one this
    raises LeaseLost. Stopping anywhere loses nothing: what is not settled is taken again.
    """
    taken = writer.clock()
    events = writer.store.take(writer.portal, now=taken, limit=limit)
    if not events:
        return Turn()
    before = writer.store.standings(events)
    jobs, verdicts, outcomes = translated(writer, events, before)
    knowledge, blocked = look_up(writer, jobs)
    if blocked is None:
        unread = unreadable(jobs, knowledge)
        outcomes |= {event_id: [outcome] for event_id, outcome in unread.items()}
        jobs = [job for job in jobs if job.event.id not in unread]
        plans, blocked = carry_out(writer, jobs, knowledge, fence=fence)
    else:  # nothing is sent while it is not known how
        plans = [Plan(jobs, knowledge)]
    for plan in plans:
        outcomes |= plan.outcomes(why_open="" if blocked is None else blocked.reason)
    pause_s = None if blocked is None else blocked.retry_after_s or WIDE_WAIT_S
    attempts = {e.id: (before[e.id].attempts if e.id in before else 0) + 1 for e in events}
    verdicts |= judged(writer, events, outcomes, attempts=attempts, pause_s=pause_s)
    made = settle(writer, events, verdicts, plans, attempts=attempts, fence=fence)
    return Turn(
        events=events,
        verdicts=verdicts,
        before=before,
        taken=taken,
        made=made,
        pause_s=pause_s,
        reason="" if blocked is None else blocked.reason,
    )


def translated(
    writer: Writer, events: Sequence[Event], before: Mapping[str, Standing]
) -> tuple[list[Job], dict[str, Verdict], dict[str, Sequence[Outcome]]]:
    """Return the jobs of the events that ask for something.

    Of the others: where they stand, by event, or why they wait.
    """
    jobs: list[Job] = []
    verdicts: dict[str, Verdict] = {}
    waiting: dict[str, Sequence[Outcome]] = {}
    for event in events:
        source = writer.sources.get(event.endpoint)
        if source is None:
            reason = f"endpoint {event.endpoint!r} is not in this worker's configuration"
            wait_s = UNCONFIGURED_S
            outcome = Outcome(step="", state=State.POSTPONED, reason=reason, retry_after_s=wait_s)
            waiting[event.id] = [outcome]
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
        earlier = before[event.id].outcomes if event.id in before else ()
        prior = {outcome.step: outcome for outcome in earlier}
        jobs.append(Job(event=event, changes=changes, prior=prior))
    return jobs, verdicts, waiting


def carry_out(
    writer: Writer, jobs: Sequence[Job], knowledge: Knowledge, *, fence: int
) -> tuple[list[Plan], Result | None]:
    """Send all waves of the jobs; return the plans, and why nothing gets through if nothing does.

    What has no record in common goes side by side: one part is planned while another's calls are
    waited for.
    """
    shares = parts(jobs, knowledge.ids, wanted=PARTS, least=PART_JOBS)

    def carry(share: Sequence[Job]) -> tuple[Plan, Result | None]:
        plan = Plan(share, knowledge)
        return plan, waves(writer, plan, fence=fence)

    if len(shares) == 1:
        plan, blocked = carry(shares[0])
        return [plan], blocked
    with ThreadPoolExecutor(max_workers=len(shares)) as pool:
        done = list(pool.map(carry, shares))
    return [plan for plan, _ in done], next((why for _, why in done if why is not None), None)


def waves(writer: Writer, plan: Plan, *, fence: int) -> Result | None:
    """Send wave after wave; return the result that says why nothing gets through, if one does."""
    store, portal = writer.store, writer.portal
    while operations := plan.wave():
        intents = StoredIntents(
            store=store, portal=portal, fence=fence, keys=plan.once(), clock=writer.clock
        )
        results = writer.sender.send(operations, intents)
        plan.absorb(results)
        plan.know_clocks(store.clocks(portal, plan.unclocked()))
        for result in results.values():
            if result.portal_wide:
                return result
    return None


def judged(
    writer: Writer,
    events: Sequence[Event],
    outcomes: Mapping[str, Sequence[Outcome]],
    *,
    attempts: Mapping[str, int],
    pause_s: float | None,
) -> dict[str, Verdict]:
    """Return where each event with outcomes stands; none is due before the portal's pause ends."""
    now = writer.clock()
    not_before = None if pause_s is None else now + timedelta(seconds=pause_s)
    return {
        event.id: verdict(
            event,
            outcomes[event.id],
            attempts=attempts[event.id],
            now=now,
            patience=writer.patience,
            random=writer.random,
            not_before=not_before,
        )
        for event in events
        if event.id in outcomes
    }


def settle(
    writer: Writer,
    events: Sequence[Event],
    verdicts: Mapping[str, Verdict],
    plans: Sequence[Plan],
    *,
    attempts: Mapping[str, int],
    fence: int,
) -> Sequence[Made]:
    """Keep what became of each event, and its calls; return the calls."""
    made = writer.sender.take_notes()
    try:
        writer.store.keep_calls(writer.portal, {each.id: each.record() for each in made})
    except StoreDown as error:  # without the calls' own story the events can still be settled
        log.warning("calls not kept", portal=writer.portal, reason=str(error))
    settled, learned = settlements(events, verdicts, plans, attempts=attempts)
    writer.store.settle(writer.portal, settled, learned, fence=fence, now=writer.clock())
    return made
