"""A portal gets our property while the answer to a create is still open: nothing is doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.office import PORTAL, Office, office
from workers.knowledge import Knowledge
from workers.outcomes import EventState
from workers.plan.jobs import Job
from workers.plan.requirements import creates
from workers.translate import translate


@pytest.fixture
def bare(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    """A portal without any property of ours."""
    with office(redis_url, tmp_path, provisioned=False) as found:
        yield found


def provision(at: Office) -> None:
    at.provision("notes", "deals", "companies")
    at.store.forget_schema(PORTAL)


def test_a_deal_whose_answer_was_lost_stays_unknown_until_a_person_says_what_became_of_it(
    bare: Office,
) -> None:
    bare.fault("lost", "/deals/batch/create")
    (event,) = bare.accept({"id": "b1", "type": "bought", "email": "a@x.example"})
    bare.work_off()
    assert bare.state(event) is EventState.UNKNOWN
    provision(bare)
    bare.store.replay(event.id, state=EventState.UNKNOWN, now=bare.now)
    bare.work_off()
    assert bare.state(event) is EventState.UNKNOWN
    (deal,) = bare.records("deals")
    job = Job(event=event, changes=translate(event, bare.writer.sources["shop"]))
    (key,) = bare.store.intents(PORTAL, creates([job], Knowledge()))
    bare.store.answer_intents(PORTAL, {key: deal})
    bare.store.replay(event.id, state=EventState.UNKNOWN, now=bare.now)
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    assert [*bare.records("deals")] == [deal]


def test_a_note_whose_answer_was_lost_is_found_on_its_record(bare: Office) -> None:
    bare.fault("lost", "/notes/batch/create")
    (event,) = bare.accept(
        {"id": "v1", "type": "visited", "email": "a@x.example", "firstname": "A"}
    )
    bare.turn()
    assert bare.state(event) is EventState.RETRYING
    provision(bare)
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    assert bare.bodies() == ["visit v1"]


def test_a_company_that_somebody_deleted_is_made_anew(bare: Office) -> None:
    joined = {"type": "joined", "email": "a@x.example", "domain": "x.example", "company": "X"}
    bare.accept({"id": "j1", **joined})
    bare.work_off()
    (first,) = bare.records("companies")
    bare.crm("DELETE", f"/crm/v3/objects/companies/{first}")
    (event,) = bare.accept({"id": "j2", **joined})
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    (second,) = bare.records("companies")
    assert second != first
