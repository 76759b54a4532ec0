"""What must be known before a turn's jobs are planned: from the store, else from the portal."""

from collections.abc import Mapping, Sequence

from workers.changes import Numbered
from workers.errors import Refused, Retryable, StoreDown
from workers.knowledge import BUILT_IN, Knowledge, RecordId
from workers.objects import canonical
from workers.operations import Result, Said
from workers.outcomes import Outcome, State
from workers.plan.jobs import Job, targets
from workers.plan.requirements import creates, definitions, identities, labels
from workers.results import FORBIDDEN_S, UNAUTHORIZED_S
from workers.schema import ask_definitions, ask_labels
from workers.writer import Writer


def look_up(writer: Writer, jobs: Sequence[Job]) -> tuple[Knowledge, Result | None]:
    """Return what is known of what the jobs mention; or why the portal does not tell, if so.

    What the portal alone can tell is asked once an hour. Raises StoreDown.
    """
    store, portal, sender = writer.store, writer.portal, writer.sender
    named = identities(jobs)
    properties, links = definitions(jobs, named) - BUILT_IN.keys(), labels(jobs)
    defined, labelled = store.schema(portal)
    try:
        asked = ask_definitions(properties - defined.keys(), api=sender.api, ask=sender.ask)
        answered = ask_labels(links - labelled.keys(), api=sender.api, ask=sender.ask)
    except StoreDown:
        raise
    except (Retryable, Refused) as error:
        return Knowledge(), _untold(error)
    store.learn_schema(portal, definitions=asked, labels=answered)
    ids, archived = store.ids(portal, named)
    records = {(key.object_type, record_id) for key, record_id in ids.items()} | _told(jobs)
    knowledge = Knowledge(
        ids=ids,
        archived=archived,
        clocks=store.clocks(portal, records),
        definitions=defined | asked,
        labels=labelled | answered,
        one_of_a_kind=writer.one_of_a_kind,
    )
    knowledge.unread = frozenset(
        {
            *(each[:1] for each in properties - knowledge.definitions.keys()),
            *(each[:2] for each in links - knowledge.labels.keys()),
        }
    )
    intents = store.intents(portal, creates(jobs, knowledge))
    now = writer.clock()
    knowledge.intents = {key: intent.made for key, intent in intents.items()}
    knowledge.young = frozenset(
        key
        for key, intent in intents.items()
        if intent.may_still_come(now=now, answer_s=writer.answer_s)
    )
    return knowledge, None


def _told(jobs: Sequence[Job]) -> set[RecordId]:
    """Return the records that the jobs name by an id, and those that an earlier turn made."""
    found: set[RecordId] = set()
    for job in jobs:
        for change in job.changes:
            for each in targets(change):
                if isinstance(each, Numbered):
                    found.add((canonical(each.object_type), each.id))
        for outcome in job.prior.values():
            object_type, _, record_id = outcome.record.rpartition("/")
            if record_id:
                found.add((object_type, record_id))
    return found


def unreadable(jobs: Sequence[Job], knowledge: Knowledge) -> Mapping[str, Outcome]:
    """Return, by event, why a job must wait: it needs what our token may not read."""
    if not knowledge.unread:
        return {}
    found: dict[str, Outcome] = {}
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
            found[job.event.id] = Outcome(
                step="", state=State.POSTPONED, reason=reason, retry_after_s=FORBIDDEN_S
            )
    return found


def _untold(error: Retryable | Refused) -> Result:
    """Return what it means for a turn that the portal did not tell its schema."""
    wait_s = UNAUTHORIZED_S if isinstance(error, Refused) else error.retry_after_s
    return Result(said=Said.LATER, reason=str(error), retry_after_s=wait_s, portal_wide=True)
