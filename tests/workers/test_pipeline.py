"""Events to records, on real parts: the fewest calls, each effect once, each fault its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.sandbox.switches import STRICT
from tests.workers.office import ENDPOINT, PORTAL, Office, later, office, turn_without_settling
from workers.outcomes import EventState, State

CONTACTS = "/crm/v3/objects/contacts"


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    """A provisioned portal."""
    with office(redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def bare(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    """A portal without any property of ours."""
    with office(redis_url, tmp_path, provisioned=False) as found:
        yield found


def visit(number: int, *, email: str = "", **more: object) -> dict[str, object]:
    return {
        "id": f"v{number}",
        "type": "visited",
        "email": email or f"c{number}@x.example",
        "firstname": f"N{number}",
        **more,
    }


def saved(number: int, email: str, **values: object) -> dict[str, object]:
    return {"id": f"s{number}", "type": "saved", "email": email, **values}


def writes(calls: list[str]) -> list[str]:
    """The calls but for those that ask for the schema, once an hour."""
    return [each for each in calls if "/properties/" not in each]


def pinned(at: Office, email: str) -> str:
    """The body of the note that is pinned to a contact."""
    note_id = at.contact(email)["hs_pinned_engagement_id"]
    body = at.records("notes")[note_id]["properties"]["hs_note_body"]
    assert isinstance(body, str)
    return body


# The fewest calls


def test_a_hundred_events_of_unknown_records_are_three_calls(at: Office) -> None:
    events = at.accept(*(visit(n) for n in range(100)))
    done = at.turn()
    assert {at.state(event) for event in events} == {EventState.DONE}
    assert done.calls == 3
    assert sorted(writes(at.calls())) == [
        f"POST {CONTACTS}/batch/update",
        f"POST {CONTACTS}/batch/upsert",
        "POST /crm/v3/objects/notes/batch/create",
    ]
    assert len(at.records("contacts")) == len(at.bodies()) == 100
    assert all(pinned(at, f"c{n}@x.example") == f"visit v{n}" for n in range(0, 100, 9))


def test_a_hundred_events_of_known_records_are_two_calls(at: Office) -> None:
    at.accept(*(visit(n) for n in range(100)))
    at.work_off()
    at.calls()
    later(at, 60)
    at.accept(*(visit(n + 100, email=f"c{n}@x.example", firstname="new") for n in range(100)))
    assert at.turn().calls == 2
    assert sorted(writes(at.calls())) == [
        f"POST {CONTACTS}/batch/update",
        "POST /crm/v3/objects/notes/batch/create",
    ]
    assert pinned(at, "c7@x.example") == "visit v107"
    assert at.contact("c7@x.example")["firstname"] == "new"


def test_a_large_turn_goes_in_parts_that_cost_no_further_call(at: Office) -> None:
    events = at.accept(*(visit(n) for n in range(1_200)))
    made = at.turn(limit=1_600)
    assert {made.verdicts[event.id].state for event in events} == {EventState.DONE}
    assert len(writes(at.calls())) == 36
    assert len(at.bodies()) == 1_200
    later(at, 1)
    at.accept(*(visit(n + 1_200, email=f"c{n}@x.example") for n in range(1_200)))
    at.work_off(limit=1_600)
    assert pinned(at, "c7@x.example") == "visit v1207"


def test_what_was_done_is_not_done_again(at: Office) -> None:
    at.accept(visit(1))
    at.work_off()
    at.calls()
    at.accept(visit(1))
    at.work_off()
    assert at.calls() == []


# One bad event harms itself only


@pytest.mark.parametrize("multi_status", ["all", "create_only"])
@pytest.mark.parametrize("known", [False, True], ids=["unknown", "known"])
def test_one_bad_event_in_a_hundred_harms_itself_only(
    redis_url: str, tmp_path: Path, multi_status: str, *, known: bool
) -> None:
    switches = STRICT.changed(multi_status=multi_status)
    with office(redis_url, tmp_path, switches=switches) as at:
        if known:
            at.accept(*(saved(n, f"c{n}@x.example") for n in range(100)))
            at.work_off()
        bodies = [visit(n, stage="nonsense" if n == 41 else "customer") for n in range(100)]
        events = at.accept(*bodies)
        at.work_off()
        assert [e.source_id for e in events if at.state(e) is not EventState.DONE] == ["v41"]
        dead = at.standing(events[41])
        assert dead.state is EventState.DEAD
        assert "shop.yaml:" in dead.reason
        assert "nonsense" in dead.reason
        for n in (0, 40, 42, 99):
            assert at.contact(f"c{n}@x.example")["lifecyclestage"] == "customer"
            assert pinned(at, f"c{n}@x.example") == f"visit v{n}"
        assert len([b for b in at.bodies() if b != "visit v41"]) == 99


def test_a_bad_value_does_not_take_others_of_the_same_record_along(at: Office) -> None:
    good, bad, last = at.accept(
        saved(1, "a@x.example", firstname="Anne"),
        saved(2, "a@x.example", stage="nonsense"),
        saved(3, "a@x.example", lastname="Bell"),
    )
    at.work_off()
    assert [at.state(e) for e in (good, bad, last)] == [
        EventState.DONE,
        EventState.DEAD,
        EventState.DONE,
    ]
    contact = at.contact("a@x.example")
    assert (contact["firstname"], contact["lastname"]) == ("Anne", "Bell")


def test_a_dead_event_can_be_replayed_once_its_cause_is_gone(at: Office) -> None:
    at.fault("status", "/batch/upsert", status=400)
    event = at.accept(visit(1))[0]
    at.work_off()
    assert at.state(event) is EventState.DEAD
    assert at.store.replay(event.id, state=EventState.DEAD, now=at.now)
    at.work_off()
    assert at.state(event) is EventState.DONE
    assert at.bodies() == ["visit v1"]


def test_an_event_that_asks_for_nothing_is_ignored_with_the_reason(at: Office) -> None:
    event = at.accept({"id": "x1", "type": "unheard_of"})[0]
    at.turn()
    assert at.state(event) is EventState.IGNORED
    assert "unheard_of" in at.standing(event).reason
    assert at.calls() == []


def test_an_event_of_an_endpoint_that_is_not_configured_waits(at: Office) -> None:
    event = at.accept(visit(1))[0]
    here = dict(at.writer.sources)
    object.__setattr__(at.writer, "sources", {})
    at.turn()
    assert at.state(event) is EventState.RETRYING
    assert ENDPOINT in at.standing(event).reason
    object.__setattr__(at.writer, "sources", here)
    at.work_off()
    assert at.state(event) is EventState.DONE


# Answers that are lost


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("path", ["/batch/upsert", "/notes/batch/create", "/batch/update"])
@pytest.mark.parametrize("kind", ["lost", "cut"])
def test_an_answer_lost_after_the_write_doubles_nothing(
    at: Office, kind: str, path: str, times: int
) -> None:
    at.fault(kind, path, times=times)
    events = at.accept(*(visit(n) for n in range(5)))
    at.work_off()
    assert {at.state(event) for event in events} == {EventState.DONE}
    assert at.bodies() == [f"visit v{n}" for n in range(5)]
    assert all(pinned(at, f"c{n}@x.example") == f"visit v{n}" for n in range(5))


@pytest.mark.parametrize("kind", ["lost", "cut"])
def test_a_deal_whose_answer_was_lost_is_one_deal(at: Office, kind: str) -> None:
    at.fault(kind, "/deals/batch", times=2)
    at.fault(kind, "/associations/", times=2)
    event = at.accept({"id": "b1", "type": "bought", "email": "a@x.example"})[0]
    at.work_off()
    assert at.state(event) is EventState.DONE
    deals = at.records("deals")
    assert [each["properties"]["dealname"] for each in deals.values()] == ["deal b1"]
    assert [len(each["associations"]) for each in deals.values()] == [1]


def test_a_turn_that_died_before_settling_is_repeated_without_a_trace(at: Office) -> None:
    events = at.accept(*(visit(n) for n in range(3)))
    standing = at.store.standings(events)
    assert standing == {}

    turn_without_settling(at)
    assert at.store.standings(events) == {}
    at.work_off()
    assert {at.state(event) for event in events} == {EventState.DONE}
    assert at.bodies() == ["visit v0", "visit v1", "visit v2"]


# A portal that was not provisioned


def test_without_our_property_a_note_is_still_made_once(bare: Office) -> None:
    bare.fault("lost", "/notes/batch/create")
    events = bare.accept(*(visit(n, email="a@x.example") for n in range(3)))
    bare.work_off()
    assert {bare.state(event) for event in events} == {EventState.DONE}
    assert bare.bodies() == ["visit v0", "visit v1", "visit v2"]
    assert any("/associations/" in call for call in bare.calls())  # it was looked for there


def test_without_our_property_a_note_that_never_arrived_is_made(bare: Office) -> None:
    bare.fault("status", "/notes/batch/create", status=502)
    event = bare.accept(visit(1))[0]
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    assert bare.bodies() == ["visit v1"]


def test_a_deal_that_cannot_be_looked_for_is_unknown_and_not_sent_again(bare: Office) -> None:
    bare.fault("lost", "/deals/batch/create")
    event = bare.accept({"id": "b1", "type": "bought", "email": "a@x.example"})[0]
    bare.work_off()
    assert bare.state(event) is EventState.UNKNOWN
    assert "its answer lost" in bare.standing(event).reason
    assert len(bare.records("deals")) == 1
    bare.store.replay(event.id, state=EventState.UNKNOWN, now=bare.now)
    bare.work_off()
    assert bare.state(event) is EventState.UNKNOWN
    assert len(bare.records("deals")) == 1


def test_a_turn_that_died_after_a_create_makes_no_second_deal(bare: Office) -> None:

    event = bare.accept({"id": "b1", "type": "bought", "email": "a@x.example"})[0]
    turn_without_settling(bare)
    bare.work_off()
    assert bare.state(event) is EventState.DONE
    assert len(bare.records("deals")) == 1


# Companies by domain, which the CRM does not keep apart


@pytest.mark.parametrize("lost", ["", "/companies/batch", "/companies/search", "/associations/"])
def test_colleagues_share_one_company(at: Office, lost: str) -> None:
    if lost:
        at.fault("lost", lost)
    events = at.accept(
        *(
            {
                "id": f"j{n}",
                "type": "joined",
                "email": f"c{n}@x.example",
                "domain": ("x.example", "X.example ", "y.example")[n % 3],
                "company": f"Company {n}",
            }
            for n in range(6)
        )
    )
    at.work_off()
    assert {at.state(event) for event in events} == {EventState.DONE}
    companies = {each["properties"]["domain"]: each for each in at.records("companies").values()}
    assert len(at.records("companies")) == 2
    assert companies["x.example"]["properties"]["name"] == "Company 4"
    assert len(companies["x.example"]["associations"]) == 4
    assert len(companies["y.example"]["associations"]) == 2


def test_a_company_that_is_there_is_found_and_the_oldest_taken(at: Office) -> None:
    made = [
        at.crm("POST", "/crm/v3/objects/companies", {"properties": {"domain": "x.example"}})["id"]
        for _ in range(2)
    ]
    at.accept(
        {
            "id": "j1",
            "type": "joined",
            "email": "a@x.example",
            "domain": "x.example",
            "company": "Acme",
        }
    )
    at.work_off()
    companies = at.records("companies")
    assert companies.keys() == set(made)
    assert companies[made[0]]["properties"]["name"] == "Acme"


def test_two_companies_with_one_domain_are_left_alone_if_so_configured(at: Office) -> None:
    made = [
        at.crm("POST", "/crm/v3/objects/companies", {"properties": {"domain": "x.example"}})["id"]
        for _ in range(2)
    ]
    at.writer = replace(at.writer, one_of_a_kind=True)
    joined = {"type": "joined", "email": "a@x.example", "company": "Acme"}
    event, other = at.accept(
        {**joined, "id": "j1", "domain": "x.example"}, {**joined, "id": "j2", "domain": "y.example"}
    )
    at.work_off()
    assert at.state(event) is EventState.DEAD
    assert f"2 records of companies have this domain ({made[0]}, {made[1]}); merge" in (
        at.standing(event).reason
    )
    assert at.state(other) is EventState.DONE
    assert not any(
        each["properties"].get("name") for each in map(at.records("companies").get, made) if each
    )
    at.crm(
        "POST",
        "/crm/v3/objects/companies/merge",
        {"primaryObjectId": made[0], "objectIdToMerge": made[1]},
    )
    at.store.replay(event.id, state=EventState.DEAD, now=at.now)
    at.work_off()
    assert at.state(event) is EventState.DONE


# What the CRM says


def test_a_429_pauses_the_portal_until_it_said(at: Office) -> None:
    at.fault("status", "/batch/upsert", status=429, retry_after_s=7)
    event = at.accept(visit(1))[0]
    began = at.now
    done = at.turn()
    assert done.pause_s == 7
    standing = at.standing(event)
    assert standing.state is EventState.RETRYING
    assert standing.due is not None
    assert (standing.due - began).total_seconds() >= 7
    at.calls()
    assert at.turn().events == ()
    assert at.calls() == []
    at.work_off()
    assert at.state(event) is EventState.DONE


@pytest.mark.parametrize(
    ("status", "told_s", "least_s"), [(423, None, 2), (477, 30, 30), (500, None, 0), (503, 5, 5)]
)
@pytest.mark.parametrize("path", ["/batch/upsert", "/notes/batch/create", "/batch/update"])
def test_a_passing_fault_is_waited_out(
    at: Office, path: str, status: int, told_s: float | None, least_s: float
) -> None:
    at.fault("status", path, status=status, retry_after_s=told_s)
    event = at.accept(visit(1))[0]
    began = at.now
    at.turn()
    standing = at.standing(event)
    assert standing.state is EventState.RETRYING
    assert standing.due is not None
    assert (standing.due - began).total_seconds() >= least_s
    at.work_off()
    assert at.state(event) is EventState.DONE
    assert at.bodies() == ["visit v1"]
    assert pinned(at, "c1@x.example") == "visit v1"


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "status", "status": 429, "retry_after_s": 3},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 403},
        {"kind": "lost"},
    ],
    ids=str,
)
def test_a_fault_while_the_schema_is_asked_for_kills_no_event(
    at: Office, rule: dict[str, object]
) -> None:
    at.fault(path="/properties/", **rule)  # type: ignore[arg-type]
    events = at.accept(visit(1), visit(2))
    at.turn()
    assert {at.state(event) for event in events} == {EventState.RETRYING}
    at.work_off()
    assert {at.state(event) for event in events} == {EventState.DONE}
    assert at.bodies() == ["visit v1", "visit v2"]


def test_labels_that_we_may_not_read_keep_nobody_else_waiting(at: Office) -> None:
    at.fault("status", "/associations/contacts/companies/labels", status=403)
    hired = {"id": "h1", "type": "hired", "email": "a@x.example", "domain": "x.example"}
    waits, goes = at.accept(hired, visit(1))
    at.turn()
    assert at.state(waits) is EventState.RETRYING
    assert (
        "may not read the association labels of contacts → companies" in at.standing(waits).reason
    )
    assert at.state(goes) is EventState.DONE
    at.work_off()  # may read them now, and the label is not there
    assert at.state(waits) is EventState.DEAD
    assert "no association label 'Founder'" in at.standing(waits).reason


def test_a_label_that_the_portal_does_not_have_is_asked_for_once(at: Office) -> None:
    for number in (1, 2):
        hired = {"id": f"h{number}", "type": "hired", "email": "a@x.example", "domain": "x.example"}
        event = at.accept(hired)[0]
        at.work_off()
        assert at.state(event) is EventState.DEAD
    assert sum("/labels" in call for call in at.calls()) == 1


def test_a_portal_that_is_down_for_days_gives_a_dead_letter_with_the_last_reason(
    at: Office,
) -> None:
    at.fault("status", "/batch/upsert", status=500, times=0)
    event = at.accept(visit(1))[0]
    at.turn()
    later(at, 3 * 86_400)
    at.work_off()
    standing = at.standing(event)
    assert standing.state is EventState.DEAD
    assert "given up after 3 days" in standing.reason
    assert "500" in standing.reason


# Records that change behind our back


def test_a_deleted_contact_is_made_anew(at: Office) -> None:
    at.accept(visit(1, email="a@x.example"))
    at.work_off()
    (gone,) = at.records("contacts")
    at.crm("DELETE", f"{CONTACTS}/{gone}")
    event = at.accept(visit(2, email="a@x.example"))[0]
    at.work_off()
    assert at.state(event) is EventState.DONE
    assert at.records("contacts").keys() != {gone}
    assert pinned(at, "a@x.example") == "visit v2"


@pytest.mark.parametrize("merge_id", ["new", "preserve"])
def test_a_merged_contact_is_written_where_it_went(
    redis_url: str, tmp_path: Path, merge_id: str
) -> None:
    with office(redis_url, tmp_path, switches=STRICT.changed(merge_id=merge_id)) as at:
        at.accept(saved(1, "a@x.example"), saved(2, "b@x.example"))
        at.work_off()
        ids = {each["properties"]["email"]: id for id, each in at.records("contacts").items()}
        at.crm(
            "POST",
            f"{CONTACTS}/merge",
            {"primaryObjectId": ids["a@x.example"], "objectIdToMerge": ids["b@x.example"]},
        )
        events = at.accept(
            visit(3, email="a@x.example", firstname="Anne"),
            visit(4, email="b@x.example", stage="customer"),
        )
        at.work_off()
        assert {at.state(event) for event in events} == {EventState.DONE}
        assert len(at.records("contacts")) == 1
        contact = at.contact("a@x.example")
        assert contact["lifecyclestage"] == "customer"
        assert at.bodies() == ["visit v3", "visit v4"]


def test_a_note_that_was_deleted_is_not_made_again(at: Office) -> None:
    at.accept(visit(1))
    at.work_off()
    (note,) = at.records("notes")
    at.crm("DELETE", f"/crm/v3/objects/notes/{note}")
    at.accept(visit(1))
    at.work_off()
    assert at.bodies() == []


# What can be read afterwards


def test_every_step_says_what_became_of_it_and_by_which_calls(at: Office) -> None:
    event = at.accept(visit(1))[0]
    at.work_off()
    outcomes = at.standing(event).outcomes
    assert [o.step for o in outcomes] == ["contact", "note", "pin note to contact"]
    assert {o.state for o in outcomes} == {State.APPLIED}
    for outcome in outcomes:
        assert "shop.yaml:" in outcome.where
        assert outcome.record
        for call_id in outcome.calls:
            call = at.store.call(PORTAL, call_id)
            assert call is not None
            assert call["status"] in (200, 201)
