from tests.workers.plan.model import event
from tests.workers.plan.test_plan import contact, note, pin
from workers.changes import Change
from workers.differences import Difference, asked, differences


def test_the_newest_value_counts_whatever_the_order_of_the_events() -> None:
    older = (event(1, at=1), [contact("a@x.example", firstname="old")])
    newer = (event(2, at=2), [contact("A@x.example", firstname="new")])
    expected = {"contacts email=a@x.example": {"email": "A@x.example", "firstname": "new"}}
    assert asked([older, newer]) == asked([newer, older]) == expected


def test_a_changed_mapping_is_told_property_by_property() -> None:
    before = asked([(event(1), [contact("a@x.example", firstname="A", phone="1")])])
    after = asked([(event(1), [contact("a@x.example", firstname="B", lastname="L")])])
    record = "contacts email=a@x.example"
    assert differences(before, after) == [
        Difference(record=record, property="firstname", before="A", after="B"),
        Difference(record=record, property="lastname", before=None, after="L"),
        Difference(record=record, property="phone", before="1", after=None),
    ]


def test_a_note_that_would_no_longer_be_made_is_told_with_its_pin() -> None:
    person = contact("a@x.example")
    changes: list[Change] = [person, note("hello"), pin()]
    before = asked([(event(1), changes)])
    after = asked([(event(1), [person])])
    gone = {(d.record, d.property) for d in differences(before, after)}
    assert ("notes made by evt_0001 note", "hs_note_body") in gone
    assert ("contacts email=a@x.example", "hs_pinned_engagement_id") in gone


def test_the_same_mapping_makes_no_difference() -> None:
    changes: list[Change] = [contact("a@x.example", firstname="A"), note(), pin()]
    work = [(event(1), changes)]
    assert differences(asked(work), asked(work)) == []
