"""What was sent and never answered, in a portal without our property, is not made twice."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.workers.office import PORTAL, Office, later, office
from workers.crm.calls import Call
from workers.errors import LeaseLost
from workers.events import Event
from workers.outcomes import EventState

RECALLED_AT_ONCE = 500  # associations that one answer of the CRM holds


@pytest.fixture
def bare(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    """A portal without any property of ours."""
    with office(redis_url, tmp_path, provisioned=False) as found:
        yield found


def visit(number: int) -> dict[str, object]:
    return {"id": f"v{number}", "type": "visited", "email": "a@x.example"}


def test_a_note_that_the_crm_makes_long_after_the_call_is_not_made_again(bare: Office) -> None:
    bare.work_off()
    known = bare.accept({"id": "s1", "type": "saved", "email": "a@x.example"})
    bare.work_off()
    assert bare.state(known[0]) is EventState.DONE
    bare.fault("status", "/notes/batch/create", status=504)
    event = bare.accept(visit(1))[0]
    bare.turn()
    sent = _create_body(bare, event)
    due = bare.due()
    assert due is not None
    bare.now = due
    bare.turn()  # it is looked for, and not there yet
    assert bare.state(event) is EventState.RETRYING
    assert "the CRM may still make it" in bare.standing(event).reason
    bare.crm("POST", "/crm/v3/objects/notes/batch/create", sent)  # and now it is
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    assert bare.bodies() == ["visit v1"]
    assert bare.contact("a@x.example")["hs_pinned_engagement_id"]


def _create_body(office: Office, event: Event) -> object:
    """The body of the note's create, as it was sent."""
    calls = [name for outcome in office.standing(event).outcomes for name in outcome.calls]
    kept = [office.store.call(PORTAL, name) or {} for name in calls]
    return next(each["body"] for each in kept if str(each["path"]).endswith("/notes/batch/create"))


def test_a_lost_note_is_found_behind_pages_of_other_notes(bare: Office) -> None:
    others = bare.accept(*(visit(n) for n in range(RECALLED_AT_ONCE + 20)))
    bare.work_off()
    assert {bare.state(event) for event in others} == {EventState.DONE}
    bare.fault("lost", "/notes/batch/create")
    event = bare.accept(visit(9_999))[0]
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    assert len(bare.bodies()) == RECALLED_AT_ONCE + 21


@dataclass(slots=True)
class Leave:
    """Lets so many creates of deals be sent; then the lease is lost."""

    creates: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Call) -> None:
        with self.lock:
            if call.path.endswith("/deals/batch/create"):
                if not self.creates:
                    raise LeaseLost("another has the portal")
                self.creates -= 1


def test_what_was_not_sent_when_the_lease_was_lost_is_sent_by_the_next(bare: Office) -> None:
    bodies = [{"id": f"b{n}", "type": "bought", "email": "a@x.example"} for n in range(250)]
    events = bare.accept(*bodies)
    kept, bare.writer.sender.permit = bare.writer.sender.permit, Leave(creates=1)
    with pytest.raises(LeaseLost):
        bare.turn()
    assert len(bare.records("deals")) == 100
    bare.store.release(PORTAL, owner="tests", even_if_rung=True)
    bare.fence = bare.store.lease(PORTAL, owner="next", lease_s=600)
    bare.writer.sender.permit = kept
    later(bare, 1)
    bare.work_off()
    assert {bare.state(event) for event in events} == {EventState.DONE}
    assert len(bare.records("deals")) == 250
